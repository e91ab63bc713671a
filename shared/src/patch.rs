//! A member of a change: absent, `null` or a value.

use serde::{Serialize, Serializer};

/// The change of one member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The member is absent: the stored value stays.
    #[default]
    Absent,
    /// The member is `null`: the stored value is cleared.
    Null,
    /// The member has a value, which is stored.
    Value(T),
}

impl<T> Patch<T> {
    /// Whether the member is absent.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// A reference to the value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The value, if there is one.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Turns an absent member into a cleared one, because a replacement clears what it does not
    /// name.
    pub fn clear_absent(&mut self) {
        if self.is_absent() {
            *self = Self::Null;
        }
    }
}

impl<T: Clone> Patch<T> {
    /// Applies the change to a stored value.
    pub fn apply(&self, stored: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *stored = None,
            Self::Value(value) => *stored = Some(value.clone()),
        }
    }

    /// Applies the change to a member that always has a value. `null` stores `cleared`. Where
    /// `cleared` is `None`, the stored value stays and the result is `false`.
    pub fn apply_or(&self, stored: &mut T, cleared: Option<T>) -> bool {
        let laid = match self {
            Self::Absent => return true,
            Self::Null => cleared,
            Self::Value(value) => Some(value.clone()),
        };
        let is_stored = laid.is_some();
        *stored = laid.unwrap_or_else(|| stored.clone());
        is_stored
    }
}

impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}
