//! The reason that is typed beside a question or an arrival.

use shared::{
    Mrn,
    rules::REASON_MAX,
    text::{Lines, clean},
};

use crate::{form::Form, input::keymap::with_keys};

/// The field in which a reason is typed.
const FIELD: &str = "reason";

/// Said of a reason into which the card of another patient was scanned.
const SCANNED: &str = "ends with a medical record number: {Back} leaves this, then scan again";

/// The reason that was typed, if one was. `None` where it can't be accepted: its field says why.
pub fn accepted(form: &mut Form) -> Option<Option<String>> {
    let typed = form.value(FIELD);
    let reason = match before_mrn(typed) {
        Some(_) => Err(with_keys(SCANNED)),
        None => clean(typed, Lines::One, REASON_MAX).map_err(|error| error.message),
    };
    match reason {
        Ok(reason) => Some(Some(reason).filter(|reason| !reason.is_empty())),
        Err(why) => {
            if let Some(field) = form.field_mut(FIELD) {
                field.refused = Some(why);
            }
            None
        }
    }
}

/// What is kept of a typed reason: numbers that were scanned belong to other patients.
pub fn kept(form: &Form) -> String {
    let mut typed = form.value(FIELD);
    while let Some(before) = before_mrn(typed) {
        typed = before;
    }
    typed.to_owned()
}

/// The text before the medical record number at its end. None where it ends with none.
fn before_mrn(text: &str) -> Option<&str> {
    let starts = text.char_indices().filter(|(_, letter)| matches!(letter, 'P' | 'p'));
    let mut parts = starts.filter_map(|(at, _)| text.split_at_checked(at));
    parts.find(|(_, number)| Mrn::parse(number).is_ok()).map(|(before, _)| before.trim_end())
}

#[cfg(test)]
mod tests {
    use super::before_mrn;

    #[test]
    fn a_number_at_the_end_is_found_in_any_spelling() {
        for (text, before) in [
            ("P000340V", Some("")),
            ("cough P000340V ", Some("cough")),
            ("coughP000340V", Some("cough")),
            ("pain p-000 340 v", Some("pain")),
            ("P000340W", None),
            ("P000340V cough", None),
            ("pain", None),
            ("", None),
        ] {
            assert_eq!(before_mrn(text), before, "{text}");
        }
    }
}
