//! Reading a JSON object so that all its errors are found at once: members of the wrong type,
//! repeated members and unknown members. serde stops at the first error.

mod earlier;

use std::fmt;

use chrono::NaiveDate;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, value::RawValue};

use crate::{
    Expected, FieldError, FieldErrors, Patch,
    compatibility::{Members as EarlierNames, SentNames},
    text::{self, Lines},
};

/// The body of a request.
pub trait Input: Sized {
    /// The earlier systems' names for its members.
    const EARLIER: EarlierNames = &[];

    /// The members that refer to stored records. They are checked even if the body has errors, so that
    /// one answer names all of them.
    const REFERENCES: &'static [&'static str] = &[];

    /// The read-only members, which must be unchanged. They are compared even if the body has errors.
    const READ_ONLY: &'static [&'static str] = &[];

    /// Reads the members. The reader collects the errors. Returns `None` if a required member is
    /// absent or bad.
    fn read(reader: &mut Reader) -> Option<Self>;

    /// Adds further errors that can be found in the valid members. It is called only if there are
    /// errors already, so that the answer names all of them.
    fn validate(&self, _today: NaiveDate, _faults: &mut FieldErrors) {}
}

/// The maximum number of members in an object that are read. No record has as many.
const MEMBERS_MAX: usize = 200;
/// The maximum number of unknown members that are named.
const UNKNOWN_MAX: usize = 20;
/// The longest name for which the nearest known one is searched.
const NAME_MAX: usize = 64;

/// The value of a member: unparsed JSON, which still shows repeated names inside it, or a value
/// from another source.
#[derive(Clone)]
enum Raw {
    Json(Box<RawValue>),
    Value(Value),
}

impl Raw {
    fn value(self) -> Result<Value, FieldError> {
        match self {
            Self::Json(raw) => serde_json::from_str(raw.get())
                .map_err(|e| FieldError::new("not_json", format!("is not JSON: {e}"))),
            Self::Value(value) => Ok(value),
        }
    }

    fn is_null(&self) -> bool {
        match self {
            Self::Json(json) => json.get() == "null",
            Self::Value(value) => value.is_null(),
        }
    }

    /// The items of a list, or `None` for anything else.
    fn items(self) -> Option<Vec<Self>> {
        match self {
            Self::Json(raw) => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
                Some(items.into_iter().map(Self::Json).collect())
            }
            Self::Value(Value::Array(items)) => Some(items.into_iter().map(Self::Value).collect()),
            Self::Value(_) => None,
        }
    }

    /// The members of an object, or `None` for anything else.
    fn members(self) -> Option<Vec<(String, Self)>> {
        match self {
            Self::Json(raw) => serde_json::from_str::<Members>(raw.get()).ok().map(|it| it.0),
            Self::Value(Value::Object(members)) => {
                Some(members.into_iter().map(|(name, value)| (name, Self::Value(value))).collect())
            }
            Self::Value(_) => None,
        }
    }
}

