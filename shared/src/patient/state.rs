//! The stored values of a patient, and the rules for them as a whole.

use chrono::NaiveDate;

use super::{IDENTIFIERS_MAX, MergeFields, MergeSource, PatientFields, PatientInput};
use crate::{FieldError, FieldErrors, PartialDate, Patch, date::AGE_MAX};

/// The stored values of a patient that can be changed: the fields, and whether the date of birth
/// is an estimate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatientState {
    /// The values.
    pub fields: PatientFields,
    /// Whether the date of birth was estimated from an age.
    pub date_of_birth_estimated: bool,
}

impl PatientState {
    /// Applies an input to this state and checks the result as a whole.
    ///
    /// Fails with every rule that it breaks. `today` is the date in the clinic's time zone.
    pub fn changed_by(&self, input: &PatientInput, today: NaiveDate) -> Result<Self, FieldErrors> {
        let (state, mut errors) = self.sketched_by(input, today);
        check_name(&state.fields, &mut errors);
        check_identifiers(&state.fields, &mut errors);
        errors.into_result().map(|()| state)
    }

    /// What an input says about a person, who may be without a name.
    ///
    /// Fails with every other rule that it breaks.
    pub fn of_person(input: &PatientInput, today: NaiveDate) -> Result<Self, FieldErrors> {
        let (state, errors) = Self::default().sketched_by(input, today);
        errors.into_result().map(|()| state)
    }

    /// Applies an input to this state, with the errors of its values.
    fn sketched_by(&self, input: &PatientInput, today: NaiveDate) -> (Self, FieldErrors) {
        let mut fields = self.fields.clone();
        let mut errors = input.apply(&mut fields);
        let known = self.fields.date_of_birth.filter(|_| !self.date_of_birth_estimated);
        let mut estimated = match &input.date_of_birth {
            Patch::Absent => self.date_of_birth_estimated,
            Patch::Null => false,
            Patch::Value(date) => {
                self.date_of_birth_estimated && self.fields.date_of_birth == Some(*date)
            }
        };
        let counted_on = fields.deceased_on.unwrap_or(today);
        // A client may send back what it has read. An unchanged age adds nothing to a date of
        // birth, and an unchanged estimate stays an estimate.
        let sent = input.date_of_birth.value().copied();
        let is_echo = |age: i64| sent.is_some() && self.age(today) == Some(age);
        if let Some(age) = input.age.value().filter(|age| !is_echo(**age)) {
            match sent.filter(|_| !estimated).or(known) {
                Some(date) if date.age_on(counted_on) == *age => fields.date_of_birth = Some(date),
                Some(date) => errors.add("age", disagrees(date, date.age_on(counted_on))),
                None if fields.date_of_birth.is_some_and(|d| d.age_on(counted_on) == *age) => {}
                None => {
                    fields.date_of_birth = Some(PartialDate::from_age(*age, counted_on));
                    estimated = true;
                }
            }
        }
        check_life(&fields, today, &mut errors);
        let date_of_birth_estimated = estimated && fields.date_of_birth.is_some();
        (Self { fields, date_of_birth_estimated }, errors)
    }

    /// The state of a record into which another one of the same person is merged.
    ///
    /// Fails with every rule that it breaks.
    pub fn merged_with(
        &self,
        other: &Self,
        sources: &MergeFields,
        today: NaiveDate,
    ) -> Result<Self, FieldErrors> {
        let fields = self.fields.merged(&other.fields, sources);
        let is_others = match sources.of("date_of_birth") {
            Some(source) => source == MergeSource::Other,
            None => self.fields.date_of_birth.is_none(),
        };
        let date_of_birth_estimated =
            if is_others { other.date_of_birth_estimated } else { self.date_of_birth_estimated };
        let state = Self { fields, date_of_birth_estimated };
        let mut errors = state.check(today).err().unwrap_or_default();
        let fields = &state.fields;
        if fields.identifiers.len() > IDENTIFIERS_MAX {
            let message = format!("must be at most {IDENTIFIERS_MAX} of both records together");
            let error = FieldError::new("too_many", message).with("max", IDENTIFIERS_MAX);
            errors.add("identifiers", error);
        }
        errors.into_result().map(|()| state)
    }

