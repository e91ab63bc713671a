//! Lists of users: under which words each is found, filters, orderings, and places among the rows.
//!
//! As with patients, a term is a letter for its kind and a folded text, and every word of a search
//! becomes ranges over the terms.

use chrono::{DateTime, Utc};
use shared::{
    Complaint, UserId,
    account::{Role, User, UserFilter},
    text::{fold, fold_case, fold_word, name_words},
};

use super::{COLUMNS, UserRow, from_row};
use crate::{
    db::{Arg, Conn, DbError, Row, Sql},
    error::Error,
};

const NAME: char = 'n';
const USERNAME: char = 'u';
const EMAIL: char = 'e';

/// Most words of a search.
const WORDS_MAX: usize = 12;
/// Users that get their terms in one go.
const BATCH: i64 = 500;

/// What a user is found under.
pub(crate) struct Named<'a> {
    pub(crate) first_name: Option<&'a str>,
    pub(crate) last_name: Option<&'a str>,
    pub(crate) username: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
}

impl<'a> Named<'a> {
    pub(crate) fn of(user: &'a User) -> Self {
        Self {
            first_name: user.first_name.as_deref(),
            last_name: user.last_name.as_deref(),
            username: user.username.as_deref(),
            email: user.email.as_deref(),
        }
    }

    /// What lists by name are ordered by: the names, or the username. Not the e-mail address, which
    /// not everybody may see who sees the list.
    pub(crate) fn sort_name(&self) -> String {
        let names = [self.last_name, self.first_name];
        let names: Vec<String> = names.into_iter().flatten().map(fold).collect();
        match self.username.filter(|_| names.is_empty()) {
            Some(username) => fold(username),
            // A tab sorts before everything that can stand in a name.
            None => names.join("\t"),
        }
    }

    fn terms(&self) -> Vec<String> {
        let names = [self.first_name, self.last_name].into_iter().flatten();
        let words = names.flat_map(name_words);
        let mut terms: Vec<String> = words.map(|word| term(NAME, &word)).collect();
        terms.extend(self.username.map(|username| term(USERNAME, &fold_case(username))));
        terms.extend(self.email.map(|email| term(EMAIL, &fold_case(email))));
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

fn term(kind: char, text: &str) -> String {
    format!("{kind}{text}")
}

/// Enters the terms of a user.
pub(super) async fn insert_terms(
    conn: &mut Conn<'_>,
    id: UserId,
    named: &Named<'_>,
) -> Result<(), DbError> {
    for term in named.terms() {
        let sql = Sql::new(
            "INSERT INTO user_terms (term, user_id) VALUES ($1, $2) \
             ON CONFLICT (term, user_id) DO NOTHING",
        );
        sql.arg(term).arg(id.0).execute(conn).await?;
    }
    Ok(())
}

/// Takes the terms of a user out.
pub(super) async fn remove_terms(conn: &mut Conn<'_>, id: UserId) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM user_terms WHERE user_id = $1");
    sql.arg(id.0).execute(conn).await.map(drop)
}

/// Gives some accounts from before there were terms theirs; says whether there may be more.
pub(crate) async fn complete(conn: &mut Conn<'_>) -> Result<bool, DbError> {
    let mut sql = Sql::new(COLUMNS);
    sql.push("WHERE NOT EXISTS (SELECT 1 FROM user_terms t WHERE t.user_id = users.id) LIMIT ");
    let rows = {
        sql.bind(BATCH);
        sql.fetch_all(conn).await?
    };
    for row in &rows {
        let user = from_row(row)?.user;
        let named = Named::of(&user);
        insert_terms(conn, user.id, &named).await?;
        let sql = Sql::new("UPDATE users SET sort_name = $1 WHERE id = $2");
        sql.arg(named.sort_name()).arg(user.id.0).execute(conn).await?;
    }
    Ok(i64::try_from(rows.len()).is_ok_and(|count| count == BATCH))
}

/// By what a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Name,
    Created,
    Id,
}

/// The place of a row in a list.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Key {
    /// The value it is ordered by, as text.
    pub(crate) value: String,
    pub(crate) id: i64,
}

/// A list to be read.
pub(crate) struct Listing {
    pub(crate) role: Option<Role>,
    pub(crate) is_active: Option<bool>,
    /// For each word that was typed the starts of terms that match.
    pub(crate) words: Vec<Vec<String>>,
    pub(crate) order: Order,
    pub(crate) is_descending: bool,
}

