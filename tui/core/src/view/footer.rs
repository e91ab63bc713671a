//! The footer: the keys that matter here, the most important first, and help at the right.

use ratatui_core::layout::Rect;

use crate::{
    app::App,
    input::{
        action::Action,
        chord::Chord,
        keymap::{chords_of, entries},
        table::Entry,
    },
    paint::Painter,
    text::width,
};

/// Draws the keys of the present contexts, with the key for help at the right.
pub(super) fn draw(app: &App, place: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let contexts = app.contexts();
    let help = Entry::of(Action::Help)
        .filter(|entry| app.is_available(entry.action))
        .and_then(|entry| chords_of(entry, &contexts).first().copied());
    let end = match help.map(Chord::label) {
        Some(help) => {
            let pinned = width(&help) + 5;
            let x = place.right().saturating_sub(pinned + 1);
            painter.text(x, place.y, pinned, &help, theme.key);
            painter.text_right(place.right().saturating_sub(1), place.y, 4, "help", theme.dim);
            place.right().saturating_sub(pinned + 3)
        }
        None => place.right().saturating_sub(1),
    };
    let mut hints: Vec<&Entry> =
        entries(&contexts).filter(|entry| entry.rank > 0 && app.is_hinted(entry.action)).collect();
    hints.sort_by_key(|entry| std::cmp::Reverse(entry.rank));
    let mut x = place.x + 1;
    let mut said = Vec::new();
    for entry in hints {
        let Some(chord) = chords_of(entry, &contexts).first().copied() else { continue };
        let key = chord.label();
        let word = app.label_here(entry);
        if said.contains(&word) {
            continue;
        }
        let wide = width(&key) + 1 + width(word);
        if x.saturating_add(wide) > end {
            continue;
        }
        said.push(word);
        let pieces = [(key.as_str(), theme.key), (" ", theme.dim), (word, theme.text)];
        x = x.saturating_add(painter.pieces(x, place.y, wide, &pieces)).saturating_add(2);
    }
}
