//! The server that is measured against: a real one over a throw-away database, behind a gate that can be
//! shut.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use server::{
    api::http::connections,
    config::{Database, Settings},
    domain::upgrade,
    sample,
};
use tokio::runtime::Runtime;

/// A server with sample patients.
pub(crate) struct Desk {
    runtime: Runtime,
    address: SocketAddr,
    gate: Arc<Gate>,
    /// The administrator's e-mail address and password.
    pub(crate) login: (String, String),
    /// Where clients find it: the address of the gate.
    pub(crate) url: String,
}

impl Desk {
    /// Makes so many patients in a folder and serves them.
    pub(crate) fn start(folder: &Path, patients: usize) -> Self {
        let runtime = Runtime::new().unwrap();
        let database = Database::Sqlite(folder.join("desk.sqlite"));
        let (login, address) = runtime.block_on(async {
            let listener = connections::listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
            let address = listener.local_addr().unwrap();
            let settings = Settings {
                listen: address,
                jwt_secret: Some("a secret for measurements, of no use elsewhere".to_owned()),
                ..Settings::defaults()
            };
            let app = upgrade::open_on(settings, &database).await.unwrap();
            let login = sample::create(&app, patients).await.unwrap();
            tokio::spawn(async move {
                connections::serve(&app, listener, std::future::pending::<()>()).await
            });
            (login, address)
        });
        let (gate, url) = Gate::before(address);
        Self { runtime, address, gate, login, url }
    }

    /// Does something while the server accepts everything and answers nothing.
    pub(crate) fn hanging<T>(&self, work: impl FnOnce() -> T) -> T {
        self.gate.set(true);
        let done = work();
        self.gate.set(false);
        done
    }

    /// Does something while the first patients of the list are changed in turn, so many times a second.
    /// Answers how many changes there were, too.
    pub(crate) fn changing<T>(&self, per_second: u32, work: impl FnOnce() -> T) -> (T, usize) {
        let is_over = Arc::new(AtomicBool::new(false));
        let changes = Changes {
            base: format!("http://{}", self.address),
            login: self.login.clone(),
            is_over: Arc::clone(&is_over),
        };
        let (begun, has_begun) = std::sync::mpsc::channel();
        let changing = self.runtime.spawn(changes.make(per_second, begun));
        has_begun.recv().unwrap();
        let done = work();
        is_over.store(true, Ordering::Relaxed);
        (done, self.runtime.block_on(changing).unwrap())
    }
}

/// Somebody who changes patients without a pause.
struct Changes {
    base: String,
    login: (String, String),
    is_over: Arc<AtomicBool>,
}

impl Changes {
    async fn make(self, per_second: u32, begun: std::sync::mpsc::Sender<()>) -> usize {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let login = json!({"email": self.login.0, "password": self.login.1});
        let login = http.post(format!("{}/api/auth/login", self.base)).json(&login);
        let session: Value = login.send().await.unwrap().json().await.unwrap();
        let token = session["access"].as_str().unwrap().to_owned();
        let list = http.get(format!("{}/api/patients?page_size=20", self.base));
        let list: Value = list.bearer_auth(&token).send().await.unwrap().json().await.unwrap();
        let mut patients: Vec<(i64, i64)> = list["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["id"].as_i64().unwrap(), it["version"].as_i64().unwrap()))
            .collect();
        let mut pace = tokio::time::interval(Duration::from_secs(1) / per_second);
        let mut count = 0;
        begun.send(()).unwrap();
        while !self.is_over.load(Ordering::Relaxed) {
            pace.tick().await;
            let at = count % patients.len();
            let (id, version) = patients[at];
            let answer = http
                .patch(format!("{}/api/patients/{id}", self.base))
                .bearer_auth(&token)
                .header("if-match", format!("\"{version}\""))
                .json(&json!({"city": format!("Town {count}")}))
                .send()
                .await
                .unwrap();
            let changed: Value = answer.error_for_status().unwrap().json().await.unwrap();
            patients[at].1 = changed["version"].as_i64().unwrap();
            count += 1;
        }
        count
    }
}

/// Passes bytes on in both directions, unless it is shut.
struct Gate {
    is_shut: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    /// A gate before this address, and its own address.
    fn before(server: SocketAddr) -> (Arc<Self>, String) {
        let gate = Arc::new(Self { is_shut: Mutex::new(false), changed: Condvar::new() });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::clone(&gate);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect(server).unwrap();
                for (from, to) in [(&client, &server), (&server, &client)] {
                    from.set_nodelay(true).unwrap();
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let gate = Arc::clone(&shared);
                    thread::spawn(move || gate.pass(from, to));
                }
            }
        });
        (gate, url)
    }

    fn set(&self, is_shut: bool) {
        *self.is_shut.lock().unwrap() = is_shut;
        self.changed.notify_all();
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = vec![0; 64 * 1024];
        loop {
            let read = from.read(&mut bytes).unwrap_or(0);
            let is_shut = self.is_shut.lock().unwrap();
            drop(self.changed.wait_while(is_shut, |is_shut| *is_shut).unwrap());
            if read == 0 || to.write_all(&bytes[..read]).is_err() {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
        }
    }
}
