//! The texts of mails, in plain text. A letter is written at the moment it is sent: its code
//! becomes valid then, and exists nowhere but in the mail.

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

    /// How long the code of the letter is valid.
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

    fn introduction(self) -> &'static str {
        match self {
            Self::Verification => {
                "This e-mail address was entered for a Frontdesk account.\n\
                 To confirm that the address is yours, enter this code in the program:"
            }
            Self::PasswordReset => {
                "A new password was requested for your Frontdesk account.\n\
                 To set one, enter this code in the program:"
            }
        }
    }

    fn closing(self) -> &'static str {
        match self {
            Self::Verification => {
                "If this was not you, ignore this mail. The address will not be confirmed."
            }
            Self::PasswordReset => {
                "If this was not you, ignore this mail. Your password will not change."
            }
        }
    }
}

/// What is needed to write a letter.
pub(crate) struct LetterRequest<'a> {
    pub(crate) letter: Letter,
    /// The e-mail address that was requested.
    pub(crate) recipient: &'a str,
    pub(crate) message_id: &'a str,
    pub(crate) from: &'a Mailbox,
}

/// A finished letter.
pub(crate) struct Written {
    /// The mail, or the reason why none can be sent to this address.
    pub(crate) message: Result<Message, String>,
    /// The user that it is for.
    pub(crate) user: UserId,
    /// The recipient's address as the account has it, which may differ from the requested spelling.
    pub(crate) recipient: String,
}

/// Writes a letter with a new code. Returns `None` where no active account has the address, or
/// where the address is already confirmed. The code becomes void if the address of the account
/// changes.
pub(crate) async fn write(
    app: &App,
    conn: &mut Conn<'_>,
    request: &LetterRequest<'_>,
) -> Result<Option<Written>, Error> {
    let letter = request.letter;
    let Some(found) = users::find(conn, request.recipient).await? else { return Ok(None) };
    // Read again and locked until the transaction ends: a change of the address voids the codes and
    // must not happen in between.
    let Some(row) = users::lock(conn, found.user.id).await? else { return Ok(None) };
    let user = row.user;
    let Some(address) = user.email.clone() else { return Ok(None) };
    let is_theirs = identifier_key(&address) == identifier_key(request.recipient);
    let is_done = letter == Letter::Verification && user.email_verified;
    if !is_theirs || !user.is_active || is_done {
        return Ok(None);
    }
    let issued =
        codes::issue_to_mail(app, conn, &user, letter.purpose(), letter.lifetime()).await?;
    let message = compose(app, request, &user, &address, &issued);
    Ok(Some(Written { message, user: user.id, recipient: address }))
}

fn compose(
    app: &App,
    request: &LetterRequest<'_>,
    user: &User,
    address: &str,
    issued: &Issued,
) -> Result<Message, String> {
    let letter = request.letter;
    let zone = app.clock().zone();
    let mut text = format!(
        "{}\n\n    {}\n\nThe code can be used once, until {} ({}).\nA newer code replaces it.\n{}\n",
        letter.introduction(),
        issued.code,
        issued.expires_at.with_timezone(&zone).format("%Y-%m-%d %H:%M"),
        zone.name(),
        letter.closing(),
    );
    if let Some(server) = &app.settings().public_url {
        text.push_str(&format!("\nServer: {server}\n"));
    }
    // The name is used only where the address is confirmed. Anyone can register with a chosen name
    // and somebody else's address, and the server would deliver that text.
    let name = Some(user.name.clone()).filter(|name| user.email_verified && !name.is_empty());
    let domain = request.from.email.domain();
    Message::builder()
        .from(request.from.clone())
        .to(Mailbox::new(name, deliverable(address)?))
        .subject(letter.subject())
        .date(app.clock().now().into())
        .message_id(Some(format!("<{}@{domain}>", request.message_id)))
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .header(ContentType::TEXT_PLAIN)
        .body(text)
        .map_err(|error| error.to_string())
}

/// The address in the form that mail servers accept, with the domain in ASCII.
fn deliverable(address: &str) -> Result<Address, String> {
    let unusable = || "no mail can be sent to this address".to_owned();
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
