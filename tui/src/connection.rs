//! The connection to a server: one somewhere, or the local desk.

mod address;
mod share;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use shared::account::Login;
use tui_core::{
    api::{Call, Failure, Reply},
    copies::Copies,
    date::DateOrder,
    effect::FirstAdmin,
    live::Live,
    msg::Desk,
    session::{Session, SessionHandle},
};
use url::Url;

pub(crate) use self::address::address;
use self::address::{label, plain};
use crate::{
    args::LaunchOptions,
    client::{Certificate, Client, Handles},
    desk::{LocalDesk, Opening},
    devices::DeviceFile,
    settings::Settings,
};

/// How long the local desk is looked for after the window that served it has gone.
const TAKE_OVER: Duration = Duration::from_secs(6);
/// What the local desk is called.
const LOCAL: &str = "local desk";
/// What the throw-away desk is called.
const SAMPLE: &str = "sample desk";
/// The pause between two tries.
const TAKE_OVER_PAUSE: Duration = Duration::from_millis(200);

/// The server to connect to, as asked for.
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

/// The connection to the server in use, which can become another one while the program runs.
pub(crate) struct Connection {
    place: Place,
    certificate: Option<Certificate>,
    local: LocalDesk,
    /// The throw-away desk with sample data.
    sample: LocalDesk,
    settings: Mutex<Settings>,
    client: Mutex<Option<Link>>,
    /// Another address of the local desk, which nobody was told of yet.
    moved_to: Mutex<Option<Url>>,
    handles: Handles,
    devices: DeviceFile,
    /// What the local desk is called among the device tokens: its address may be another tomorrow.
    local_name: String,
    /// The folder of the local desk's data, where it is not the usual one.
    data: Option<String>,
    /// Opening, setting up and connecting happen one after the other.
    turn: tokio::sync::Mutex<()>,
}

/// A client, and the kind of server that it talks to.
#[derive(Clone)]
struct Link {
    client: Arc<Client>,
    with: With,
}

/// The kind of server that a client talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    /// A server elsewhere.
    Server,
    /// The local desk.
    Local,
    /// The throw-away desk.
    Sample,
}

impl Link {
    fn is_local(&self) -> bool {
        self.with == With::Local
    }
}

