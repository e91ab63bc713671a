//! Where mail goes: to a mail server by SMTP, or as files into the outbox folder.

use std::{
    io::Write,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::config::{Database, Settings, make_private_folder};

/// How long a mail server may take for one step.
const STEP_TIME: Duration = Duration::from_secs(20);
/// How long it may take for a whole mail. Less than a claim lasts: see `domain::mail`.
const SEND_TIME: Duration = Duration::from_secs(90);

/// What carries mail away.
pub struct Post {
    way: Way,
    from: Mailbox,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Outbox(PathBuf),
}

/// Why a mail could not be handed over.
#[derive(Debug)]
pub enum Failure {
    /// Nobody is there who takes mail, so another one need not be tried now.
    Away(String),
    /// This one is not taken now.
    Later(String),
    /// This one will never be taken.
    Never(String),
}

impl Post {
    /// Reads what the settings say about mail; nothing is connected or made yet.
    ///
    /// Fails with one sentence for the operator, without the password that an address may hold.
    pub fn open(settings: &Settings, database: &Database) -> Result<Self, String> {
        let way = match &settings.smtp_url {
            Some(url) => Way::Smtp(smtp(url).map_err(|why| format!("the SMTP URL {why}"))?),
            None => Way::Outbox(settings.outbox(database)?),
        };
        let domain = match settings.public_url.as_ref().and_then(Url::host) {
            Some(Host::Domain(domain)) => domain.to_owned(),
            _ => "localhost".to_owned(),
        };
        let from = match &settings.mail_from {
            Some(from) => from.clone(),
            None => format!("Frontdesk <frontdesk@{domain}>"),
        };
        let from = from.parse().map_err(|_| {
            format!("the sender {from:?} is no e-mail address: say Frontdesk <desk@clinic.example>")
        })?;
        Ok(Self { way, from })
    }

    /// Who sends the mail.
    pub fn from(&self) -> &Mailbox {
        &self.from
    }

    /// The outbox folder, where mail goes there.
    pub fn outbox(&self) -> Option<&Path> {
        match &self.way {
            Way::Smtp(_) => None,
            Way::Outbox(folder) => Some(folder),
        }
    }

    /// Hands one mail over. `name` is the one of its file in the outbox.
    pub async fn send(&self, message: Message, name: &str) -> Result<(), Failure> {
        match &self.way {
            Way::Smtp(server) => {
                let recipients = message.envelope().to();
                let is_ascii = recipients.iter().all(|to| AsRef::<str>::as_ref(to).is_ascii());
                match tokio::time::timeout(SEND_TIME, server.send(message)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) => Err(judge(&error, is_ascii)),
                    Err(_) => Err(Failure::Away("the mail server took too long".to_owned())),
                }
            }
            Way::Outbox(folder) => {
                let (folder, name) = (folder.clone(), format!("{name}.eml"));
                let put = move || put(&folder, &name, &message.formatted());
                let done = tokio::task::spawn_blocking(put).await;
                done.map_err(|error| error.to_string()).flatten().map_err(Failure::Away)
            }
        }
    }
}

/// What a mail server's refusal means.
fn judge(error: &SmtpError, is_ascii: bool) -> Failure {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    let code = error.status().map(|code| code.to_string()).unwrap_or_default();
    // 53x is about who we are (RFC 4954): a wrong password must not cost anybody their mail.
    if error.is_permanent() && !code.starts_with("53") {
        return Failure::Never(text);
    }
    // Such an address needs a server that knows SMTPUTF8. All else that our own side finds missing
    // (TLS, a way to log in) is for the operator to set right, and the mail waits for it.
    if error.is_client() && !is_ascii {
        return Failure::Never(text);
    }
    // 421 is a server that goes away.
    if error.is_transient() && code != "421" { Failure::Later(text) } else { Failure::Away(text) }
}

