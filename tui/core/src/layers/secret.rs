//! A one-time code or a token, which the server shows once. It is on the screen and, if somebody wants
//! that, in the clipboard, and nowhere else.

use ratatui_core::layout::Rect;

use super::middle;
use crate::{
    input::{
        action::{Action, Context},
        keymap::with_keys,
    },
    intent::Event,
    layers::Intent,
    paint::Painter,
    resource::{RecordKind, Secret, SecretWords},
    text::{display, paragraphs},
    world::World,
};

/// What is said of a secret for which its kind has no words.
const UNNAMED: SecretWords = SecretWords { title: "Secret", usage: "" };

/// A secret with what it belongs to.
#[derive(Clone, PartialEq)]
pub struct State {
    kind: RecordKind,
    name: String,
    secret: Secret,
}

/// Begins with the kind and the name of the record to which the secret belongs.
pub fn init(kind: RecordKind, name: String, secret: Secret) -> State {
    State { kind, name, secret }
}

impl State {
    fn words(&self) -> &'static SecretWords {
        self.kind.table().words.secret.as_ref().unwrap_or(&UNNAMED)
    }
}

/// Copies the secret, or closes the layer.
pub fn update(state: &mut State, _: &World, event: Event) -> Vec<Intent> {
    match event {
        Event::Act(Action::Copy) => {
            Intent::copy(state.secret.reveal().to_owned(), state.words().title)
        }
        Event::Act(Action::Back) => vec![Intent::Close],
        Event::Act(_) | Event::Edited => Vec::new(),
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Copying, Context::Layer, Context::Global]
}

/// Draws the secret with its use.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let words = state.words();
    let columns = area.width.min(64);
    let inside = columns.saturating_sub(4);
    let until = state.secret.expires_at.map(|at| format!("Valid until {}. ", world.stamp(&at)));
    let until = until.unwrap_or_default();
    let notes = format!("{until}Shown only now. {}", with_keys(words.usage));
    let mut lines: Vec<_> =
        paragraphs(&state.name, inside).into_iter().map(|line| (line, theme.text)).collect();
    lines.push((String::new(), theme.text));
    let secret = paragraphs(&display(state.secret.reveal()), inside);
    lines.extend(secret.into_iter().map(|line| (line, theme.title)));
    lines.push((String::new(), theme.text));
    lines.extend(paragraphs(&notes, inside).into_iter().map(|line| (line, theme.text)));
    if lines.len() + 2 > usize::from(area.height) {
        lines.retain(|(line, _)| !line.is_empty());
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let place = painter.frame(middle(area, columns, height), words.title);
    for (y, (line, style)) in (place.y..place.bottom()).zip(&lines) {
        painter.text(place.x, y, place.width, line, *style);
    }
}
