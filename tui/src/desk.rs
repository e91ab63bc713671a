//! The local desk: the server inside this process, or inside another one on this machine. The only
//! module that knows the `server` crate.

#[cfg(not(feature = "embedded"))]
#[path = "desk/absent.rs"]
mod local;
#[cfg(feature = "embedded")]
#[path = "desk/embedded.rs"]
mod local;

pub(crate) use local::LocalDesk;

/// How an attempt to open the local desk ends.
#[cfg_attr(not(feature = "embedded"), expect(dead_code, reason = "there is none to open"))]
pub(crate) enum Opening {
    /// There is no administrator yet.
    FirstStart {
        /// Where the data will lie.
        data: String,
    },
    /// It serves, here or in another process.
    Ready {
        /// Its address on the loopback interface.
        url: String,
        /// E-mail address and password of the sample administrator of a throw-away desk.
        sample: Option<(String, String)>,
    },
}

/// Why the local desk is not opened.
pub(crate) struct Refusal {
    /// The field of the form that is meant.
    pub(crate) field: Option<String>,
    /// One plain sentence.
    pub(crate) message: String,
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self { field: None, message }
    }
}