/// The members of a JSON object in their original order, including repeated ones.
struct Members(Vec<(String, Raw)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    members.push((name, Raw::Json(value)));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Members of a request with the values that were sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SentMembers(Vec<(&'static str, Value)>);

impl SentMembers {
    /// Compares read-only members with the current record. A difference is an error, unless the
    /// member already has one.
    pub fn compare(&self, current: &Value, errors: &mut FieldErrors) {
        for (name, sent) in &self.0 {
            if current.get(name) != Some(sent) && !errors.concern(name) {
                errors.add(*name, FieldError::new("read_only", "can't be changed here"));
            }
        }
    }

    /// The value of a member, if it is an id.
    pub fn id<T: From<i64>>(&self, name: &str) -> Option<T> {
        let (_, sent) = self.0.iter().find(|(known, _)| *known == name)?;
        crate::id::id(sent.clone()).ok().flatten()
    }
}

/// A body that was read, with or without errors.
#[derive(Debug)]
pub struct Draft<T> {
    /// The body, or all its errors.
    pub body: Result<T, FieldErrors>,
    /// The readable ones of the members that refer to stored records.
    pub references: SentMembers,
    /// The readable ones of the read-only members.
    pub read_only: SentMembers,
}

impl<T> Draft<T> {
    /// Changes the body.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Draft<U> {
        Draft {
            body: self.body.map(change),
            references: self.references,
            read_only: self.read_only,
        }
    }
}

impl<T> From<T> for Draft<T> {
    /// A body without errors.
    fn from(body: T) -> Self {
        let (references, read_only) = Default::default();
        Self { body: Ok(body), references, read_only }
    }
}

/// A JSON object that is being read.
pub struct Reader {
    members: Vec<(String, Raw)>,
    known: Vec<&'static str>,
    prefix: String,
    /// The errors so far.
    pub errors: FieldErrors,
}

/// The members of a record that the server computes: those that a request neither sets nor has to repeat
/// unchanged. `fields` and `withheld` stand for members that are read in their own way.
pub(crate) fn computed(record: &[&'static str], set: &[&str], fixed: &[&str]) -> Vec<&'static str> {
    let is_other = |name: &&str| {
        set.contains(name) || fixed.contains(name) || ["fields", "withheld"].contains(name)
    };
    record.iter().copied().filter(|name| !is_other(name)).collect()
}

impl Reader {
    /// Parses a body.
    ///
    /// Fails if it is not a single JSON object, with the reason and the position.
    pub fn from_slice(body: &[u8]) -> Result<Self, FieldError> {
        let not_json = |what: String| FieldError::new("not_json", format!("is not JSON: {what}"));
        let text = std::str::from_utf8(body).map_err(|e| not_json(e.to_string()))?;
        if text.starts_with('\u{feff}') {
            return Err(not_json("it starts with a byte order mark".to_owned()));
        }
        if text.trim().is_empty() {
            return Err(not_json("it is empty".to_owned()));
        }
        let members: Members = serde_json::from_str(text).map_err(|e| {
            if e.is_data() {
                FieldError::new("not_an_object", "must be a JSON object")
            } else {
                not_json(e.to_string())
            }
        })?;
        if members.0.len() > MEMBERS_MAX {
            let message = format!("must have at most {MEMBERS_MAX} members");
            return Err(FieldError::new("too_many", message).with("max", MEMBERS_MAX));
        }
        Ok(Self::of(members.0))
    }

    /// Reads members that did not come as JSON, such as those of a form or of a row in a file.
    pub fn from_members(members: Vec<(String, Value)>) -> Self {
        Self::of(members.into_iter().map(|(name, value)| (name, Raw::Value(value))).collect())
    }

    fn of(members: Vec<(String, Raw)>) -> Self {
        let mut errors = FieldErrors::default();
        let mut seen: Vec<(String, Raw)> = Vec::with_capacity(members.len().min(MEMBERS_MAX));
        for (name, value) in members.into_iter().take(MEMBERS_MAX) {
            if !seen.iter().any(|(known, _)| *known == name) {
                seen.push((name, value));
            } else if !errors.concern(&name) {
                errors.add(name, FieldError::new("repeated", "is given twice"));
            }
        }
        Self { members: seen, known: Vec::new(), prefix: String::new(), errors }
    }

    fn take(&mut self, name: &'static str) -> Option<Raw> {
        self.known.push(name);
        let place = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.swap_remove(place).1)
    }

    /// Reads a member without removing it.
    ///
    /// Fails if the rule refuses it.
    pub(crate) fn peek<T>(
        &self,
        name: &str,
        rule: impl Fn(Value) -> Result<Option<T>, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        let raw = self.members.iter().find(|(member, _)| member == name);
        match raw.map(|(_, raw)| raw.clone().value()).transpose()? {
            None | Some(Value::Null) => Ok(None),
            Some(value) => rule(value),
        }
    }

    /// Whether a member is present, even if it is `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(member, _)| member == name)
    }

    /// The values of these members, as far as they are readable. The members stay in the reader.
    fn look_at(&self, names: &'static [&'static str]) -> SentMembers {
        let read = |name: &'static str| Some((name, self.peek(name, |it| Ok(Some(it))).ok()??));
        SentMembers(names.iter().copied().filter_map(read).collect())
    }

    /// Replaces the value of a member.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.members.retain(|(member, _)| member != name);
        self.members.push((name.to_owned(), Raw::Value(value.into())));
    }

    /// Reads a member.
    pub fn member<T>(
        &mut self,
        name: &'static str,
        rule: impl Fn(Value) -> Result<Option<T>, FieldError>,
    ) -> Patch<T> {
        let Some(raw) = self.take(name) else { return Patch::Absent };
        let ruled = raw.value().and_then(|value| match value {
            Value::Null => Ok(None),
            value => rule(value),
        });
        match ruled {
            Ok(Some(value)) => Patch::Value(value),
            Ok(None) => Patch::Null,
            Err(error) => {
                self.errors.add(format!("{}{name}", self.prefix), error);
                Patch::Absent
            }
        }
    }

    /// Reads an optional member that can't be `null`.
    pub fn filled<T>(
        &mut self,
        name: &'static str,
        rule: impl Fn(Value) -> Result<Option<T>, FieldError>,
    ) -> Patch<T> {
        match self.member(name, rule) {
            Patch::Null => {
                let error = FieldError::new("never_null", "can't be empty: leave it out instead");
                self.errors.add(format!("{}{name}", self.prefix), error);
                Patch::Absent
            }
            member => member,
        }
    }

    /// Reads a required member.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        rule: impl Fn(Value) -> Result<Option<T>, FieldError>,
    ) -> Option<T> {
        let field = format!("{}{name}", self.prefix);
        match self.member(name, rule) {
            Patch::Value(value) => Some(value),
            Patch::Absent | Patch::Null => {
                if !self.errors.concern(&field) {
                    self.errors.add(field, FieldError::required());
                }
                None
            }
        }
    }

    /// Accepts and ignores members that the server computes.
    pub fn ignore(&mut self, names: &[&'static str]) {
        self.known.extend(names);
        self.members.retain(|(member, _)| !names.contains(&member.as_str()));
    }

    /// Reads `withheld`, in which a body names members that its sender was not shown, and drops these
    /// members. `names` are those that can be withheld. Returns the dropped ones.
    pub fn leave_out(&mut self, names: &'static [&'static str]) -> Vec<&'static str> {
        if names.is_empty() {
            return Vec::new();
        }
        let named = |value| match value {
            Value::Array(items) => {
                let known = |item: &Value| names.iter().find(|name| item == *name).copied();
                let named = items.iter().map(known).collect::<Option<Vec<_>>>();
                named.map(Some).ok_or_else(|| FieldError::not_one_of(names))
            }
            _ => Err(FieldError::wrong_type(Expected::Array)),
        };
        let named = self.member("withheld", named).into_value().unwrap_or_default();
        self.members.retain(|(member, _)| !named.contains(&member.as_str()));
        named
    }

    /// Reads read-only members, which must be unchanged.
    pub fn read_only(&mut self, names: &'static [&'static str]) -> SentMembers {
        let mut read_only = SentMembers::default();
        for name in names {
            match self.take(name).map(Raw::value) {
                Some(Ok(value)) => read_only.0.push((name, value)),
                Some(Err(error)) => self.errors.add(*name, error),
                None => {}
            }
        }
        read_only
    }

    /// Reads a list of objects. Errors name a member as `name[0].member`.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        max: usize,
        item: impl Fn(&mut Self) -> Option<T>,
    ) -> Patch<Vec<T>> {
        let Some(raw) = self.take(name) else { return Patch::Absent };
        if raw.is_null() {
            return Patch::Null;
        }
        let field = format!("{}{name}", self.prefix);
        let Some(values) = raw.items() else {
            self.errors.add(field, FieldError::wrong_type(Expected::Array));
            return Patch::Absent;
        };
        if values.len() > max {
            let message = format!("must have at most {max} items");
            self.errors.add(field, FieldError::new("too_many", message).with("max", max));
            return Patch::Absent;
        }
        let mut items = Vec::with_capacity(values.len());
        for (i, value) in values.into_iter().enumerate() {
            items.extend(self.nested(format!("{field}[{i}]"), value, &item));
        }
        Patch::Value(items)
    }

    /// Reads an object inside this one. Errors name a member as `name.member`.
    pub fn object<T>(&mut self, name: &'static str, read: impl Fn(&mut Self) -> T) -> Option<T> {
        let raw = self.take(name)?;
        let is_null = raw.is_null();
        let field = format!("{}{name}", self.prefix);
        if is_null { None } else { self.nested(field, raw, |reader| Some(read(reader))) }
    }

    fn nested<T>(
        &mut self,
        field: String,
        value: Raw,
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let Some(members) = value.members() else {
            self.errors.add(field, FieldError::wrong_type(Expected::Object));
            return None;
        };
        let mut reader = Self::of(members);
        let mut repeated = FieldErrors::default();
        for (member, error) in reader.errors.iter() {
            repeated.add(format!("{field}.{member}"), error.clone());
        }
        (reader.errors, reader.prefix) = (repeated, format!("{field}."));
        let read = read(&mut reader);
        self.errors.extend(reader.finish());
        read
    }

    /// Finishes reading. Members that were not read are unknown.
    pub fn finish(mut self) -> FieldErrors {
        for (name, _) in self.members.iter().take(UNKNOWN_MAX) {
            let mut error = FieldError::new("unknown", "is not known");
            if name.len() <= NAME_MAX
                && let Some(near) = text::nearest(name, self.known.iter().copied())
            {
                let message = format!("is not known; did you mean {near}?");
                error = FieldError::new("unknown", message).with("nearest", near);
            }
            let shown: String = name.chars().take(100).collect();
            self.errors.add(format!("{}{shown}", self.prefix), error);
        }
        self.errors
    }
}

