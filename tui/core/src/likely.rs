//! Patients who are likely to be the same person as the one who is typed into the form.

use serde_json::{Map, Value};
use shared::{
    likeness::Grade,
    patient::{PatientMatch, PatientMatches},
};

use crate::{
    api::{Call, Failure, Reply},
    effect::Lane,
    intent::Intent,
    resource::RecordKind,
    text::display,
};

/// The members by which people are compared.
const NAMES: [&str; 2] = ["first_name", "last_name"];
const OTHERS: [&str; 5] = ["date_of_birth", "age", "phone_number", "email", "identifiers"];

/// What was asked about the person in the form, and the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Likely {
    asked: Map<String, Value>,
    found: Vec<PatientMatch>,
}

impl Likely {
    /// Asks for patients like the one in these members of a request, if that was not asked yet. A name alone
    /// says too little.
    pub fn follow<L>(&mut self, kind: RecordKind, body: &Value) -> Option<Intent<L>> {
        let members = body.as_object().filter(|_| kind == RecordKind::Patient)?;
        let some = |names: &[&str]| {
            let given = names.iter().filter_map(|name| Some((*name, members.get(*name)?)));
            let given = given.filter(|(_, value)| !value.is_null());
            given.map(|(name, value)| (name.to_owned(), value.clone())).collect::<Map<_, _>>()
        };
        let (mut asked, others) = (some(&NAMES), some(&OTHERS));
        if asked.is_empty() || others.is_empty() {
            self.found.clear();
            return None;
        }
        asked.extend(others);
        if asked == self.asked {
            return None;
        }
        self.asked = asked.clone();
        Some(Intent::Read(Lane::Likely, Call::Match { body: Value::Object(asked) }))
    }

    /// Takes the answer. A failure is not worth a word: the server compares again when the form is saved.
    pub fn take(&mut self, answer: Result<Reply, Failure>) {
        match answer.and_then(Reply::matches) {
            Ok(PatientMatches { results }) => self.found = results,
            Err(_) => *self = Self::default(),
        }
    }

    /// Who may be the same person, in a line. None where that is nobody.
    pub fn words(&self) -> Option<String> {
        let first = self.found.first()?;
        let patient = &first.patient;
        let born = patient.date_of_birth.map(|born| format!(", {born}")).unwrap_or_default();
        let more = match self.found.len() {
            1 => String::new(),
            count => format!(", {} more", count - 1),
        };
        let name = display(&patient.full_name);
        Some(format!("! {} here: {name}{born}, {}{more}", certainty(first), patient.mrn))
    }
}

/// How likely a match is, as the beginning of a sentence.
fn certainty(found: &PatientMatch) -> &'static str {
    match found.grade {
        Grade::Certain => "Certainly",
        Grade::Probable => "Probably",
        Grade::Possible => "Possibly",
    }
}
