//! Reading a JSON object so that everything that is wrong with it is known at once: members of the
//! wrong type, members given twice, members nobody knows. serde stops at the first.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::{
    Complaint, Faults, Patch,
    text::{self, Lines},
};

/// What a body is that a request carries.
pub trait Input: Sized {
    /// Takes the members; what is wrong with them stays in the reader.
    fn read(reader: &mut Reader) -> Self;
}

/// The members of one JSON object, in the order in which they came, repeated ones too.
struct Members(Vec<(String, Value)>);

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
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Read-only members that came along in a change: they must be what they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Echo(Vec<(&'static str, Value)>);

impl Echo {
    /// Compares each with the record as it is; what differs is a fault.
    pub fn compare(&self, current: &Value, faults: &mut Faults) {
        for (name, sent) in &self.0 {
            if current.get(name) != Some(sent) {
                faults.add(*name, Complaint::new("read_only", "can't be changed here"));
            }
        }
    }
}

/// The members of one JSON object while they are read.
pub struct Reader {
    members: Vec<(String, Value)>,
    known: Vec<&'static str>,
    prefix: String,
    /// What is wrong so far.
    pub faults: Faults,
}

impl Reader {
    /// Parses a body.
    ///
    /// Fails where it is not one JSON object, with what is wrong and where.
    pub fn from_slice(body: &[u8]) -> Result<Self, Complaint> {
        let not_json = |what: String| Complaint::new("not_json", format!("is not JSON: {what}"));
        let text = std::str::from_utf8(body).map_err(|e| not_json(e.to_string()))?;
        if text.starts_with('\u{feff}') {
            return Err(not_json("it starts with a byte order mark".to_owned()));
        }
        let members: Members = serde_json::from_str(text).map_err(|e| {
            if e.is_data() {
                Complaint::new("not_an_object", "must be a JSON object")
            } else {
                not_json(e.to_string())
            }
        })?;
        Ok(Self::from_members(members.0))
    }

    /// Reads members that did not come as JSON: a form, a row of a file.
    pub fn from_members(mut members: Vec<(String, Value)>) -> Self {
        let mut faults = Faults::default();
        let mut seen: Vec<(String, Value)> = Vec::with_capacity(members.len());
        for (name, value) in members.drain(..) {
            if !seen.iter().any(|(known, _)| *known == name) {
                seen.push((name, value));
            } else if !faults.concern(&name) {
                faults.add(name, Complaint::new("repeated", "is given twice"));
            }
        }
        Self { members: seen, known: Vec::new(), prefix: String::new(), faults }
    }

    /// Takes a member by its name.
    pub fn member<T>(
        &mut self,
        name: &'static str,
        rule: impl Fn(Value) -> Result<Option<T>, Complaint>,
    ) -> Patch<T> {
        self.known.push(name);
        let Some(place) = self.members.iter().position(|(member, _)| member == name) else {
            return Patch::Absent;
        };
        match self.members.swap_remove(place).1 {
            Value::Null => Patch::Null,
            value => match rule(value) {
                Ok(Some(value)) => Patch::Value(value),
                Ok(None) => Patch::Null,
                Err(complaint) => {
                    self.faults.add(format!("{}{name}", self.prefix), complaint);
                    Patch::Absent
                }
            },
        }
    }

    /// Takes a member that has to be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        rule: impl Fn(Value) -> Result<Option<T>, Complaint>,
    ) -> Option<T> {
        let field = format!("{}{name}", self.prefix);
        match self.member(name, rule) {
            Patch::Value(value) => Some(value),
            Patch::Absent | Patch::Null => {
                if !self.faults.concern(&field) {
                    self.faults.add(field, Complaint::required());
                }
                None
            }
        }
    }

    /// Takes members that the server computes: what was read can be sent back.
    pub fn ignore(&mut self, names: &'static [&'static str]) {
        self.known.extend(names);
        self.members.retain(|(member, _)| !names.contains(&member.as_str()));
    }

    /// Takes read-only members that must be what they are.
    pub fn echo(&mut self, names: &'static [&'static str]) -> Echo {
        self.known.extend(names);
        let mut echo = Echo::default();
        for name in names {
            if let Some(place) = self.members.iter().position(|(member, _)| member == name) {
                echo.0.push((name, self.members.swap_remove(place).1));
            }
        }
        echo
    }

    /// Reads a list of objects. Faults are named `name[0].member`.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        max: usize,
        item: impl Fn(&mut Self) -> Option<T>,
    ) -> Patch<Vec<T>> {
        let values = self.member(name, |value| match value {
            Value::Array(values) if values.len() > max => {
                let message = format!("must have at most {max} items");
                Err(Complaint::new("too_many", message).with("max", max))
            }
            Value::Array(values) => Ok(Some(values)),
            _ => Err(Complaint::wrong_type("a list")),
        });
        let values = match values {
            Patch::Value(values) => values,
            Patch::Null => return Patch::Null,
            Patch::Absent => return Patch::Absent,
        };
        let mut items = Vec::with_capacity(values.len());
        for (i, value) in values.into_iter().enumerate() {
            let prefix = format!("{}{name}[{i}]", self.prefix);
            let Value::Object(members) = value else {
                self.faults.add(prefix, Complaint::wrong_type("an object"));
                continue;
            };
            let mut reader = Self::from_members(members.into_iter().collect());
            reader.prefix = format!("{prefix}.");
            items.extend(item(&mut reader));
            self.faults.extend(reader.finish());
        }
        Patch::Value(items)
    }

    /// Ends the reading: what nobody has taken is unknown.
    pub fn finish(mut self) -> Faults {
        for (name, _) in &self.members {
            let mut complaint = Complaint::new("unknown", "is not known");
            if let Some(near) = text::nearest(name, self.known.iter().copied()) {
                let message = format!("is not known; did you mean {near}?");
                complaint = Complaint::new("unknown", message).with("nearest", near);
            }
            let shown: String = name.chars().take(100).collect();
            self.faults.add(format!("{}{shown}", self.prefix), complaint);
        }
        self.faults
    }
}

