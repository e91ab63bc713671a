//! Whom the client talks to: a server somewhere, or the local desk.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use shared::account::Login;
use tui_core::{
    api::{Call, Failure, Reply},
    effect::FirstAdmin,
    msg::Desk,
};
use url::Url;

use crate::{
    args::Wish,
    client::{Certificate, Client, is_loopback},
    desk::{LocalDesk, Opening},
    settings::Settings,
};

/// How long the local desk is looked for after the window that served it has gone.
const TAKE_OVER: Duration = Duration::from_secs(6);
/// The pause between two tries.
const TAKE_OVER_PAUSE: Duration = Duration::from_millis(200);

/// Whom to talk to, as asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    /// A server at an address.
    Server(Url),
    /// The local desk.
    Local {
        /// Whether it is a throw-away desk with sample data.
        is_ephemeral: bool,
    },
}

/// Whom the client talks to.
pub(crate) struct Host {
    place: Place,
    certificate: Option<Certificate>,
    local: LocalDesk,
    settings: Mutex<Settings>,
    client: Mutex<Option<Link>>,
    /// Opening, setting up and connecting happen one after the other.
    turn: tokio::sync::Mutex<()>,
}

/// A client, and whether the local desk is what it talks to.
#[derive(Clone)]
struct Link {
    client: Arc<Client>,
    is_local: bool,
}

impl Host {
    /// Nobody yet.
    pub(crate) fn new(wish: Wish) -> Self {
        let is_ephemeral = matches!(wish.place, Place::Local { is_ephemeral: true });
        let is_registration_open = wish.settings.is_registration_open;
        Self {
            place: wish.place,
            certificate: wish.certificate,
            local: LocalDesk::new(wish.data, is_ephemeral, is_registration_open),
            settings: Mutex::new(wish.settings),
            client: Mutex::new(None),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// Opens what the program was started for.
    pub(crate) async fn start(&self) -> Desk {
        let _turn = self.turn.lock().await;
        let opened = match &self.place {
            Place::Server(url) => self.point_to(url.clone()).map(|()| elsewhere(url)),
            Place::Local { is_ephemeral } => self.open_local(*is_ephemeral).await,
        };
        opened.unwrap_or_else(|message| Desk::Failed { field: None, message })
    }

    /// Forgets the server elsewhere, and opens the local desk.
    pub(crate) async fn go_local(&self) -> Desk {
        let _turn = self.turn.lock().await;
        let is_remembered = {
            let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
            settings.server.is_some()
        };
        let forgotten = match is_remembered {
            true => self.remember(|settings| settings.server = None),
            false => Ok(()),
        };
        let opened = match forgotten {
            Ok(()) => self.open_local(false).await,
            Err(message) => Err(message),
        };
        opened.unwrap_or_else(|message| Desk::Failed { field: None, message })
    }

    async fn open_local(&self, is_ephemeral: bool) -> Result<Desk, String> {
        match self.local.open().await? {
            Opening::FirstStart { data } => Ok(Desk::FirstStart { data }),
            Opening::Ready { url, sample } => {
                let client = self.join_local(&url)?;
                let label = local_label();
                let Some((identifier, password)) = sample else {
                    return Ok(Desk::Ready { label, is_ephemeral, is_logged_in: false });
                };
                let login = Login {
                    identifier: identifier.clone(),
                    password: password.clone(),
                    device: None,
                };
                let is_logged_in = client.send(&Call::Login(login)).await.is_ok();
                Ok(Desk::Sample { label, is_logged_in, identifier, password })
            }
        }
    }

    /// Creates the first administrator of the local desk and logs in as that one.
    pub(crate) async fn set_up(&self, admin: FirstAdmin) -> Desk {
        let _turn = self.turn.lock().await;
        let url = match self.local.set_up(&admin).await {
            Ok(url) => url,
            Err(refusal) => return Desk::Failed { field: refusal.field, message: refusal.message },
        };
        // The desk works without it; only the choice would have to be made again.
        let _ = self.remember(|settings| {
            settings.is_registration_open = admin.is_registration_open;
        });
        match self.join_local(&url) {
            Ok(client) => {
                let login =
                    Login { identifier: admin.email, password: admin.password, device: None };
                let is_logged_in = client.send(&Call::Login(login)).await.is_ok();
                Desk::Ready { label: local_label(), is_ephemeral: false, is_logged_in }
            }
            Err(message) => Desk::Failed { field: None, message },
        }
    }

    /// Connects to a server elsewhere instead, and remembers it once it has answered.
    pub(crate) async fn connect(&self, text: &str) -> Desk {
        let _turn = self.turn.lock().await;
        self.try_to_connect(text)
            .await
            .unwrap_or_else(|message| Desk::Failed { field: Some("url".to_owned()), message })
    }

    async fn try_to_connect(&self, text: &str) -> Result<Desk, String> {
        let url = address(text)?;
        let client = Client::new(url.clone(), self.certificate.as_ref())?;
        client.send(&Call::Meta).await.map_err(|failure| match failure {
            Failure::Offline(sentence) | Failure::Unknown(sentence) => sentence,
            Failure::Garbled(_) | Failure::Expired => {
                "no Frontdesk server answers at this address".to_owned()
            }
            Failure::Problem(problem) => problem.detail,
        })?;
        self.remember(|settings| settings.server = Some(plain(&url)))?;
        self.talk_to(client, false);
        self.local.close().await;
        Ok(elsewhere(&url))
    }

    /// Sends a request. Where the window that served the local desk has gone, this one takes over
    /// (nothing was sent yet, or it was a read) and the request goes there.
    pub(crate) async fn call(&self, call: &Call) -> Result<Reply, Failure> {
        let Some(Link { client, is_local }) = self.link() else {
            return Err(Failure::Offline("the desk is not open yet".to_owned()));
        };
        let mut used = client.url();
        let mut answer = client.send(call).await;
        let since = Instant::now();
        while is_local && matches!(answer, Err(Failure::Offline(_))) && since.elapsed() < TAKE_OVER
        {
            let url = self.local.take_over().await.map_err(Failure::Offline)?;
            let url = Url::parse(&url).map_err(|e| Failure::Garbled(e.to_string()))?;
            if url == used {
                // Its window is just closing, or another one just opening it.
                tokio::time::sleep(TAKE_OVER_PAUSE).await;
            }
            used = url.clone();
            client.follow_to(url);
            answer = client.send(call).await;
        }
        answer
    }

    /// Stops serving, where this is the window that serves.
    pub(crate) async fn close(&self) {
        self.local.close().await;
    }

    fn join_local(&self, url: &str) -> Result<Arc<Client>, String> {
        let url = Url::parse(url).map_err(|e| format!("the local desk has no address: {e}"))?;
        let client = Client::new(url, None)?;
        self.talk_to(Arc::clone(&client), true);
        Ok(client)
    }

    fn point_to(&self, url: Url) -> Result<(), String> {
        let client = Client::new(url, self.certificate.as_ref())?;
        self.talk_to(client, false);
        Ok(())
    }

    fn talk_to(&self, client: Arc<Client>, is_local: bool) {
        let link = Link { client, is_local };
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(link);
    }

    fn link(&self) -> Option<Link> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, change: impl FnOnce(&mut Settings)) -> Result<(), String> {
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut settings);
        settings.save()
    }
}

