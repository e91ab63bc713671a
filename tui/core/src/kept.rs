//! Reasons that were typed beside a question and not written yet, and that an arrival is urgent. They are
//! there again when the same is asked about the same record. They are kept in memory only, for the user who
//! typed them.

use std::collections::HashMap;

/// What a reason is about: a question about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The question.
    pub question: &'static str,
    /// The kind of the record, by its path in the API.
    pub kind: &'static str,
    /// The id of the record; of several the first one's.
    pub id: i64,
    /// Whether the question is about several records.
    pub is_of_several: bool,
}

/// The reasons that are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept(HashMap<Subject, String>);

impl Kept {
    /// The reason that was typed for this; empty where there is none.
    pub fn get(&self, about: Subject) -> &str {
        self.0.get(&about).map_or("", String::as_str)
    }

    /// Keeps a reason. An empty one takes the kept one away.
    pub fn put(&mut self, about: Subject, reason: String) {
        if reason.trim().is_empty() {
            self.0.remove(&about);
        } else {
            self.0.insert(about, reason);
        }
    }

    /// Takes away what was typed beside these questions about a record, once it has been written.
    pub fn take_away(&mut self, questions: &[&str], kind: &str, id: i64) {
        let is_written = |about: &Subject| {
            questions.contains(&about.question) && (about.kind, about.id) == (kind, id)
        };
        self.0.retain(|about, _| !is_written(about));
    }
}