/// Reads a whole body.
///
/// Fails with every error in it. If the body is not a JSON object, the error belongs to `body`.
/// `today` is the date in the clinic's time zone.
pub fn body<T: Input>(bytes: &[u8], today: NaiveDate) -> Result<T, FieldErrors> {
    body_as_sent(bytes, today).0.body
}

/// Reads a body like [`body()`], and returns which members came under an earlier name. The errors
/// use the current names.
pub fn body_as_sent<T: Input>(bytes: &[u8], today: NaiveDate) -> (Draft<T>, SentNames) {
    let mut reader = match Reader::from_slice(bytes) {
        Ok(reader) => reader,
        Err(error) => {
            let body = Err(FieldErrors::one("body", error));
            let (references, read_only) = Default::default();
            return (Draft { body, references, read_only }, SentNames::default());
        }
    };
    let sent = reader.rename(T::EARLIER);
    let references = reader.look_at(T::REFERENCES);
    let read_only = reader.look_at(T::READ_ONLY);
    let input = T::read(&mut reader);
    let mut errors = reader.finish();
    let body = match input {
        Some(input) if errors.is_empty() => Ok(input),
        Some(input) => {
            input.validate(today, &mut errors);
            Err(errors)
        }
        None => Err(errors),
    };
    (Draft { body, references, read_only }, sent)
}

