//! The question about a registration that was refused since the person is likely to be registered already.

use serde_json::Value;
use shared::Problem;

use super::{Answer, State, ask};
use crate::{
    form::{Form, field::Field},
    intent::{Leave, Route},
    layers::Intent,
    resource::RecordKind,
    text::display,
};

/// The number of candidates who can be shown and used from the question.
const SHOWN: usize = 3;

/// The refusal of a new record of a kind that is likely here already, with the candidates. `typed` is the form
/// that was refused.
pub fn duplicates(kind: RecordKind, problem: &Problem, typed: &Form) -> Option<State> {
    let candidates = problem.extra.get("duplicates")?.as_array()?;
    let found: Vec<_> = candidates.iter().filter_map(|it| Candidate::read(kind, it)).collect();
    found.first()?;
    let lines: Vec<_> = found.iter().map(|it| it.words.as_str()).collect();
    let words = format!("{}\nNothing was saved. The form stays below.", lines.join("\n"));
    let is_one = found.len() == 1;
    let mut state = ask("Likely registered already", words, "Keep editing");
    for candidate in found.iter().take(SHOWN) {
        let Some(id) = candidate.id else { continue };
        let name = &candidate.name;
        let route =
            |to_edit| Route::Record { kind, id, name: name.clone(), is_archived: false, to_edit };
        let values = typed.fields.iter().map(|field| (field.name, field.value().to_owned()));
        let carried = Some(values.collect());
        let use_it = vec![Intent::LeaveNow(Leave::Back), Intent::Go(route(carried))];
        let [show, take] = match (is_one, &candidate.number) {
            (true, _) => ["Show the record".to_owned(), "Use it, with what I typed".to_owned()],
            (false, Some(number)) => {
                [format!("Show {number}"), format!("Use {number}, with what I typed")]
            }
            (false, None) => [format!("Show {name}"), format!("Use {name}, with what I typed")],
        };
        state = state.or(show, vec![Intent::Go(route(None))]).or(take, use_it);
    }
    let ids: Vec<_> = found.iter().filter_map(|it| it.id).collect();
    if ids.len() == found.len() {
        let reason =
            Field::text("reason", "Reason", "").hint("why this is somebody else, if you like");
        state.form = Form::new(vec![reason]);
        state.offer("Register somebody else", Answer::SomebodyElse(ids));
    }
    Some(state)
}

/// A record that is likely to be the same.
struct Candidate {
    id: Option<i64>,
    name: String,
    /// The medical record number.
    number: Option<String>,
    /// Its name, what tells it from others, and what agrees.
    words: String,
}

impl Candidate {
    fn read(kind: RecordKind, candidate: &Value) -> Option<Self> {
        let record = candidate.get(kind.table().words.entity).unwrap_or(candidate);
        let text = |value: &Value| value.as_str().map(|text| display(text).into_owned());
        let part = |name: &str| record.get(name).and_then(text);
        let parts: Vec<_> =
            ["full_name", "date_of_birth", "mrn"].into_iter().filter_map(part).collect();
        let reasons = candidate.get("reasons").and_then(Value::as_array).into_iter().flatten();
        let reasons: Vec<_> =
            reasons.filter_map(text).map(|reason| reason.replace('_', " ")).collect();
        let agreed = match reasons.as_slice() {
            [] => String::new(),
            reasons => format!(" ({})", reasons.join(", ")),
        };
        let words = format!("{}{agreed}", parts.join(", "));
        let id = record.get("id").and_then(Value::as_i64);
        let (name, number) = (part("full_name").unwrap_or_default(), part("mrn"));
        (!parts.is_empty()).then_some(Self { id, name, number, words })
    }
}
