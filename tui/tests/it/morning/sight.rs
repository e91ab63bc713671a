//! What somebody at a desk sees on the screen.

use std::cell::RefCell;

use vt100::Screen;

use super::clerk::Clerk;

impl Clerk {
    /// Waits until the screen shows a text.
    #[track_caller]
    pub(super) fn sees(&self, text: &str) {
        let what = format!("{text:?} at the desk of {}", self.name);
        self.program.wait(&what, |screen| screen.contents().contains(text));
    }

    /// Waits until one line of the screen has all of these words.
    #[track_caller]
    pub(super) fn sees_line(&self, words: &[&str]) {
        let what = format!("a line of {words:?} at the desk of {}", self.name);
        self.program.wait(&what, |screen| {
            let text = screen.contents();
            text.lines().any(|line| words.iter().all(|word| line.contains(word)))
        });
    }

    /// Waits until the screen shows one of these texts; answers which.
    #[track_caller]
    pub(super) fn sees_one_of(&self, texts: &[&str]) -> usize {
        self.reads(&format!("one of {texts:?}"), |screen| {
            let shown = screen.contents();
            texts.iter().position(|text| shown.contains(text))
        })
    }

    /// Waits until a number stands behind a word.
    #[track_caller]
    pub(super) fn sees_number(&self, word: &str, number: usize) {
        let number = number.to_string();
        self.reads(&format!("{number} behind {word:?}"), |screen| {
            let text = screen.contents();
            let behind =
                text.lines().find_map(|line| line.split(word).nth(1).map(str::to_owned))?;
            (behind.split_whitespace().next() == Some(number.as_str())).then_some(())
        });
    }

    /// Waits for something that is read from the screen. What is drawn half does not count.
    #[track_caller]
    pub(super) fn reads<T>(&self, what: &str, read: impl Fn(&Screen) -> Option<T>) -> T {
        let found = RefCell::new(None);
        self.program.wait(&format!("{what} at the desk of {}", self.name), |screen| {
            *found.borrow_mut() = read(screen);
            found.borrow().is_some()
        });
        found.into_inner().unwrap()
    }

    /// Waits until the screen no longer shows a text.
    #[track_caller]
    pub(super) fn sees_no(&self, text: &str) {
        let what = format!("{text:?} to go from the desk of {}", self.name);
        self.program.wait(&what, |screen| !screen.contents().contains(text));
    }

    /// Waits until the screen of this title is shown, or no longer is.
    #[track_caller]
    pub(super) fn is_at(&self, title: &str, is_there: bool) {
        let what = format!("{title:?} at the desk of {}: {is_there}", self.name);
        self.program.wait(&what, |screen| {
            let text = screen.contents();
            let header = text.lines().next().unwrap_or_default();
            // It stands behind the name of the program and the address, or where there is no room, alone.
            let is_it = header.starts_with(&format!(" {title} "));
            (is_it || header.contains(&format!(" · {title} "))) == is_there
        });
    }
}

/// The row with the mark.
pub(super) fn row(screen: &Screen) -> Option<String> {
    let text = screen.contents();
    text.lines().find(|line| line.starts_with('›')).map(ToOwned::to_owned)
}