/// Reads a body completely.
///
/// Fails with everything that is wrong with it; a body that is not a JSON object is a fault of
/// `body`.
pub fn body<T: Input>(bytes: &[u8]) -> Result<T, Faults> {
    let mut reader = Reader::from_slice(bytes).map_err(|c| Faults::one("body", c))?;
    let input = T::read(&mut reader);
    reader.finish().into_result().map(|()| input)
}

fn text_of(value: Value, lines: Lines, max: usize) -> Result<Option<String>, Complaint> {
    let Value::String(text) = value else { return Err(Complaint::wrong_type("text")) };
    let text = text::clean(&text, lines, max)?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A rule for text on one line of at most `max` characters; blank text is no value.
pub fn line(max: usize) -> impl Fn(Value) -> Result<Option<String>, Complaint> {
    move |value| text_of(value, Lines::One, max)
}

/// A rule for text on any number of lines; blank text is no value.
pub fn note(max: usize) -> impl Fn(Value) -> Result<Option<String>, Complaint> {
    move |value| text_of(value, Lines::Many, max)
}

/// A rule for text on one line that means something.
pub fn parsed<T>(
    max: usize,
    parse: impl Fn(&str) -> Result<T, Complaint>,
) -> impl Fn(Value) -> Result<Option<T>, Complaint> {
    move |value| text_of(value, Lines::One, max)?.map(|text| parse(&text)).transpose()
}

/// A rule for a secret, which is taken exactly as it is. Only its length is looked at here.
pub fn secret(max: usize) -> impl Fn(Value) -> Result<Option<String>, Complaint> {
    move |value| match value {
        Value::String(secret) if secret.chars().count() > max => Err(Complaint::too_long(max)),
        Value::String(secret) => Ok(Some(secret).filter(|secret| !secret.is_empty())),
        _ => Err(Complaint::wrong_type("text")),
    }
}

/// A rule for a whole number in a range.
pub fn whole(min: i64, max: i64) -> impl Fn(Value) -> Result<Option<i64>, Complaint> {
    move |value| match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) if (min..=max).contains(&whole) => Ok(Some(whole)),
            Some(_) => Err(Complaint::out_of_range(min, max)),
            None if number.is_u64() => Err(Complaint::out_of_range(min, max)),
            None => Err(Complaint::wrong_type("a whole number")),
        },
        _ => Err(Complaint::wrong_type("a whole number")),
    }
}

/// A rule for `true` and `false`.
pub fn boolean(value: Value) -> Result<Option<bool>, Complaint> {
    value.as_bool().map(Some).ok_or_else(|| Complaint::wrong_type("true or false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sample;
    impl Input for Sample {
        fn read(reader: &mut Reader) -> Self {
            reader.required("first_name", line(5));
            reader.member("age", whole(0, 150));
            reader.list("identifiers", 2, |item| item.required("system", line(10)));
            Self
        }
    }

    fn faults(json: &str) -> String {
        body::<Sample>(json.as_bytes()).err().map(|f| f.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let json = r#"{"age": 151, "first_name": 7, "frist_name": "A", "age": 1,
            "identifiers": [{"system": 1}, 5, {}]}"#;
        let all = faults(json);
        for part in [
            "age: is given twice",
            "first_name: must be text",
            "frist_name: is not known; did you mean first_name?",
            "identifiers: must have at most 2 items",
        ] {
            assert!(all.contains(part), "{part} is not in {all}");
        }
        let all = faults(r#"{"first_name": "A", "identifiers": [{"sytem": "x"}, 5]}"#);
        for part in [
            "identifiers[0].system: is required",
            "identifiers[0].sytem: is not known; did you mean system?",
            "identifiers[1]: must be an object",
        ] {
            assert!(all.contains(part), "{part} is not in {all}");
        }
    }

    #[test]
    fn what_is_not_a_json_object_is_a_fault_of_the_body() {
        for bad in ["", "[]", "7", "{", "{\"a\": NaN}", "\u{feff}{}", r#"{"a": "\ud800"}"#] {
            assert!(faults(bad).starts_with("body: "), "{bad}: {}", faults(bad));
        }
        let deep = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        assert!(faults(&deep).starts_with("body: "));
    }

    #[test]
    fn numbers_are_whole_and_in_range_or_refused() {
        for bad in ["1.5", "\"1\"", "true", "1e3", "-1", "9007199254740993", "18446744073709551615"]
        {
            let json = format!(r#"{{"first_name": "A", "age": {bad}}}"#);
            assert!(faults(&json).starts_with("age: must be"), "{bad}: {}", faults(&json));
        }
    }
}
