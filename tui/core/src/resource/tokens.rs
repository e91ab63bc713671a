//! The user's own API tokens.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use shared::{
    FieldError, FieldErrors,
    account::{ApiToken, CreatedApiToken, NewApiToken, TokenScope},
    read::{Input as _, Reader},
};

use super::{
    Access, Answer, Banner, Column, Create, Created, Deed, Method, Operation, Order, Reading,
    Request, RowHead, Secret, SecretWords, Section, Shown, Table, Words,
};
use crate::{
    date,
    form::{Form, accepts::Accepts, field::Field},
    input::action::Action,
    text::display,
    world::World,
};

impl Shown for ApiToken {
    const TABLE: Table = Table {
        words: Words {
            title: "My API tokens",
            none: "No API tokens yet. A token lets a program use the API under your name.",
            one: "API token",
            entity: "api_token",
            created: Some(Created {
                history: "created",
                told: "Created",
                not_done: "The new API token was not created",
            }),
            copy: "copy number",
            secret: Some(SecretWords {
                title: "API token",
                usage: "Store it where the program finds it. The program sends “Authorization: \
                         Bearer”, a space and the token with every request.",
            }),
            ..Words::NONE
        },
        orders: &[Order::new(None, "newest first")],
        create: Some(Create {
            access: Access::Everybody,
            label: "new token",
            title: "New API token",
            intro: "A token for a program that uses the API without a person.",
            not_found: ", {New} creates a new token",
            first: "{New} creates the first token.",
            found: "A new API token is there",
        }),
        reading: Reading::ById,
        operations: &[Operation {
            action: Action::Archive,
            label: "revoke",
            help: "Revoke the token; programs that use it are refused.",
            deed: Deed::Archive,
            title: "Revoke this API token?",
            effect: "Programs that use it are refused from now on. It can't be restored.",
            answer: "Revoke",
            done: "Revoked",
            not_done: "The API token was not revoked",
            is_dangerous: true,
            request: Request {
                method: Method::Delete,
                below: "",
                is_versioned: false,
                answer: Answer::Gone,
            },
        }],
        trace: |_| vec![("page_size", "5".to_owned())],
        ..Table::READ_ONLY
    };

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Name", 0, 0, |token| Some(token.name.clone())),
        Column::new("May", 11, 1, |token| Some(scopes(token))),
        Column::time("Last used", 2, |token: &Self| token.last_used_at)
            .otherwise(|_| Some("never".to_owned())),
        Column::time("Ends", 3, |token: &Self| token.expires_at)
            .otherwise(|_| Some("when revoked".to_owned())),
        Column::time("Created", 4, |token| Some(token.created_at)),
    ];

    fn id(&self) -> i64 {
        self.id.0
    }

    fn created(&self) -> (Option<&str>, DateTime<Utc>) {
        (None, self.created_at)
    }

    fn from_creation(json: &[u8]) -> serde_json::Result<(Self, Option<Secret>)> {
        let new: CreatedApiToken = serde_json::from_slice(json)?;
        let secret = Secret::new(new.token, new.expires_at);
        let token = Self {
            id: new.id,
            name: new.name,
            scopes: new.scopes,
            created_at: new.created_at,
            last_used_at: new.last_used_at,
            expires_at: new.expires_at,
        };
        Ok((token, Some(secret)))
    }

    fn row(&self) -> RowHead {
        RowHead { name: display(&self.name).into_owned(), code: format!("#{}", self.id) }
    }

    fn named(&self) -> String {
        format!("{}, may {}", display(&self.name), scopes(self))
    }

    fn banner(&self) -> Banner {
        Banner {
            name: display(&self.name).into_owned(),
            code: format!("#{}", self.id),
            line: format!("may {}", scopes(self)),
            warning: None,
        }
    }

    fn sections(&self, world: &World) -> Vec<Section> {
        let stamp = |at: Option<DateTime<Utc>>| at.map(|at| world.stamp(&at));
        vec![Section {
            title: "Token",
            fields: vec![
                ("May", scopes(self)),
                ("Created", world.stamp(&self.created_at)),
                ("Last used", stamp(self.last_used_at).unwrap_or_else(|| "never".to_owned())),
                ("Ends", stamp(self.expires_at).unwrap_or_else(|| "when it is revoked".to_owned())),
                ("Number", format!("#{}, in the audit log", self.id)),
            ],
        }]
    }

    fn permits(&self, deed: Deed) -> bool {
        deed == Deed::Archive
    }

    fn fields(_: Option<&Self>) -> Vec<Field> {
        vec![
            Field::text("name", "Name", "").hint("what it is for, like: nightly export"),
            Field::choice("scopes", "May", SCOPES, "read"),
            Field::text("expires_at", "Ends on", "")
                .accepts(Accepts::Date)
                .hint("the last day, in UTC; empty: until it is revoked"),
        ]
    }

    fn values(&self) -> BTreeMap<&'static str, String> {
        let scopes = self.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
        let day = self.expires_at.map(|at| at.date_naive().to_string());
        BTreeMap::from([
            ("name", self.name.clone()),
            ("scopes", scopes),
            ("expires_at", day.unwrap_or_default()),
        ])
    }

    fn read(form: &Form, _: Option<&Self>, today: NaiveDate) -> (Value, FieldErrors) {
        let mut members = Vec::new();
        let mut errors = FieldErrors::default();
        let name = form.value("name").trim();
        if !name.is_empty() {
            members.push(("name".to_owned(), name.into()));
        }
        let scopes: Vec<&str> = form.value("scopes").split(' ').collect();
        members.push(("scopes".to_owned(), json!(scopes)));
        match end(form, today) {
            Ok(Some(end)) => members.push(("expires_at".to_owned(), end.into())),
            Ok(None) => {}
            Err(error) => errors.add("expires_at", error),
        }
        let mut reader = Reader::from_members(members.clone());
        drop(NewApiToken::read(&mut reader));
        errors.extend(reader.finish());
        (Value::Object(members.into_iter().collect()), errors)
    }
}

const SCOPES: &[(&str, &str)] =
    &[("read", "read"), ("write", "write"), ("read write", "read and write")];

/// The end of the typed day, or of the last day of a partial date.
fn end(form: &Form, today: NaiveDate) -> Result<Option<String>, FieldError> {
    let typed = form.value("expires_at").trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let day = date::read(typed, form.calendar(today))?.date(today).latest();
    if day < today {
        return Err(FieldError::new("before", "must not be in the past"));
    }
    Ok(Some(format!("{day}T23:59:59Z")))
}

fn scopes(token: &ApiToken) -> String {
    let names = token.scopes.iter().map(|scope| match scope {
        TokenScope::Read => "read",
        TokenScope::Write => "write",
    });
    names.collect::<Vec<_>>().join(", ")
}