impl Connection {
    /// No server yet.
    pub(crate) fn new(wish: LaunchOptions) -> Self {
        let is_registration_open = wish.settings.is_registration_open;
        let devices = DeviceFile::in_folder(wish.settings.folder());
        let data = wish.data.as_deref().and_then(|data| std::path::absolute(data).ok());
        let data = data.map(|data| data.display().to_string());
        let local_name = data.clone().unwrap_or_else(|| LOCAL.to_owned());
        Self {
            devices,
            local_name,
            data,
            place: wish.place,
            certificate: wish.certificate,
            local: LocalDesk::new(wish.data, wish.backup_dir, false, is_registration_open),
            sample: LocalDesk::new(None, None, true, false),
            settings: Mutex::new(wish.settings),
            client: Mutex::new(None),
            moved_to: Mutex::new(None),
            handles: Handles::default(),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// The order of day and month in dates that are typed.
    pub(crate) fn date_order(&self) -> DateOrder {
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        if settings.is_month_first { DateOrder::MonthFirst } else { DateOrder::DayFirst }
    }

    /// The name with which somebody has logged in last; empty if there is none.
    pub(crate) fn last_login(&self) -> String {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).last_login.clone()
    }

    /// Remembers the name with which somebody has logged in.
    ///
    /// Fails with a sentence.
    pub(crate) fn remember_login(&self, name: String) -> Result<(), String> {
        self.remember(|settings| settings.last_login = name)
    }

    /// The wait after which a desk that nobody uses is locked, if it is.
    pub(crate) fn lock_after(&self) -> Option<Duration> {
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let minutes = settings.lock_after_minutes;
        (minutes > 0).then(|| Duration::from_secs(u64::from(minutes) * 60))
    }

    /// Opens what the program was started for.
    pub(crate) async fn start(&self) -> Desk {
        let _turn = self.turn.lock().await;
        let opened = match &self.place {
            Place::Server(url) => self.point_to(url.clone()).map(|()| elsewhere(url)),
            Place::Local { is_ephemeral: true } => self.open_sample(false).await,
            Place::Local { is_ephemeral: false } => self.open_local().await,
        };
        opened.unwrap_or_else(|message| Desk::Failed { field: None, message })
    }

    /// Opens a throw-away desk with sample people, from which the local one can be set up.
    pub(crate) async fn look_around(&self) -> Desk {
        let _turn = self.turn.lock().await;
        let opened = self.open_sample(true).await;
        opened.unwrap_or_else(|message| Desk::Failed { field: None, message })
    }

    /// Forgets the server elsewhere, closes the throw-away desk, and opens the local desk.
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
            Ok(()) => {
                self.sample.close().await;
                self.open_local().await
            }
            Err(message) => Err(message),
        };
        opened.unwrap_or_else(|message| Desk::Failed { field: None, message })
    }

    async fn open_local(&self) -> Result<Desk, String> {
        match self.local.open().await? {
            Opening::FirstStart { data } => Ok(Desk::FirstStart { data }),
            Opening::Ready { url, .. } => {
                self.join_local(&url)?;
                let label = local_label(&url);
                Ok(Desk::Ready { label, is_ephemeral: false, session: None })
            }
        }
    }

    async fn open_sample(&self, can_go_local: bool) -> Result<Desk, String> {
        let Opening::Ready { url, sample: Some((identifier, password)) } =
            self.sample.open().await?
        else {
            return Err("the desk with sample people can't be opened".to_owned());
        };
        let url = Url::parse(&url).map_err(|e| format!("the desk has no address: {e}"))?;
        // A throw-away desk gives no device token that is worth keeping.
        let devices = DeviceFile::default().at(SAMPLE);
        let client = Client::new(url, None, &self.handles, devices)?;
        self.talk_to(Arc::clone(&client), With::Sample);
        let (name, secret) = (identifier.clone(), password.clone());
        let login = Login { identifier: name, password: secret, device: None };
        let session = log_in(&client, login).await;
        Ok(Desk::Sample { label: SAMPLE.to_owned(), session, identifier, password, can_go_local })
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
                let session = log_in(&client, login).await;
                Desk::Ready { label: local_label(&url), is_ephemeral: false, session }
            }
            Err(message) => Desk::Failed { field: None, message },
        }
    }

    /// What is known of the copies of the local desk's data, where that desk is used. It reads a folder.
    pub(crate) fn copies(&self) -> Option<Copies> {
        let is_local = self.link().is_some_and(|link| link.is_local());
        if is_local { self.local.copies() } else { None }
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
        let client = self.client_of(url.clone())?;
        client.send(&Call::Meta, None).await.map_err(|failure| match failure {
            Failure::Offline(sentence) | Failure::Unknown(sentence) => sentence,
            Failure::Garbled(_) | Failure::Expired => {
                "no Frontdesk server answers at this address".to_owned()
            }
            Failure::Problem(problem) => problem.detail,
        })?;
        self.remember(|settings| settings.server = Some(plain(&url)))?;
        self.talk_to(client, With::Server);
        self.local.close().await;
        Ok(elsewhere(&url))
    }

    /// Sends a request in this session. Where the window that served the local desk has gone, this one
    /// takes over (nothing was sent yet, or it was a read) and the request goes there.
    pub(crate) async fn call(
        &self,
        call: &Call,
        session: Option<SessionHandle>,
    ) -> Result<Reply, Failure> {
        let Some(link) = self.link() else {
            return Err(Failure::Offline("the desk is not open yet".to_owned()));
        };
        let (is_local, client) = (link.is_local(), link.client);
        let mut used = client.url();
        let mut answer = client.send(call, session).await;
        let since = Instant::now();
        while is_local && matches!(answer, Err(Failure::Offline(_))) && since.elapsed() < TAKE_OVER
        {
            let url = self.local.take_over().await.map_err(Failure::Offline)?;
            let url = Url::parse(&url).map_err(|e| Failure::Garbled(e.to_string()))?;
            if url == used {
                // Its window is just closing, or another one just opening it.
                tokio::time::sleep(TAKE_OVER_PAUSE).await;
            }
            if url != used {
                *self.moved_to.lock().unwrap_or_else(PoisonError::into_inner) = Some(url.clone());
            }
            used = url.clone();
            client.follow_to(url);
            answer = client.send(call, session).await;
        }
        answer
    }

    /// The local desk's new address, where [`call`](Self::call) has followed it to one.
    pub(crate) fn moved(&self) -> Option<Desk> {
        let url = self.moved_to.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let is_local = self.link().is_some_and(|link| link.is_local());
        is_local.then(|| Desk::Moved { label: local_label(&plain(&url)) })
    }

    /// The address of the server in use, for programs.
    pub(crate) fn address(&self) -> Option<String> {
        self.link().map(|link| plain(&link.client.url()))
    }

    /// Tells the changes that the server reports to a session. Returns whether the session is over; there is
    /// nothing to hear without a server.
    pub(crate) async fn listen(&self, session: SessionHandle, tell: impl FnMut(Vec<Live>)) -> bool {
        let Some(Link { client, .. }) = self.link() else { return false };
        client.listen(session, tell).await;
        true
    }

    /// Ends a session, whether the server can be told or not.
    pub(crate) async fn end_session(&self, session: SessionHandle) {
        if let Some(Link { client, .. }) = self.link() {
            client.end_session(session).await;
        }
    }

    /// Stops serving, where this is the window that serves.
    pub(crate) async fn close(&self) {
        self.sample.close().await;
        self.local.close().await;
    }

    fn join_local(&self, url: &str) -> Result<Arc<Client>, String> {
        let url = Url::parse(url).map_err(|e| format!("the local desk has no address: {e}"))?;
        if let Some(Link { client, with: With::Local }) = self.link() {
            // The same desk: whoever is logged in there stays so.
            client.follow_to(url);
            return Ok(client);
        }
        let devices = self.devices.at(self.local_name.as_str());
        let client = Client::new(url, None, &self.handles, devices)?;
        self.talk_to(Arc::clone(&client), With::Local);
        Ok(client)
    }

    fn point_to(&self, url: Url) -> Result<(), String> {
        let client = self.client_of(url)?;
        self.talk_to(client, With::Server);
        Ok(())
    }

    /// A client for a server elsewhere.
    fn client_of(&self, url: Url) -> Result<Arc<Client>, String> {
        let devices = self.devices.at(plain(&url));
        Client::new(url, self.certificate.as_ref(), &self.handles, devices)
    }

    fn talk_to(&self, client: Arc<Client>, with: With) {
        let link = Link { client, with };
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

/// Logs in; `None` where that does not work, and somebody has to.
async fn log_in(client: &Arc<Client>, login: Login) -> Option<Box<Session>> {
    match client.send(&Call::Login(login), None).await {
        Ok(Reply::SignedIn(session)) => Some(session),
        _ => None,
    }
}

fn elsewhere(url: &Url) -> Desk {
    Desk::Elsewhere { label: label(url), can_go_local: cfg!(feature = "embedded") }
}

/// How the local desk is shown: with its port, so that programs can use the API.
fn local_label(url: &str) -> String {
    let address = url.strip_prefix("http://").unwrap_or(url);
    format!("{LOCAL} at {address}")
}
