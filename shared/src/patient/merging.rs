//! Requests about two records that are of one person, or of two.

use std::{collections::BTreeMap, str::FromStr};

use serde::Serialize;

use super::{Identifier, PatientInput};
use crate::{
    FieldError,
    id::{PatientId, id, ids},
    read::{self, Reader},
    rules::REASON_MAX,
};

choice! {
    /// From which of two records a merged one takes a value.
    MergeSource {
        /// From the record that stays.
        This = "this",
        /// From the record that is merged into it.
        Other = "other",
    }
}

/// From which record a merged one takes its members, by their names. A member that is not named keeps the value of
/// the record that stays, or gets that of the other one where it has none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct MergeFields(pub BTreeMap<&'static str, MergeSource>);

impl MergeFields {
    /// The members that can be named. Identifiers are united, and an age is no member of its own.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let others = ["age", "identifiers"];
        PatientInput::MEMBERS.iter().copied().filter(move |name| !others.contains(name))
    }

    /// From which record a member is taken, where that is named.
    pub fn of(&self, name: &str) -> Option<MergeSource> {
        self.0.get(name).copied()
    }

    /// Whether no member is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the member `fields` of a body.
    fn read(reader: &mut Reader) -> Self {
        let source = || read::parsed(10, MergeSource::from_str);
        let sources = reader.object("fields", |reader| {
            let named = |name| Some((name, reader.member(name, source()).into_value()?));
            Self(Self::names().filter_map(named).collect())
        });
        sources.unwrap_or_default()
    }

    #[cfg(feature = "openapi")]
    fn describe_members(members: &mut crate::describe::Members<'_>) {
        use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
        let doc = "From which record a member is taken. A member that is not named keeps the value of the \
            record that stays, or gets that of the other one where it has none. Identifiers are united.";
        members.add::<serde_json::Value>("fields", doc, false, |shape| {
            let source = || {
                let schema = crate::describe::choice(MergeSource::TEXTS, "");
                MetaSchemaRef::Inline(Box::new(MetaSchema { nullable: true, ..schema }))
            };
            shape.with(|schema| {
                schema.ty = "object";
                schema.properties = Self::names().map(|name| (name, source())).collect();
            })
        });
    }
}

/// A member of which a merged record takes one of two values.
pub(super) trait Merged {
    /// The value that the merged record has.
    fn merged(&self, other: &Self, source: Option<MergeSource>) -> Self;
}

impl<T: Clone> Merged for Option<T> {
    fn merged(&self, other: &Self, source: Option<MergeSource>) -> Self {
        match source {
            Some(MergeSource::This) => self.clone(),
            Some(MergeSource::Other) => other.clone(),
            None => self.clone().or_else(|| other.clone()),
        }
    }
}

impl Merged for Vec<Identifier> {
    fn merged(&self, other: &Self, _: Option<MergeSource>) -> Self {
        let others = other.iter().filter(|it| !self.contains(it));
        self.iter().chain(others).cloned().collect()
    }
}

body! {
    /// The merge of another record of the same person into this one.
    #[derive(Clone, Debug, Serialize)]
    Merging, example {
        "other": 9, "other_version": 2, "fields": {"phone_number": "other"},
        "reason": "Registered twice"
    } {
        /// The record that is merged into this one, and archived.
        other: PatientId = required(id),
        /// The version of that record. Where it has another one, nothing is merged.
        other_version: i64 = required(read::whole(1, i64::MAX)) => [range(1, i64::MAX), example(2)],
        /// From which record the members are taken.
        #[serde(skip_serializing_if = "MergeFields::is_empty")]
        fields: MergeFields = embedded(MergeFields::read),
        /// How it is known that both are one person, if that is said.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String> = optional(read::note(REASON_MAX))
            => [max_length(REASON_MAX), example("Registered twice")],
    }
}

body! {
    /// The undoing of a merge.
    #[derive(Clone, Debug, Serialize)]
    Unmerging, example {"other": 9, "reason": "They are twins"} {
        /// The record that was merged into this one. It is restored.
        other: PatientId = required(id),
        /// How it is known that they are different people, if that is said.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String> = optional(read::note(REASON_MAX))
            => [max_length(REASON_MAX), example("They are twins")],
    }
}

body! {
    /// Two records that are of different people.
    #[derive(Clone, Debug, Serialize)]
    TellingApart, example {"patients": [4, 9], "reason": "They are twins"} {
        /// The two records.
        patients: Vec<PatientId> = required(pair)
            => [min_items(2), max_items(2), unique_items()],
        /// How it is known, if that is said.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String> = optional(read::note(REASON_MAX))
            => [max_length(REASON_MAX), example("They are twins")],
    }
}

fn pair(value: serde_json::Value) -> Result<Option<Vec<PatientId>>, FieldError> {
    let all: Vec<PatientId> = ids(2)(value)?.unwrap_or_default();
    if all.len() == 2 {
        Ok(Some(all))
    } else {
        Err(FieldError::new("not_a_pair", "must be two different ids"))
    }
}

record! {
    /// What stands in the way of undoing a merge: what was changed since then.
    MergeBlocking {
        /// The members of the record that were taken from the other one and have another value now.
        fields: Vec<String> => [max_items(100), texts(100)],
        /// The assignments that moved.
        assignments: Vec<crate::id::AssignmentId> => [max_items(10_000)],
        /// The newer merges into the record, by the records that were merged. They are undone first.
        merges: Vec<PatientId> => [max_items(100)],
    }
}

impl MergeBlocking {
    /// Whether nothing does.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.assignments.is_empty() && self.merges.is_empty()
    }
}
