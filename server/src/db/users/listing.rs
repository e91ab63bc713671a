//! Lists of users: search terms, filters and orderings.

use shared::{
    UserId,
    account::{User, UserFilter, UserOrder},
    text::fold,
};

use super::{COLUMNS, TABLES, UserRow, from_row, select};
use crate::{
    db::{
        Conn, Db, DbError, Row, Sql,
        listing::{Column, Listed, Order},
        search::{Search, Terms, user_terms},
    },
    error::Error,
};

/// The number of users that get their terms in one transaction.
const BATCH: i64 = 500;

/// The search terms of a user.
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

    /// The sort key of lists by name: the names, or the username. It does not contain the e-mail
    /// address, which not every reader of the list may see.
    pub(crate) fn sort_name(&self) -> String {
        let names = [self.last_name, self.first_name];
        let names: Vec<String> = names.into_iter().flatten().map(fold).collect();
        match self.username.filter(|_| names.is_empty()) {
            Some(username) => fold(username),
            // A tab sorts before every character of a name.
            None => names.join("\t"),
        }
    }

    fn terms(&self) -> Vec<String> {
        let names = [self.first_name, self.last_name].into_iter().flatten();
        user_terms(names, self.username, self.email)
    }
}

/// Inserts the search terms of a user.
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

/// Removes the search terms of a user.
pub(super) async fn remove_terms(conn: &mut Conn<'_>, id: UserId) -> Result<(), DbError> {
    let sql = Sql::new("DELETE FROM user_terms WHERE user_id = $1");
    sql.arg(id.0).execute(conn).await.map(drop)
}

/// Adds the search terms of accounts from versions without them.
pub(crate) async fn complete(db: &Db) -> Result<(), Error> {
    loop {
        let mut tx = db.begin().await?;
        let is_more = complete_some(&mut tx.conn()).await?;
        tx.commit().await?;
        if !is_more {
            return Ok(());
        }
    }
}

/// Adds them for some accounts, and returns whether there may be more.
async fn complete_some(conn: &mut Conn<'_>) -> Result<bool, DbError> {
    let mut sql = select();
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

const NAME: Column = Column::text("sort_name");

/// The column of each ordering. The id has none.
fn column(by: UserOrder) -> Option<Column> {
    match by {
        UserOrder::LastName => Some(NAME),
        UserOrder::CreatedAt => Some(Column::time("created_at")),
        UserOrder::Id => None,
    }
}

/// A list of users with its filter.
pub(crate) struct Listing<'a> {
    pub(crate) filter: &'a UserFilter,
    pub(crate) search: Option<&'a Search>,
}

impl Listed for Listing<'_> {
    const COLUMNS: &'static str = COLUMNS;
    const TABLES: &'static str = TABLES;
    const COUNTED: &'static str = TABLES;
    const ID: &'static str = "id";

    type Record = UserRow;

    fn read(&self, row: &Row) -> Result<Self::Record, Error> {
        from_row(row)
    }

    fn order(&self) -> Order {
        let default = Order::by_default(NAME, false);
        self.filter.ordering.map_or(default, |ordering| Order::of(ordering, column))
    }

    fn restrict(&self, sql: &mut Sql) {
        sql.push(" WHERE 1 = 1");
        sql.and(" AND role = ", self.filter.role.map(|role| role.as_str()));
        sql.and(" AND is_active = ", self.filter.is_active);
        if let Some(search) = self.search {
            search.restrict(sql, Terms::Users, "id");
        }
    }
}
