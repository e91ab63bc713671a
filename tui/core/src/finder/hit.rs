//! A record that the find box has found.

use ratatui_core::layout::Rect;
use serde_json::Value;
use shared::{
    lookup::{Found, FoundRecord},
    matched::{MatchedPart, Why},
};

use crate::{
    paint::Painter,
    resource::{Record, fitting},
    text::{display, width},
};

/// A text in pieces, each with whether it matches what was typed. All of it is safe to be drawn.
type Marked = Vec<(String, bool)>;

/// A record that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The record, as a list has it.
    pub record: Record,
    name: Marked,
    /// What stands behind the name, such as a death, from the longest form to the shortest.
    notes: Vec<String>,
    /// What tells it from others of the same name.
    about: String,
    /// The member that matches, where it is not the name.
    reason: Marked,
}

impl Hit {
    /// Takes a result of the server.
    pub(super) fn new(found: Found) -> Self {
        let Found { why, matched, record, .. } = found;
        let (record, values): (Record, _) = match record {
            FoundRecord::Patient(patient) => {
                let values = serde_json::to_value(&patient);
                (Record::Patient(patient), values)
            }
            FoundRecord::Doctor(doctor) => {
                let values = serde_json::to_value(&doctor);
                (Record::Doctor(doctor), values)
            }
        };
        let values = values.unwrap_or_default();
        let parts = matched.unwrap_or_default();
        let name = marked(text(&values, "full_name").unwrap_or_default(), "full_name", &parts);
        let notes = notes(&record);
        Self { name, notes, about: record.about(), reason: reason(why, &values, &parts), record }
    }

    /// Draws it in one line.
    pub(super) fn draw(
        &self,
        place: Rect,
        painter: &mut Painter<'_>,
        is_selected: bool,
        is_outdated: bool,
    ) {
        let theme = *painter.theme;
        let style = match (is_selected, is_outdated) {
            (true, _) => theme.selected,
            (false, true) => theme.dim,
            (false, false) => theme.text,
        };
        if is_selected {
            let line = Rect { x: place.x.saturating_sub(1), width: place.width + 2, ..place };
            painter.style(line, style);
            painter.text(line.x, place.y, 1, "›", style);
            painter.place_cursor(place.x, place.y);
        }
        let about = width(&self.about).min((place.width * 2 / 3).saturating_sub(2));
        let reason: u16 = self.reason.iter().map(|(piece, _)| width(piece)).sum();
        let reason = if place.width >= 60 { reason.min(place.width / 3) } else { 0 };
        let gap = |columns: u16| if columns > 0 { columns + 2 } else { 0 };
        let name = place.width.saturating_sub(gap(about)).saturating_sub(gap(reason));
        let draw = |painter: &mut Painter<'_>, x, columns, pieces: &Marked| {
            let styled: Vec<_> = pieces
                .iter()
                .map(|(piece, is_match)| {
                    (piece.as_str(), if *is_match { theme.matched(style) } else { style })
                })
                .collect();
            painter.pieces(x, place.y, columns, &styled)
        };
        let note =
            fitting(&self.notes, self.name.iter().map(|(piece, _)| width(piece)).sum(), name);
        let room = name.saturating_sub(note.map_or(0, |note| width(note) + 1));
        let used = draw(painter, place.x, room, &self.name);
        if let Some(note) = note {
            painter.text(place.x + used + 1, place.y, name.saturating_sub(used + 1), note, style);
        }
        let x = place.x + name + 2;
        painter.text(x, place.y, about, &self.about, style);
        draw(painter, place.right().saturating_sub(reason), reason, &self.reason);
    }
}

/// What stands behind a name in the find box: what its row in a list has, and that it is archived.
fn notes(record: &Record) -> Vec<String> {
    let own = record.notes();
    if record.archived().is_none() {
        return own;
    }
    let both = own.iter().map(|note| format!("{note}, archived"));
    both.chain(["archived".to_owned()]).collect()
}

/// The member of a record: `phone_number`, `identifiers[0].value`.
fn text<'a>(values: &'a Value, field: &str) -> Option<&'a str> {
    let path = format!("/{}", field.replace('[', "/").replace(']', "").replace('.', "/"));
    values.pointer(&path).and_then(Value::as_str)
}

/// The value of a member in pieces.
fn marked(value: &str, field: &str, parts: &[MatchedPart]) -> Marked {
    let mut pieces: Marked = Vec::new();
    let place = |at: i64| usize::try_from(at).unwrap_or_default();
    let own: Vec<_> = parts.iter().filter(|part| part.field == field).collect();
    for (at, letter) in value.chars().enumerate() {
        let is_match = own.iter().any(|part| (place(part.from)..place(part.to)).contains(&at));
        match pieces.last_mut() {
            Some((piece, before)) if *before == is_match => piece.push(letter),
            _ => pieces.push((letter.to_string(), is_match)),
        }
    }
    pieces.into_iter().map(|(piece, is_match)| (display(&piece).into_owned(), is_match)).collect()
}

/// The member that matches and is not drawn already.
fn reason(why: Why, values: &Value, parts: &[MatchedPart]) -> Marked {
    let is_of_former_number = |part: &MatchedPart| part.field.starts_with("former_mrns[");
    let label = match why {
        Why::Mrn if parts.iter().any(is_of_former_number) => "formerly ",
        Why::Name | Why::Recent | Why::Mrn | Why::DateOfBirth | Why::Specialization => {
            return Vec::new();
        }
        Why::FormerName => "formerly ",
        Why::Similar => return vec![("similar".to_owned(), false)],
        Why::Id => "id ",
        Why::Email => "",
        Why::Phone => "phone ",
        Why::Identifier => "identifier ",
        Why::License => "licence ",
        Why::Clinic => "clinic ",
        Why::City => "city ",
    };
    let of_why = |part: &&MatchedPart| {
        let field = part.field.as_str();
        match why {
            Why::Email => field == "email",
            Why::Phone => field == "phone_number",
            Why::Identifier => field.starts_with("identifiers["),
            Why::License => field == "license_number",
            Why::Clinic => field == "clinic_name",
            Why::City => field == "city",
            Why::FormerName => field == "former_name",
            Why::Mrn => is_of_former_number(part),
            _ => false,
        }
    };
    let field = parts.iter().find(of_why).map(|part| part.field.clone());
    let value = field.as_deref().and_then(|field| text(values, field)).unwrap_or_default();
    let mut pieces = vec![(label.to_owned(), false)];
    pieces.extend(marked(value, field.as_deref().unwrap_or_default(), parts));
    if why == Why::Id {
        pieces.push((values.get("id").map(ToString::to_string).unwrap_or_default(), true));
    }
    pieces
}