    /// Checks the values as a whole.
    ///
    /// Fails with every rule that they break.
    pub fn check(&self, today: NaiveDate) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        check_name(&self.fields, &mut errors);
        check_life(&self.fields, today, &mut errors);
        check_identifiers(&self.fields, &mut errors);
        errors.into_result()
    }

    /// The age in whole years, today or at death.
    pub fn age(&self, today: NaiveDate) -> Option<i64> {
        let counted_on = self.fields.deceased_on.unwrap_or(today);
        self.fields.date_of_birth.map(|date| date.age_on(counted_on))
    }
}

fn disagrees(date: PartialDate, age: i64) -> FieldError {
    let message = format!("must agree with the date of birth {date}, which makes it {age}");
    FieldError::new("disagrees", message).with("date_of_birth", date.to_string()).with("age", age)
}

fn check_name(fields: &PatientFields, errors: &mut FieldErrors) {
    if fields.first_name.is_none() && fields.last_name.is_none() {
        let message = "is required: a patient needs a first name, a last name or both";
        errors.add("first_name", FieldError::new("required", message));
    }
}

/// Checks the dates of birth and death: not in the future, in this order, and at most a lifetime
/// apart.
fn check_life(fields: &PatientFields, today: NaiveDate, errors: &mut FieldErrors) {
    let future = || FieldError::new("in_future", "must not be in the future");
    let died = fields.deceased_on;
    if died.is_some_and(|died| died > today) {
        errors.add("deceased_on", future());
    }
    let Some(born) = fields.date_of_birth else { return };
    if born.earliest() > today {
        errors.add("date_of_birth", future());
    } else if born.age_on(died.unwrap_or(today)) > AGE_MAX {
        let message = format!("must not make the age more than {AGE_MAX}");
        errors.add("date_of_birth", FieldError::new("too_old", message).with("max", AGE_MAX));
    }
    if died.is_some_and(|died| died < born.earliest()) {
        let message = "must not be before the date of birth";
        errors.add("deceased_on", FieldError::new("before_birth", message));
    }
}

