//! The pair of tokens. Without `Debug` and `Display`: it can't get into a log or onto a screen.

/// An access token and the refresh token that came with it.
#[derive(Clone)]
pub(super) struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    /// A pair as the server gave it.
    pub(super) fn new(access: String, refresh: String) -> Self {
        Self { access, refresh }
    }

    /// Goes into `Authorization`.
    pub(super) fn access(&self) -> &str {
        &self.access
    }

    /// Gets the next pair.
    pub(super) fn refresh(&self) -> &str {
        &self.refresh
    }

    /// Whether both are the same pair.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.access == other.access
    }
}
