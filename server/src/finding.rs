//! The result of a check: good, worth attention, or bad.

/// The state of a checked thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// In order.
    Good,
    /// The server works, but an operator should know.
    Warning,
    /// The server can't start or would fail.
    Bad,
}

/// The state of a checked thing, with a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The state.
    pub state: State,
    /// The sentence.
    pub detail: String,
}

impl Finding {
    /// A good state.
    pub fn good(detail: impl Into<String>) -> Self {
        Self { state: State::Good, detail: detail.into() }
    }

    /// A state that an operator should know about.
    pub fn warning(detail: impl Into<String>) -> Self {
        Self { state: State::Warning, detail: detail.into() }
    }

    /// A bad state.
    pub fn bad(detail: impl Into<String>) -> Self {
        Self { state: State::Bad, detail: detail.into() }
    }
}

impl From<Result<String, String>> for Finding {
    fn from(found: Result<String, String>) -> Self {
        match found {
            Ok(detail) => Self::good(detail),
            Err(sentence) => Self::bad(sentence),
        }
    }
}
