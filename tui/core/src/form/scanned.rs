//! A card that was scanned while a form was open: its number is no part of a name or an address.

use shared::{FieldError, FieldErrors, Mrn};

use super::{
    Form,
    accepts::Accepts,
    field::{Field, Input},
};

impl Form {
    /// Refuses the fields into which a medical record number was typed. A code of another system may look
    /// like one, and what is written on several lines may tell of one.
    pub fn find_scanned(&self, errors: &mut FieldErrors) {
        let lines = self.fields.iter().filter(|field| {
            let is_code = matches!(field.accepts, Accepts::Code(_) | Accepts::Identifiers);
            matches!(field.input, Input::Text(_)) && !field.is_multiline() && !is_code
        });
        for (field, number) in lines.filter_map(|field| Some((field, typed_number(field)?))) {
            if !errors.concern(field.name) {
                let said = format!("holds the medical record number {number}: remove it");
                errors.add(field.name, FieldError::new("scanned", said));
            }
        }
    }
}

/// The first medical record number in a field that was not there before.
fn typed_number(field: &Field) -> Option<&str> {
    let before: Vec<&str> = numbers(field.opening()).collect();
    numbers(field.value()).find(|number| !before.contains(number))
}

/// The medical record numbers in a text, as cards have them.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().filter(|(_, letter)| matches!(letter, 'P' | 'p'));
    starts.filter_map(|(at, _)| {
        let rest = text.get(at..)?;
        let digits = rest.chars().skip(1).take_while(char::is_ascii_digit).count();
        rest.get(..digits + 2).filter(|number| Mrn::parse(number).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn a_whole_number_is_found_anywhere_in_a_text() {
        for (text, found) in [
            ("P000340V", vec!["P000340V"]),
            ("ŁucjaP000340V", vec!["P000340V"]),
            ("p000340vŁucja", vec!["p000340v"]),
            ("PiaP000340V P000009K", vec!["P000340V", "P000009K"]),
            ("P000340W", vec![]),
            ("P00340V", vec![]),
            ("P000340Ł", vec![]),
            ("Pia", vec![]),
            ("P", vec![]),
        ] {
            assert_eq!(numbers(text).collect::<Vec<_>>(), found, "{text}");
        }
    }
}