/// Reads `smtps://USER:PASSWORD@HOST:PORT` or `smtp://…`. The latter turns to TLS with STARTTLS, or
/// fails; in the clear it is only on this machine, or where `?tls=none` says so.
fn smtp(text: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let shape = "has to be like smtps://USER:PASSWORD@mail.example.com";
    let url = Url::parse(text).map_err(|_| shape.to_owned())?;
    let host = url.host().ok_or(shape)?.to_owned();
    let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    if !["", "/"].contains(&url.path()) || url.fragment().is_some() {
        return Err(shape.to_owned());
    }
    let parameters = || TlsParameters::new(name.clone()).map_err(|error| error.to_string());
    let (tls, port) = match (url.scheme(), url.query()) {
        ("smtps", None) => (Tls::Wrapper(parameters()?), 465),
        ("smtp", Some("tls=none")) => (Tls::None, 25),
        ("smtp", None) if is_here(&host) => (Tls::None, 25),
        ("smtp", None | Some("tls=required")) => (Tls::Required(parameters()?), 587),
        ("smtp" | "smtps", Some(_)) => {
            return Err("may end in ?tls=required or ?tls=none and nothing else, and only after \
                 smtp://"
                .to_owned());
        }
        _ => return Err(shape.to_owned()),
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(name)
        .tls(tls)
        .port(url.port().unwrap_or(port))
        .timeout(Some(STEP_TIME));
    let plain = |part: &str| {
        let decoded = percent_decode_str(part).decode_utf8();
        decoded.map(String::from).map_err(|_| "has a login that is not UTF-8".to_owned())
    };
    Ok(match (url.username(), url.password()) {
        ("", None) => builder.build(),
        (user, password) => {
            let password = plain(password.unwrap_or_default())?;
            builder.credentials(Credentials::new(plain(user)?, password)).build()
        }
    })
}

/// Whether a host is this machine.
fn is_here(host: &Host<String>) -> bool {
    match host {
        // An unknown scheme's addresses are read as names.
        Host::Domain(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Puts a file into the outbox: under another name first, so that nobody finds half a mail.
fn put(folder: &Path, name: &str, mail: &[u8]) -> Result<(), String> {
    make_private_folder(folder)?;
    let failed = |error: std::io::Error| format!("can't write into {}: {error}", folder.display());
    // Such a file is readable by its owner alone.
    let mut file = tempfile::Builder::new().prefix(".").tempfile_in(folder).map_err(failed)?;
    file.write_all(mail).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(folder.join(name)).map_err(|error| failed(error.error))?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn mail_servers_are_named_by_urls() {
        for good in [
            "smtps://mail.example.com",
            "smtps://ana%40example.com:p%2Fw@mail.example.com:4650/",
            "smtp://mail.example.com",
            "smtp://mail.example.com:25?tls=required",
            "smtp://relay.lan?tls=none",
            "smtp://127.0.0.1:2525",
            "smtp://[::1]:2525",
        ] {
            assert!(smtp(good).is_ok(), "{good}: {:?}", smtp(good).err());
        }
        for bad in [
            "mail.example.com",
            "http://mail.example.com",
            "smtp://",
            "smtp:mail.example.com",
            "smtp://mail.example.com?tls=maybe",
            "smtps://mail.example.com?tls=none",
            "smtp://mail.example.com/inbox",
            "smtp://mail.example.com:99999",
        ] {
            assert!(smtp(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear_unasked() {
        let host = |url: &str| Url::parse(url).unwrap().host().unwrap().to_owned();
        for here in ["smtp://localhost", "smtp://127.0.0.1:25", "smtp://[::1]"] {
            assert!(is_here(&host(here)), "{here}");
        }
        for elsewhere in ["smtp://localhost.example.com", "smtp://10.0.0.1", "smtp://[fe80::1]"] {
            assert!(!is_here(&host(elsewhere)), "{elsewhere}");
        }
    }

    #[test]
    fn a_sender_is_given_or_follows_from_the_public_address() {
        let database = Database::Sqlite("/data/desk.sqlite".into());
        let from = |mail_from: Option<&str>, public: Option<&str>| {
            let mail_from = mail_from.map(str::to_owned);
            let public_url = public.map(|url| url.parse().unwrap());
            let settings = Settings { mail_from, public_url, ..Settings::defaults() };
            Post::open(&settings, &database).map(|post| post.from().to_string())
        };
        let public = Some("https://desk.clinic.example/");
        assert_eq!(from(None, None).unwrap(), "Frontdesk <frontdesk@localhost>");
        assert_eq!(from(None, public).unwrap(), "Frontdesk <frontdesk@desk.clinic.example>");
        assert_eq!(from(Some("a@b.example"), public).unwrap(), "a@b.example");
        assert!(from(Some("Práctica <a@b.example>"), None).is_ok());
        for bad in ["", "nobody", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example"] {
            assert!(from(Some(bad), None).is_err(), "{bad:?}");
        }
    }
}
