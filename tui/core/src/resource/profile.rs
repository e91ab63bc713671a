//! The user's own account.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use shared::{
    FieldErrors,
    account::{ProfilePatch, User},
    read::{Input as _, Reader},
};

use super::{
    Access, Banner, Change, Column, Deed, Reading, RowHead, Secret, Section, Shown, Table, Words,
    accounts::{holds, members, own_fields, words},
};
use crate::{
    form::{Form, field::Field},
    text::display,
    world::World,
};

impl Shown for User {
    const TABLE: Table = Table {
        words: Words {
            title: "My account",
            one: "My account",
            copy: "copy login name",
            ..Words::NONE
        },
        change: Some(Change { access: Access::Everybody, title: "Edit my account" }),
        reading: Reading::Alone,
        ..Table::READ_ONLY
    };

    const COLUMNS: &'static [Column<Self>] =
        &[Column::new("Name", 0, 0, |user| Some(user.name.clone()))];

    fn id(&self) -> i64 {
        self.id.0
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn created(&self) -> (Option<&str>, DateTime<Utc>) {
        (None, self.created_at)
    }

    fn from_creation(json: &[u8]) -> serde_json::Result<(Self, Option<Secret>)> {
        Ok((serde_json::from_slice(json)?, None))
    }

    fn row(&self) -> RowHead {
        RowHead {
            name: display(called(self)).into_owned(),
            code: display(self.login_name()).into_owned(),
        }
    }

    fn named(&self) -> String {
        self.row().joined()
    }

    fn banner(&self) -> Banner {
        Banner {
            name: display(called(self)).into_owned(),
            code: format!("#{}", self.id),
            line: words(self.role).to_owned(),
            warning: None,
        }
    }

    fn sections(&self, world: &World) -> Vec<Section> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let confirmed = if self.email_verified { "yes" } else { "no" };
        let permissions = self.permissions.iter().flatten();
        let permissions = permissions.map(|it| it.as_str().replace('_', " "));
        vec![
            Section {
                title: "Login",
                fields: vec![
                    ("E-mail", text(&self.email)),
                    ("Confirmed", self.email.as_ref().map_or("", |_| confirmed).to_owned()),
                    ("Username", text(&self.username)),
                ],
            },
            Section {
                title: "Person",
                fields: vec![
                    ("First name", text(&self.first_name)),
                    ("Last name", text(&self.last_name)),
                    ("Phone", text(&self.phone)),
                ],
            },
            Section {
                title: "Account",
                fields: vec![
                    ("Role", words(self.role).to_owned()),
                    ("May", permissions.collect::<Vec<_>>().join(", ")),
                    ("Created", world.stamp(&self.created_at)),
                    (
                        "Last changed",
                        format!("{} (version {})", world.stamp(&self.updated_at), self.version),
                    ),
                ],
            },
        ]
    }

    fn permits(&self, deed: Deed) -> bool {
        deed == Deed::Update
    }

    fn fields(base: Option<&Self>) -> Vec<Field> {
        let mut fields = own_fields(&base.map(Self::values).unwrap_or_default());
        let password = Field::secret("current_password", "Password");
        fields.insert(1, password.hint("your password, only for a new e-mail address"));
        fields
    }

    fn values(&self) -> BTreeMap<&'static str, String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        BTreeMap::from([
            ("email", text(&self.email)),
            ("username", text(&self.username)),
            ("first_name", text(&self.first_name)),
            ("last_name", text(&self.last_name)),
            ("phone", text(&self.phone)),
        ])
    }

    fn read(form: &Form, _: Option<&Self>, _: NaiveDate) -> (Value, FieldErrors) {
        let mut members = members(form, true);
        // A password is compared exactly, with its spaces.
        for (name, value) in &mut members {
            if name == "current_password" {
                *value = form.value("current_password").into();
            }
        }
        let mut reader = Reader::from_members(members.clone());
        drop(ProfilePatch::read(&mut reader));
        (Value::Object(members.into_iter().collect()), reader.finish())
    }

    fn is_saved(&self, form: &Form, _: &Self, _: NaiveDate) -> bool {
        let mut values = self.values();
        values.insert("current_password", form.value("current_password").trim().to_owned());
        holds(&values, form)
    }
}

/// The name, or what the user logs in with where there is none.
fn called(user: &User) -> &str {
    if user.name.is_empty() { user.login_name() } else { &user.name }
}
