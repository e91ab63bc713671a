//! Sending mail to a server that is down or busy, or that refuses the mail.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use server::config::Settings;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
};

use crate::{
    harness::{Backend, Server, on_both},
    mail::{WAITING, all_done, code, eventually, header, register, send_code, sql},
};

on_both! {
    a_mail_server_that_is_down_loses_no_mail_and_two_servers_send_each_once,
    a_permanently_refused_mail_is_not_retried,
    a_mail_refusal_is_logged_without_the_address,
    nothing_is_sent_in_the_clear_where_tls_is_required,
}

/// The behaviour of the test's mail server.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Busy,
    Takes,
    Refuses,
}

/// The mail server of a test.
struct Smtp {
    mood: Mutex<Mood>,
    refused: Mutex<usize>,
    taken: Mutex<Vec<String>>,
}

/// An address that is reserved, but on which nothing listens.
fn reserved() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

impl Smtp {
    fn start(socket: TcpSocket, mood: Mood) -> Arc<Self> {
        let server = Arc::new(Self {
            mood: Mutex::new(mood),
            refused: Mutex::default(),
            taken: Mutex::default(),
        });
        let listener = socket.listen(100).unwrap();
        let serving = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = Arc::clone(&serving);
                tokio::spawn(async move { drop(server.talk(stream).await) });
            }
        });
        server
    }

    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 mail.example.com\r\n").await?;
        let mut line = String::new();
        while stream.read_line(&mut line).await? > 0 {
            let verb = line.split([' ', '\r']).next().unwrap().to_uppercase();
            let mood = *self.mood.lock().unwrap();
            let answer = match (verb.as_str(), mood) {
                ("RCPT", Mood::Busy) => "451 4.7.1 try again later",
                ("RCPT", Mood::Refuses) => &format!("550 5.1.1 nobody here is {}", line.trim_end()),
                ("DATA", _) => {
                    stream.write_all(b"354 go on\r\n").await?;
                    let mut mail = String::new();
                    while !mail.ends_with("\r\n.\r\n") {
                        stream.read_line(&mut mail).await?;
                    }
                    self.taken.lock().unwrap().push(mail);
                    "250 taken"
                }
                _ => "250 mail.example.com",
            };
            if verb == "RCPT" && mood != Mood::Takes {
                *self.refused.lock().unwrap() += 1;
            }
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
            line.clear();
        }
        Ok(())
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

async fn a_mail_server_that_is_down_loses_no_mail_and_two_servers_send_each_once(backend: Backend) {
    const PEOPLE: usize = 12;
    let (socket, address) = reserved();
    let smtp_url = Some(format!("smtp://{address}"));
    let server = Server::start_with(backend, |settings| {
        settings.smtp_url = smtp_url.clone();
    })
    .await;
    let settings = Settings { smtp_url, ..server.place.settings() };
    let twin = Server::start_at(server.place.clone(), settings).await;
    for i in 0..PEOPLE {
        register(if i % 2 == 0 { &server } else { &twin }, &format!("{i}@example.com")).await;
    }
    let tried = "SELECT count(*) FROM outgoing_mail WHERE failure IS NOT NULL";
    eventually(async || (sql(&server.place, tried).await > 0).then_some(())).await;
    let smtp = Smtp::start(socket, Mood::Busy);
    // The clock advances by less than the lifetime of a claim, and only while no mail is being
    // sent.
    let go_on = async || {
        if sql(&server.place, "SELECT count(*) FROM outgoing_mail WHERE claim IS NOT NULL").await
            == 0
        {
            for server in [&server, &twin] {
                server.app.clock().advance(TimeDelta::minutes(4));
                server.app.mail().wake();
            }
        }
    };
    eventually(async || {
        go_on().await;
        (*smtp.refused.lock().unwrap() >= PEOPLE).then_some(())
    })
    .await;
    assert_eq!(smtp.taken().len(), 0);
    *smtp.mood.lock().unwrap() = Mood::Takes;
    eventually(async || {
        go_on().await;
        (sql(&server.place, WAITING).await == 0).then_some(())
    })
    .await;
    let mut mails = BTreeMap::new();
    for mail in smtp.taken() {
        let to = header(&mail, "To").to_owned();
        assert_eq!(mails.insert(to, mail), None, "a mail came twice");
    }
    assert_eq!(mails.len(), PEOPLE);
    send_code(&server, &code(&mails["7@example.com"])).await.expect_status(204);
}

async fn a_permanently_refused_mail_is_not_retried(backend: Backend) {
    let (socket, address) = reserved();
    let smtp = Smtp::start(socket, Mood::Refuses);
    let server = Server::start_with(backend, |settings| {
        settings.smtp_url = Some(format!("smtp://{address}?tls=none"));
    })
    .await;
    register(&server, "ana@example.com").await;
    all_done(&server).await;
    let failed = "SELECT count(*) FROM outgoing_mail WHERE state = 'failed' \
        AND failure LIKE '%nobody here is%' AND failure NOT LIKE '%ana@%'";
    assert_eq!(sql(&server.place, failed).await, 1);
    assert_eq!(*smtp.refused.lock().unwrap(), 1);
}

async fn a_mail_refusal_is_logged_without_the_address(backend: Backend) {
    let (socket, address) = reserved();
    let _smtp = Smtp::start(socket, Mood::Refuses);
    let server = Server::start_with(backend, |settings| {
        settings.smtp_url = Some(format!("smtp://{address}?tls=none"));
    })
    .await;
    register(&server, "Ana@exämple.org").await;
    all_done(&server).await;
    let failed = "SELECT count(*) FROM outgoing_mail WHERE state = 'failed' \
        AND failure LIKE '%nobody here is%the recipient%' \
        AND lower(failure) NOT LIKE '%ana@%' AND failure NOT LIKE '%xn--%'";
    assert_eq!(sql(&server.place, failed).await, 1);
}

async fn nothing_is_sent_in_the_clear_where_tls_is_required(backend: Backend) {
    let (socket, address) = reserved();
    let smtp = Smtp::start(socket, Mood::Takes);
    let server = Server::start_with(backend, |settings| {
        settings.smtp_url = Some(format!("smtp://{address}?tls=required"));
    })
    .await;
    register(&server, "ana@example.com").await;
    let tried = "SELECT count(*) FROM outgoing_mail WHERE state = 'waiting' \
        AND failure LIKE '%STARTTLS%'";
    eventually(async || (sql(&server.place, tried).await == 1).then_some(())).await;
    assert_eq!(smtp.taken().len(), 0);
}