fn check_identifiers(fields: &PatientFields, errors: &mut FieldErrors) {
    let identifiers = &fields.identifiers;
    for (i, identifier) in identifiers.iter().enumerate() {
        if identifiers.iter().take(i).any(|earlier| earlier == identifier) {
            let field = format!("identifiers[{i}]");
            errors.add(field, FieldError::new("repeated", "is given twice"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        date::parse_day,
        patient::{Gender, NewPatient, PatientReplacement},
        read,
    };

    fn read(json: &str) -> PatientInput {
        read::body::<NewPatient>(json.as_bytes(), today()).unwrap().input
    }

    fn today() -> NaiveDate {
        parse_day("2026-11-20").unwrap()
    }

    fn registered(json: &str) -> Result<PatientState, String> {
        PatientState::default().changed_by(&read(json), today()).map_err(|f| f.to_string())
    }

    #[test]
    fn an_age_sets_the_matching_estimated_year_of_birth() {
        let state =
            registered(r#"{"first_name": "Alice", "age": 30, "gender": "Female"}"#).unwrap();
        assert_eq!(state.fields.date_of_birth, Some(PartialDate::Year(1996)));
        assert!(state.date_of_birth_estimated);
        assert_eq!(state.age(today()), Some(30));
        assert_eq!(state.fields.gender, Some(Gender::Female));
    }

    #[test]
    fn an_age_must_match_a_known_date_of_birth() {
        let born = r#""first_name": "A", "date_of_birth": "1989-05-25""#;
        let known = registered(&format!("{{{born}, \"age\": 37}}")).unwrap();
        assert!(!known.date_of_birth_estimated);
        assert!(registered(&format!("{{{born}, \"age\": 36}}")).unwrap_err().contains("age: must"));
        let aged = |age: i64| PatientInput { age: Patch::Value(age), ..Default::default() };
        assert_eq!(known.changed_by(&aged(37), today()), Ok(known.clone()));
        assert!(known.changed_by(&aged(40), today()).is_err());
        let mut replacing = aged(40);
        replacing.first_name = Patch::Value("A".to_owned());
        replacing.clear_absent();
        assert!(known.changed_by(&replacing, today()).is_err());
    }

    #[test]
    fn an_estimate_can_be_replaced_and_stays_an_estimate_when_sent_back() {
        let guess = registered(r#"{"first_name": "A", "age": 30}"#).unwrap();
        let same = PatientInput {
            date_of_birth: Patch::Value(PartialDate::Year(1996)),
            ..Default::default()
        };
        assert!(guess.changed_by(&same, today()).unwrap().date_of_birth_estimated);
        let older = PatientInput { age: Patch::Value(40), ..Default::default() };
        let older = guess.changed_by(&older, today()).unwrap();
        assert_eq!(older.fields.date_of_birth, Some(PartialDate::Year(1986)));
        let known = PatientInput {
            date_of_birth: Patch::Value(PartialDate::parse("1995-02").unwrap()),
            ..Default::default()
        };
        assert!(!older.changed_by(&known, today()).unwrap().date_of_birth_estimated);
    }

    #[test]
    fn the_dates_of_a_life_are_in_order() {
        let fault = |json: &str| registered(json).unwrap_err();
        assert!(fault(r#"{"first_name": "A", "date_of_birth": "2026-11-21"}"#).contains("future"));
        assert!(fault(r#"{"first_name": "A", "date_of_birth": "1860"}"#).contains("150"));
        let early = r#"{"first_name": "A", "date_of_birth": "2000", "deceased_on": "1999-12-31"}"#;
        assert!(fault(early).contains("deceased_on: must not be before"));
        let both = fault(r#"{"date_of_birth": "2027", "deceased_on": "2026-12-01"}"#);
        assert!(both.contains("date_of_birth") && both.contains("deceased_on"));
        assert!(both.contains("first_name"), "{both}");
        assert!(registered(r#"{"first_name": "A", "date_of_birth": "2026"}"#).is_ok());
    }

    #[test]
    fn a_record_that_was_read_can_come_back_with_one_member_changed() {
        let known = registered(r#"{"first_name": "A", "date_of_birth": "1989-05-25"}"#).unwrap();
        let back = |date: &str, age: i64| PatientInput {
            date_of_birth: Patch::Value(PartialDate::parse(date).unwrap()),
            age: Patch::Value(age),
            ..Default::default()
        };
        let corrected = known.changed_by(&back("1979-05-25", 37), today()).unwrap();
        assert_eq!(corrected.age(today()), Some(47));
        let mut died = back("1989-05-25", 37);
        died.deceased_on = Patch::Value(parse_day("2020-01-01").unwrap());
        assert_eq!(known.changed_by(&died, today()).unwrap().age(today()), Some(30));
        assert!(known.changed_by(&back("1989-05-25", 38), today()).is_err());
        let guess = registered(r#"{"first_name": "A", "age": 30}"#).unwrap();
        let older = guess.changed_by(&back("1996", 40), today()).unwrap();
        assert_eq!(older.fields.date_of_birth, Some(PartialDate::Year(1986)));
        assert!(older.date_of_birth_estimated);
    }

    #[test]
    fn computed_members_are_refused_in_new_records_and_ignored_in_changes() {
        let sent = br#"{"first_name": "A", "full_name": "A", "id": 7, "version": 3}"#;
        let refused = read::body::<NewPatient>(sent, today()).unwrap_err().to_string();
        assert!(
            refused.contains("full_name") && refused.contains("id") && refused.contains("version")
        );
        let input = read::body::<PatientReplacement>(sent, today()).unwrap().0;
        let mut errors = FieldErrors::default();
        input.read_only.compare(&serde_json::json!({"id": 7}), &mut errors);
        assert!(errors.is_empty());
        input.read_only.compare(&serde_json::json!({"id": 8}), &mut errors);
        assert!(errors.concern("id"));
    }

    #[test]
    fn a_replacement_clears_what_is_absent_and_a_patch_does_not() {
        let stored = registered(r#"{"first_name": "A", "city": "Boston"}"#).unwrap();
        let mut input =
            PatientInput { first_name: Patch::Value("B".to_owned()), ..Default::default() };
        assert!(stored.changed_by(&input, today()).unwrap().fields.city.is_some());
        input.clear_absent();
        assert!(stored.changed_by(&input, today()).unwrap().fields.city.is_none());
    }
}
