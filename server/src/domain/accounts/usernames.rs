//! Usernames that the server chooses. Every account has a name or a username by which it is shown,
//! because an e-mail address is not shown to everybody. An account that is created without either
//! gets the part of its e-mail address before the `@` as its username.

use shared::{
    account::{USERNAME_MAX, username},
    text::{self, Lines},
};

use super::account::{is_taken, unique};
use crate::{
    db::{
        Conn,
        users::{self, NewUser, UserRow},
    },
    error::Error,
};

/// The username if an e-mail address has no usable characters.
const NO_NAME: &str = "account";

/// Inserts an account, with a generated username if it has neither a username nor a name.
///
/// Fails if the e-mail address or the username belongs to another account.
pub(crate) async fn insert(conn: &mut Conn<'_>, new: NewUser<'_>) -> Result<UserRow, Error> {
    let has_name = new.username.or(new.first_name).or(new.last_name).is_some();
    let Some(email) = new.email.filter(|_| !has_name) else {
        let made = users::insert(conn, new).await.map_err(unique)?;
        return made.ok_or_else(|| Error::Conflict(is_taken("username")));
    };
    loop {
        let username = free(conn, email).await?;
        let new = NewUser { username: Some(&username), ..new };
        // A concurrent request may take the username first. Then the next free one is tried.
        if let Some(row) = users::insert(conn, new).await.map_err(unique)? {
            return Ok(row);
        }
    }
}

/// A free username for the owner of an e-mail address that no account has, with a number if the
/// plain form is taken.
pub(crate) async fn free(conn: &mut Conn<'_>, email: &str) -> Result<String, Error> {
    let base = of_email(email);
    if users::find(conn, &base).await?.is_none() {
        return Ok(base);
    }
    // The number is doubled until it is free and then halved, so that many similar usernames cost
    // few lookups.
    let (mut taken, mut free) = (1_u64, 2_u64);
    while users::find(conn, &numbered(&base, free)).await?.is_some() {
        (taken, free) = (free, free.saturating_mul(2));
    }
    while free - taken > 1 {
        let middle = taken.midpoint(free);
        match users::find(conn, &numbered(&base, middle)).await? {
            Some(_) => taken = middle,
            None => free = middle,
        }
    }
    Ok(numbered(&base, free))
}

/// The part of an e-mail address before the `@`, without characters that a username may not have.
fn of_email(email: &str) -> String {
    let local = email.rsplit_once('@').map_or(email, |(local, _)| local);
    let kept = local.chars().filter(|c| username(c.encode_utf8(&mut [0; 4])).is_ok());
    let kept: String = kept.take(USERNAME_MAX).collect();
    let cleaned = text::clean(&kept, Lines::One, USERNAME_MAX);
    let cleaned = cleaned.and_then(|cleaned| username(&cleaned)).unwrap_or_default();
    if text::is_visible(&cleaned) { cleaned } else { NO_NAME.to_owned() }
}

/// The base with a number appended, within the maximum length of a username.
fn numbered(base: &str, number: u64) -> String {
    let number = number.to_string();
    let room = USERNAME_MAX.saturating_sub(number.len());
    base.chars().take(room).chain(number.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_before_the_at_is_made_to_fit_the_rules_of_usernames() {
        let long = "x".repeat(64);
        for (email, expected) in [
            ("Ana.Gomez+desk@example.com", "Ana.Gomez+desk"),
            ("josé@example.com", "josé"),
            ("a\u{ff20}b@example.com", "ab"),
            ("a\u{200b}b@example.com", "ab"),
            ("\u{ff20}\u{200d}@example.com", "account"),
            ("\u{3164}@example.com", "account"),
            (&format!("{long}@example.com"), &long[..60]),
        ] {
            let made = of_email(email);
            assert_eq!(made, expected, "{email}");
            assert_eq!(username(&made).as_deref(), Ok(expected), "{email}");
        }
        assert_eq!(numbered(&long[..60], 12), format!("{}12", "x".repeat(58)));
    }
}