fn text_of(value: Value, lines: Lines, max: usize) -> Result<Option<String>, FieldError> {
    let Value::String(text) = value else { return Err(FieldError::wrong_type(Expected::String)) };
    let text = text::clean(&text, lines, max)?;
    Ok(Some(text).filter(|text| text::is_visible(text)))
}

/// A rule for single-line text of at most `max` characters. Blank text counts as absent.
pub fn line(max: usize) -> impl Fn(Value) -> Result<Option<String>, FieldError> {
    move |value| text_of(value, Lines::One, max)
}

/// A rule for text with any number of lines. Blank text counts as absent.
pub fn note(max: usize) -> impl Fn(Value) -> Result<Option<String>, FieldError> {
    move |value| text_of(value, Lines::Many, max)
}

/// A rule for single-line text that is parsed further.
pub fn parsed<T>(
    max: usize,
    parse: impl Fn(&str) -> Result<T, FieldError>,
) -> impl Fn(Value) -> Result<Option<T>, FieldError> {
    move |value| text_of(value, Lines::One, max)?.map(|text| parse(&text)).transpose()
}

/// A rule for a secret, which is kept exactly as it is. Only its length is checked.
pub fn secret(max: usize) -> impl Fn(Value) -> Result<Option<String>, FieldError> {
    move |value| match value {
        Value::String(secret) if secret.chars().count() > max => Err(FieldError::too_long(max)),
        Value::String(secret) => Ok(Some(secret).filter(|secret| !secret.is_empty())),
        _ => Err(FieldError::wrong_type(Expected::String)),
    }
}

