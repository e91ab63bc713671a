//! The transport of mail: by SMTP to a mail server, or as files into the outbox folder.

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

/// The deadline of one SMTP step.
const STEP_TIME: Duration = Duration::from_secs(20);
/// The deadline of a whole mail. It is shorter than the claim of `domain::delivery`.
const SEND_TIME: Duration = Duration::from_secs(90);

/// Transports mail.
pub struct Mailer {
    way: Way,
    from: Mailbox,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Outbox(PathBuf),
}

/// The reason why a mail could not be sent.
#[derive(Debug)]
pub enum Failure {
    /// The mail server is not available, so no other mail needs to be tried now.
    Away(String),
    /// The mail server does not accept this mail now.
    Later(String),
    /// The mail server will never accept this mail.
    Never(String),
}

impl Mailer {
    /// Reads the settings for mail. It neither connects nor creates anything yet.
    ///
    /// Fails with a sentence for the operator, without the password that the URL may hold.
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
            format!(
                "the sender {from:?} is not an e-mail address: write it like \
                 Frontdesk <desk@clinic.example>"
            )
        })?;
        Ok(Self { way, from })
    }

    /// The sender of all mails.
    pub fn from(&self) -> &Mailbox {
        &self.from
    }

    /// The outbox folder; `None` where mail is sent by SMTP.
    pub fn outbox(&self) -> Option<&Path> {
        match &self.way {
            Way::Smtp(_) => None,
            Way::Outbox(folder) => Some(folder),
        }
    }

    /// Sends a mail. `name` is its file name in the outbox, without the ending.
    pub async fn send(&self, message: Message, name: &str) -> Result<(), Failure> {
        match &self.way {
            Way::Smtp(server) => {
                let recipients = message.envelope().to();
                let is_ascii = recipients.iter().all(|to| AsRef::<str>::as_ref(to).is_ascii());
                match tokio::time::timeout(SEND_TIME, server.send(message)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) => Err(validate(&error, is_ascii)),
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

/// Classifies an error of a mail server.
fn validate(error: &SmtpError, is_ascii: bool) -> Failure {
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
    // 53x codes are about the server's own login (RFC 4954): a wrong password in the settings must
    // not lose mail.
    if error.is_permanent() && !code.starts_with("53") {
        return Failure::Never(text);
    }
    // Such an address needs a server with SMTPUTF8. All other errors on the client's side (TLS, the
    // login method) have to be fixed by the operator, and the mail waits for that.
    if error.is_client() && !is_ascii {
        return Failure::Never(text);
    }
    // 421 means that the mail server is shutting down.
    if error.is_transient() && code != "421" { Failure::Later(text) } else { Failure::Away(text) }
}

/// Parses `smtps://USER:PASSWORD@HOST:PORT` or `smtp://…`. The latter uses STARTTLS or fails. An
/// unencrypted connection is made only to this machine, or where `?tls=none` demands it.
fn smtp(text: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let shape = "must look like smtps://USER:PASSWORD@mail.example.com";
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
            return Err("may only end in ?tls=required or ?tls=none, and only if it begins with \
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
        // In a URL with an unknown scheme, IPv4 addresses are parsed as names.
        Host::Domain(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Writes a file into the outbox, under a temporary name first, so that no reader finds half a
/// mail.
fn put(folder: &Path, name: &str, mail: &[u8]) -> Result<(), String> {
    make_private_folder(folder)?;
    let failed = |error: std::io::Error| format!("can't write into {}: {error}", folder.display());
    // Temporary files are readable by their owner only.
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
    fn mail_is_sent_unencrypted_only_to_this_machine() {
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
            Mailer::open(&settings, &database).map(|mailer| mailer.from().to_string())
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
