//! What a look at one thing has found: in order, worth a look, or wrong.

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// In order.
    Good,
    /// The server works, but an operator should know.
    Warning,
    /// The server can't start or would fail.
    Bad,
}

/// How a thing is, with a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub state: State,
    /// What was found.
    pub detail: String,
}

impl Finding {
    /// Something in order.
    pub fn good(detail: impl Into<String>) -> Self {
        Self { state: State::Good, detail: detail.into() }
    }

    /// Something that an operator should know.
    pub fn warning(detail: impl Into<String>) -> Self {
        Self { state: State::Warning, detail: detail.into() }
    }

    /// Something wrong.
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