impl Listing {
    /// Reads what is asked for. Only who sees e-mail addresses finds by them.
    ///
    /// Fails where there are too many words.
    pub(crate) fn of(filter: &UserFilter, sees_emails: bool) -> Result<Self, Complaint> {
        let typed: Vec<&str> = filter.search.iter().flat_map(|it| it.split_whitespace()).collect();
        if typed.len() > WORDS_MAX {
            let message = format!("must have at most {WORDS_MAX} words");
            return Err(Complaint::new("too_many_words", message).with("max", WORDS_MAX));
        }
        let starts = |typed: &str| {
            let (word, whole) = (fold_word(typed), fold_case(typed));
            let mut starts = vec![term(USERNAME, &whole)];
            starts.extend(Some(word).filter(|word| !word.is_empty()).map(|it| term(NAME, &it)));
            starts.extend(sees_emails.then(|| term(EMAIL, &whole)));
            starts
        };
        let ordering = filter.ordering.as_deref().unwrap_or_default();
        Ok(Self {
            role: filter.role,
            is_active: filter.is_active,
            words: typed.into_iter().map(starts).collect(),
            order: match ordering.trim_start_matches('-') {
                "created_at" => Order::Created,
                "id" => Order::Id,
                _ => Order::Name,
            },
            is_descending: ordering.starts_with('-'),
        })
    }

    fn restrict(&self, sql: &mut Sql) {
        sql.push("WHERE 1 = 1");
        if let Some(role) = self.role {
            sql.push(" AND role = ").bind(role.as_str());
        }
        if let Some(is_active) = self.is_active {
            sql.push(" AND is_active = ").bind(is_active);
        }
        for starts in &self.words {
            sql.push(" AND id IN (");
            for (i, start) in starts.iter().enumerate() {
                sql.push(if i == 0 { "" } else { " UNION ALL " });
                sql.push("SELECT user_id FROM user_terms WHERE term >= ").bind(start.as_str());
                sql.push(" AND term < ").bind(format!("{start}\u{10ffff}"));
            }
            sql.push(")");
        }
    }

    /// Adds the columns that decide the order, each with what follows it.
    fn order_by(&self, sql: &mut Sql, after: &'static str) {
        match self.order {
            Order::Name => drop(sql.push("sort_name").push(after).push(", ")),
            Order::Created => drop(sql.push("created_at").push(after).push(", ")),
            Order::Id => {}
        }
        sql.push("id").push(after);
    }

    /// The value of a place as the database compares it; fails on a cursor that nobody here has made.
    fn value(&self, key: &Key) -> Result<Option<Arg>, Error> {
        let foreign = || {
            let complaint = Complaint::new("invalid_cursor", "is not a cursor of this list");
            Error::invalid("cursor", complaint)
        };
        Ok(match self.order {
            Order::Id => None,
            Order::Name if key.value.contains('\0') => return Err(foreign()),
            Order::Name => Some(key.value.as_str().into()),
            Order::Created => {
                let time = DateTime::parse_from_rfc3339(&key.value).map_err(|_| foreign())?;
                Some(time.with_timezone(&Utc).into())
            }
        })
    }

    /// The place of a user in the list.
    pub(crate) fn key(&self, row: &UserRow) -> Key {
        let value = match self.order {
            Order::Name => Named::of(&row.user).sort_name(),
            Order::Created => row.user.created_at.to_rfc3339(),
            Order::Id => String::new(),
        };
        Key { value, id: row.user.id.0 }
    }
}

/// The rows of a list that follow a place in it, or with `backwards` those before it, in the order
/// of the list.
pub(crate) async fn list(
    conn: &mut Conn<'_>,
    listing: &Listing,
    place: Option<&Key>,
    backwards: bool,
    limit: i64,
    offset: i64,
) -> Result<Vec<UserRow>, DbError> {
    let is_descending = listing.is_descending != backwards;
    let mut sql = Sql::new(COLUMNS);
    listing.restrict(&mut sql);
    if let Some(key) = place {
        sql.push(" AND (");
        listing.order_by(&mut sql, "");
        sql.push(if is_descending { ") < (" } else { ") > (" });
        if let Some(value) = listing.value(key)? {
            sql.bind(value).push(", ");
        }
        sql.bind(key.id).push(")");
    }
    sql.push(" ORDER BY ");
    listing.order_by(&mut sql, if is_descending { " DESC" } else { "" });
    sql.push(" LIMIT ").bind(limit).push(" OFFSET ").bind(offset);
    let rows = sql.fetch_all(conn).await?;
    let read = |row: &Row| from_row(row);
    let mut rows: Vec<UserRow> = rows.iter().map(read).collect::<Result<_, _>>()?;
    if backwards {
        rows.reverse();
    }
    Ok(rows)
}

/// How many rows a list has, up to a number.
pub(crate) async fn count(
    conn: &mut Conn<'_>,
    listing: &Listing,
    max: i64,
) -> Result<i64, DbError> {
    let mut sql = Sql::new("SELECT count(*) AS rows FROM (SELECT 1 AS one FROM users ");
    listing.restrict(&mut sql);
    sql.push(" LIMIT ").bind(max).push(") AS listed");
    Ok(sql.fetch_one(conn).await?.get("rows")?)
}
