//! Keys that make it safe to send a creation again.

/// Names one thing to be created. However often it is sent, the server creates it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key of this number in a run of the program, which a random number names.
    pub fn new(run: u128, number: u64) -> Self {
        Self(format!("{run:032x}-{number}"))
    }

    /// The key of one of several things that are created together.
    #[must_use]
    pub fn part(&self, number: usize) -> Self {
        Self(format!("{}.{number}", self.0))
    }

    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