fn elsewhere(url: &Url) -> Desk {
    Desk::Elsewhere { label: label(url), can_go_local: cfg!(feature = "embedded") }
}

fn local_label() -> String {
    "local desk".to_owned()
}

/// How a server is shown: its address, and that it can be overheard where it can.
fn label(url: &Url) -> String {
    let address = plain(url);
    if url.scheme() == "http" && !is_loopback(url) {
        return format!("{address} (not encrypted)");
    }
    address
}

/// An address as people write it.
fn plain(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// A server's address as somebody types it: without a scheme it is `https`, on this machine `http`.
///
/// Fails with one plain sentence.
pub(crate) fn address(text: &str) -> Result<Url, String> {
    let text = text.trim();
    let wrong = || format!("{text:?} is not an address like https://clinic.example:8000");
    let url = if text.contains("://") {
        Url::parse(text).map_err(|_| wrong())?
    } else {
        let local = Url::parse(&format!("http://{text}")).map_err(|_| wrong())?;
        if is_loopback(&local) {
            local
        } else {
            Url::parse(&format!("https://{text}")).map_err(|_| wrong())?
        }
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a server's address must not hold a name or a password".to_owned());
    }
    let mut url = url;
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_its_scheme() {
        let read = |text: &str| address(text).map(|url| url.to_string());
        assert_eq!(read("clinic.example"), Ok("https://clinic.example/".to_owned()));
        assert_eq!(read(" localhost:8000 "), Ok("http://localhost:8000/".to_owned()));
        assert_eq!(read("127.0.0.1:8000/desk?x#y"), Ok("http://127.0.0.1:8000/desk".to_owned()));
        assert_eq!(read("http://clinic:80/"), Ok("http://clinic/".to_owned()));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "ftp://clinic", "https://", "a b", "https://ana:secret@clinic"] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_connection_that_can_be_overheard_says_so() {
        assert!(label(&address("http://clinic.example").unwrap()).contains("not encrypted"));
        assert_eq!(label(&address("https://clinic.example").unwrap()), "https://clinic.example");
        assert_eq!(label(&address("localhost:8000").unwrap()), "http://localhost:8000");
    }
}