/// A rule for a whole number in a range.
pub fn whole(min: i64, max: i64) -> impl Fn(Value) -> Result<Option<i64>, FieldError> {
    move |value| match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) if (min..=max).contains(&whole) => Ok(Some(whole)),
            Some(_) => Err(FieldError::out_of_range(min, max)),
            None if number.is_u64() => Err(FieldError::out_of_range(min, max)),
            None => Err(FieldError::wrong_type(Expected::Integer)),
        },
        _ => Err(FieldError::wrong_type(Expected::Integer)),
    }
}

/// A rule for `true` and `false`.
pub fn boolean(value: Value) -> Result<Option<bool>, FieldError> {
    value.as_bool().map(Some).ok_or_else(|| FieldError::wrong_type(Expected::Boolean))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sample;
    impl Input for Sample {
        fn read(reader: &mut Reader) -> Option<Self> {
            reader.required("first_name", line(5));
            reader.member("age", whole(0, 150));
            reader.list("identifiers", 2, |item| item.required("system", line(10)));
            Some(Self)
        }
    }

    fn errors(json: &str) -> String {
        body::<Sample>(json.as_bytes(), NaiveDate::default())
            .err()
            .map(|f| f.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let json = r#"{"age": 151, "first_name": 7, "frist_name": "A", "age": 1,
            "identifiers": [{"system": 1}, 5, {}]}"#;
        let all = errors(json);
        for part in [
            "age: is given twice",
            "first_name: must be text",
            "frist_name: is not known; did you mean first_name?",
            "identifiers: must have at most 2 items",
        ] {
            assert!(all.contains(part), "{part} is not in {all}");
        }
        assert!(errors(r#"{"first_name": "\ud800"}"#).starts_with("first_name: is not JSON"));
        let all =
            errors(r#"{"first_name": "A", "identifiers": [{"sytem": "x", "sytem": "y"}, 5]}"#);
        for part in [
            "identifiers[0].system: is required",
            "identifiers[0].sytem: is given twice",
            "identifiers[0].sytem: is not known; did you mean system?",
            "identifiers[1]: must be an object",
        ] {
            assert!(all.contains(part), "{part} is not in {all}");
        }
    }

    #[test]
    fn anything_but_a_json_object_is_an_error_of_the_body() {
        for bad in ["", "[]", "7", "{", "{\"a\": NaN}", "\u{feff}{}"] {
            assert!(errors(bad).starts_with("body: "), "{bad}: {}", errors(bad));
        }
        assert_eq!(errors(""), "body: is not JSON: it is empty");
        let deep = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        assert!(errors(&deep).contains("not"), "{}", errors(&deep));
    }

    #[test]
    fn a_wrong_type_has_a_code_and_a_sentence() {
        let errors = body::<Sample>(br#"{"first_name": 7, "age": "x"}"#, NaiveDate::default());
        let errors = errors.err().unwrap();
        assert_eq!(errors.to_string(), "first_name: must be text; age: must be a whole number");
        let expected: Vec<_> =
            errors.codes().iter().map(|it| it.params["expected"].clone()).collect();
        assert_eq!(expected, ["string", "integer"]);
    }

    #[test]
    fn numbers_are_whole_and_in_range_or_refused() {
        for bad in ["1.5", "\"1\"", "true", "1e3", "-1", "9007199254740993", "18446744073709551615"]
        {
            let json = format!(r#"{{"first_name": "A", "age": {bad}}}"#);
            assert!(errors(&json).starts_with("age: must be"), "{bad}: {}", errors(&json));
        }
    }
}
