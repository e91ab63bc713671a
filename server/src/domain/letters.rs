//! The letters that are mailed, in plain text. A letter is written at the moment in which it is sent:
//! its code then begins to live, and lies nowhere but in the mail.

use chrono::TimeDelta;
use lettre::{
    Address, Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use shared::{
    UserId,
    account::{User, identifier_key},
};
use url::Host;

use super::codes::{self, Issued, Purpose};
use crate::{
    app::App,
    db::{Conn, users},
    error::Error,
    services::mail::Letter,
};

impl Letter {
    fn purpose(self) -> Purpose {
        match self {
            Self::Verification => Purpose::VerifyEmail,
            Self::PasswordReset => Purpose::SetPassword,
        }
    }

    /// How long its code lives.
    fn lifetime(self) -> TimeDelta {
        match self {
            Self::Verification => TimeDelta::days(3),
            Self::PasswordReset => TimeDelta::hours(1),
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::Verification => "Frontdesk: confirm your e-mail address",
            Self::PasswordReset => "Frontdesk: set a new password",
        }
    }

    fn occasion(self) -> &'static str {
        match self {
            Self::Verification => {
                "Somebody has given this e-mail address for an account with Frontdesk.\n\
                 To confirm that the address is yours, enter this code in the program:"
            }
            Self::PasswordReset => {
                "Somebody has asked for a new password for your account with Frontdesk.\n\
                 To set one, enter this code in the program:"
            }
        }
    }

    fn otherwise(self) -> &'static str {
        match self {
            Self::Verification => {
                "If it was not you, do nothing: the address is then not confirmed."
            }
            Self::PasswordReset => {
                "If it was not you, do nothing: your password then stays as it is."
            }
        }
    }
}

/// What a letter is written from.
pub(crate) struct Occasion<'a> {
    pub(crate) letter: Letter,
    /// The address for which it was asked.
    pub(crate) recipient: &'a str,
    pub(crate) message_id: &'a str,
    pub(crate) from: &'a Mailbox,
}

/// A letter.
pub(crate) struct Written {
    /// The mail, or why none can be made for this address.
    pub(crate) message: Result<Message, String>,
    /// Whose it is.
    pub(crate) user: UserId,
    /// The address it goes to: as the account has it, and not as somebody has typed it.
    pub(crate) recipient: String,
}

/// Writes a letter with a new code; nothing where no active account has the address, or where it is
/// confirmed already. A code is for the account as it is: with another address it is void.
pub(crate) async fn write(
    app: &App,
    conn: &mut Conn<'_>,
    occasion: &Occasion<'_>,
) -> Result<Option<Written>, Error> {
    let letter = occasion.letter;
    let Some(found) = users::find(conn, occasion.recipient).await? else { return Ok(None) };
    // Read again and kept until the end: a change of the address voids codes, and must not come
    // between.
    let Some(row) = users::lock(conn, found.user.id).await? else { return Ok(None) };
    let user = row.user;
    let Some(address) = user.email.clone() else { return Ok(None) };
    let is_theirs = identifier_key(&address) == identifier_key(occasion.recipient);
    let is_done = letter == Letter::Verification && user.email_verified;
    if !is_theirs || !user.is_active || is_done {
        return Ok(None);
    }
    let issued =
        codes::issue_to_mail(app, conn, &user, letter.purpose(), letter.lifetime()).await?;
    let message = compose(app, occasion, &user, &address, &issued);
    Ok(Some(Written { message, user: user.id, recipient: address }))
}

fn compose(
    app: &App,
    occasion: &Occasion<'_>,
    user: &User,
    address: &str,
    issued: &Issued,
) -> Result<Message, String> {
    let letter = occasion.letter;
    let zone = app.clock().zone();
    let mut text = format!(
        "{}\n\n    {}\n\nIt works once, until {} ({}).\nA newer code takes its place.\n{}\n",
        letter.occasion(),
        issued.code,
        issued.expires_at.with_timezone(&zone).format("%Y-%m-%d %H:%M"),
        zone.name(),
        letter.otherwise(),
    );
    if let Some(server) = &app.settings().public_url {
        text.push_str(&format!("\nServer: {server}\n"));
    }
    // A name says something to its owner alone. Whoever registers chooses it freely, and we would
    // carry it to any address.
    let name = Some(user.name.clone()).filter(|name| user.email_verified && !name.is_empty());
    let domain = occasion.from.email.domain();
    Message::builder()
        .from(occasion.from.clone())
        .to(Mailbox::new(name, deliverable(address)?))
        .subject(letter.subject())
        .date(app.clock().now().into())
        .message_id(Some(format!("<{}@{domain}>", occasion.message_id)))
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .header(ContentType::TEXT_PLAIN)
        .body(text)
        .map_err(|error| error.to_string())
}

/// The address as mail servers take it: with the domain in ASCII.
fn deliverable(address: &str) -> Result<Address, String> {
    let unusable = || "the address can't be written to".to_owned();
    let (user, domain) = address.rsplit_once('@').ok_or_else(unusable)?;
    let domain = match Host::parse(domain) {
        Ok(Host::Domain(domain)) => domain,
        _ => domain.to_owned(),
    };
    Address::new(user, domain).map_err(|_| unusable())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_written_in_ascii() {
        assert_eq!(deliverable("ana@exämple.org").unwrap().to_string(), "ana@xn--exmple-cua.org");
        assert_eq!(deliverable("Ana@Example.org").unwrap().to_string(), "Ana@example.org");
        assert!(deliverable("nobody").is_err());
    }
}
