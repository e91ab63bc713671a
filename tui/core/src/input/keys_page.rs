//! KEYS.md: the table of keys as a page.

use std::fmt::Write as _;

use super::{action::Context, keymap::labels, table::TABLE};

/// The page, generated from the table.
pub fn keys_markdown() -> String {
    let mut page = String::from(
        "# Keys\n\nGenerated from the table in `src/input/table.rs`; a test compares the two. No \
         action is on a\nprinted character: typing finds, on every screen. `Ctrl-P` finds every action by its name.\n",
    );
    for context in Context::ALL {
        let _ =
            write!(page, "\n## {}\n\n| keys | what | |\n| --- | --- | --- |\n", context.title());
        for entry in TABLE {
            for (_, chords) in entry.keys.iter().filter(|(place, _)| place == context) {
                let keys = match labels(chords) {
                    keys if keys.is_empty() => "in the palette".to_owned(),
                    keys => format!("`{}`", keys.replace(' ', "` `").replace('|', "\\|")),
                };
                let _ = writeln!(page, "| {keys} | {} | {} |", entry.label, entry.help);
            }
        }
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_the_repository_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/KEYS.md");
        let page = super::keys_markdown();
        if option_env!("UPDATE_KEYS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == page, "run the tests once with UPDATE_KEYS=1");
    }
}
