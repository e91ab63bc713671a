//! Accounts. Administrators see and change them; the front desk sees names and roles.

mod operations;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use shared::{
    FieldErrors,
    account::{
        Account, CreatedUser, NewUser, Role, SessionPermission, USERNAME_MAX, UserFilter,
        UserOrder, UserPatch, UserPermission, VisibleUser,
    },
    query::Ordering,
    read::{Input as _, Reader},
    rules::NAME_MAX,
};

use self::operations::OPERATIONS;
use super::{
    Access, Banner, Change, Column, Create, Created, Deed, Filter, FilterInput, Order, Reading,
    Record, RowHead, SearchWords, Secret, SecretWords, Section, Shown, Table, Words,
};
use crate::{
    form::{Form, accepts::Accepts, field::Field},
    text::display,
    world::World,
};

const MANAGED: Access = Access::With(SessionPermission::ManageUsers);

impl Shown for VisibleUser {
    const TABLE: Table = Table {
        words: Words {
            title: "Accounts",
            none_left: "No account matches these filters.",
            none: "No accounts yet.",
            none_own: "",
            one: "Account",
            entity: "user",
            created: Some(Created {
                history: "opened",
                told: "Created",
                not_done: "The new account was not saved",
            }),
            existing: None,
            copy: "copy login name",
            secret: Some(SecretWords {
                title: "One-time code",
                usage: "The owner of the account types it at the login, after {EnterCode}, with a new \
                         password. It works once.",
            }),
        },
        orders: &[
            Order::new(None, "by last name"),
            Order::new(Some("-last_name"), "by last name, Z to A"),
            Order::new(Some("-created_at"), "newest account first"),
            Order::new(Some("created_at"), "oldest account first"),
            Order::new(Some("id"), "by number"),
        ],
        filters: &[
            Filter::new("role", "Role", FilterInput::Choice(&ROLES_OR_ALL), |role| {
                role.parse().map_or_else(|_| role.to_owned(), |role: Role| words(role).to_owned())
            }),
            Filter {
                permission: Some(SessionPermission::ManageUsers),
                ..Filter::new("is_active", "Active", FilterInput::Choice(ACTIVE), |is| {
                    if is == "true" { "active" } else { "deactivated" }.to_owned()
                })
            },
        ],
        list: Access::With(SessionPermission::ReadUsers),
        create: Some(Create {
            access: MANAGED,
            label: "new account",
            title: "New account",
            intro: "A new account. An e-mail address or a username is needed.",
            not_found: ", {New} creates a new account",
            first: "{New} creates the first account.",
            found: "An account of this name is there",
        }),
        change: Some(Change { access: MANAGED, title: "Edit account" }),
        reading: Reading::ById,
        search: Some(SearchWords {
            accepts: "name, username, e-mail",
            no_match: "No account matches",
            advice: "Try fewer letters.",
            filter_advice: ", {Filter} filters by role",
        }),
        operations: OPERATIONS,
        label,
        trace,
        already,
        ..Table::READ_ONLY
    };

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Name", 0, 0, |user| Some(name(user).to_owned())),
        Column::new("Username", 14, 2, |user| username(user).map(str::to_owned)),
        Column::new("Role", 13, 1, |user| Some(words(role(user)).to_owned())),
        Column::new("E-mail", 24, 3, |user| account(user)?.email.clone()),
        Column::new("Phone", 17, 4, |user| account(user)?.phone.clone()),
    ];

    fn id(&self) -> i64 {
        match self {
            Self::Account(account) => account.id.0,
            Self::Brief { user, .. } => user.id.0,
        }
    }

    fn version(&self) -> i64 {
        match self {
            Self::Account(account) => account.version,
            Self::Brief { version, .. } => *version,
        }
    }

    fn created(&self) -> (Option<&str>, DateTime<Utc>) {
        (None, account(self).map_or(DateTime::UNIX_EPOCH, |account| account.created_at))
    }

    fn from_creation(json: &[u8]) -> serde_json::Result<(Self, Option<Secret>)> {
        let CreatedUser { user, code, expires_at } = serde_json::from_slice(json)?;
        Ok((Self::Account(Box::new(user)), Some(Secret::new(code, Some(expires_at)))))
    }

    fn row(&self) -> RowHead {
        RowHead {
            name: display(name(self)).into_owned(),
            code: display(login_name(self)).into_owned(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let notes =
            account(self).and_then(|account| match (account.is_active, account.has_password) {
                (false, _) => Some(["· deactivated", "· inactive", "· off"]),
                (true, false) => Some(["· no password yet", "· no password", "· new"]),
                (true, true) => None,
            });
        notes.into_iter().flatten().map(str::to_owned).collect()
    }

    fn named(&self) -> String {
        self.row().joined()
    }

    fn banner(&self) -> Banner {
        let is_off = account(self).is_some_and(|account| !account.is_active);
        Banner {
            name: display(name(self)).into_owned(),
            code: format!("#{}", Shown::id(self)),
            line: words(role(self)).to_owned(),
            warning: is_off.then(|| "DEACTIVATED".to_owned()),
        }
    }

    fn sections(&self, world: &World) -> Vec<Section> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let Some(account) = account(self) else {
            let username = username(self).unwrap_or_default().to_owned();
            let fields = vec![("Username", username), ("Role", words(role(self)).to_owned())];
            return vec![Section { title: "Account", fields }];
        };
        let confirmed = if account.email_verified { "yes" } else { "no" };
        let password = if account.has_password { "set" } else { "not set; create a one-time code" };
        vec![
            Section {
                title: "Login",
                fields: vec![
                    ("E-mail", text(&account.email)),
                    ("Confirmed", account.email.as_ref().map_or("", |_| confirmed).to_owned()),
                    ("Username", text(&account.username)),
                    ("Password", password.to_owned()),
                    ("Role", words(account.role).to_owned()),
                    ("Active", if account.is_active { "yes" } else { "no" }.to_owned()),
                ],
            },
            Section {
                title: "Person",
                fields: vec![
                    ("First name", text(&account.first_name)),
                    ("Last name", text(&account.last_name)),
                    ("Phone", text(&account.phone)),
                ],
            },
            Section {
                title: "Record",
                fields: vec![
                    ("Number", format!("#{}", account.id)),
                    ("Created", world.stamp(&account.created_at)),
                    (
                        "Last changed",
                        format!(
                            "{} (version {})",
                            world.stamp(&account.updated_at),
                            account.version
                        ),
                    ),
                ],
            },
        ]
    }

    fn permits(&self, deed: Deed) -> bool {
        let Some(account) = account(self) else { return false };
        let needed = match deed {
            Deed::Update => UserPermission::Update,
            Deed::Archive => UserPermission::Deactivate,
            Deed::Restore if account.is_active => return false,
            Deed::Restore => UserPermission::Update,
            Deed::IssueCode => UserPermission::IssueCode,
            Deed::EndSessions => UserPermission::EndSessions,
            _ => return false,
        };
        account.permissions.as_ref().is_some_and(|given| given.contains(&needed))
    }

    fn fields(base: Option<&Self>) -> Vec<Field> {
        let values = base.map(Self::values).unwrap_or_default();
        let value = |name: &str| values.get(name).map_or("", String::as_str);
        let role = if base.is_some() { value("role") } else { Role::Staff.as_str() };
        let mut fields = own_fields(&values);
        fields.insert(2, Field::choice("role", "Role", ROLES, role).explained(RIGHTS));
        fields
    }

    fn values(&self) -> BTreeMap<&'static str, String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let Some(account) = account(self) else { return BTreeMap::new() };
        BTreeMap::from([
            ("email", text(&account.email)),
            ("username", text(&account.username)),
            ("first_name", text(&account.first_name)),
            ("last_name", text(&account.last_name)),
            ("phone", text(&account.phone)),
            ("role", account.role.to_string()),
        ])
    }

    fn read(form: &Form, base: Option<&Self>, _: NaiveDate) -> (Value, FieldErrors) {
        let members = members(form, base.is_some());
        let mut reader = Reader::from_members(members.clone());
        match base {
            Some(_) => drop(UserPatch::read(&mut reader)),
            None => drop(NewUser::read(&mut reader)),
        }
        (Value::Object(members.into_iter().collect()), reader.finish())
    }

    fn is_saved(&self, form: &Form, _: &Self, _: NaiveDate) -> bool {
        holds(&self.values(), form)
    }
}

const ROLES: &[(&str, &str)] = &[
    ("member", "member"),
    ("patient", "patient"),
    ("doctor", "doctor"),
    ("staff", "front desk"),
    ("admin", "administrator"),
];
/// What each role may do.
const RIGHTS: &[&str] = &[
    "The front desk sees and changes all patients, doctors, assignments and visits.",
    "An administrator may do everything, also manage accounts and read the audit log.",
    "A doctor whose account is linked to the doctor's record sees the patients assigned to that doctor.",
    "Members and patients see only their own patient records, and the list of doctors.",
];
const ROLES_OR_ALL: [(&str, &str); 6] = [
    ("", "all"),
    ("member", "member"),
    ("patient", "patient"),
    ("doctor", "doctor"),
    ("staff", "front desk"),
    ("admin", "administrator"),
];
const ACTIVE: &[(&str, &str)] = &[("", "all"), ("true", "yes"), ("false", "no")];

/// A role in words.
pub(super) fn words(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Patient => "patient",
        Role::Doctor => "doctor",
        Role::Staff => "front desk",
        Role::Admin => "administrator",
    }
}

fn account(user: &VisibleUser) -> Option<&Account> {
    match user {
        VisibleUser::Account(account) => Some(account),
        VisibleUser::Brief { .. } => None,
    }
}

fn name(user: &VisibleUser) -> &str {
    let name = match user {
        VisibleUser::Account(account) => &account.name,
        VisibleUser::Brief { user, .. } => &user.name,
    };
    if name.is_empty() { username(user).unwrap_or_default() } else { name }
}

fn username(user: &VisibleUser) -> Option<&str> {
    match user {
        VisibleUser::Account(account) => account.username.as_deref(),
        VisibleUser::Brief { user, .. } => user.username.as_deref(),
    }
}

fn role(user: &VisibleUser) -> Role {
    match user {
        VisibleUser::Account(account) => account.role,
        VisibleUser::Brief { user, .. } => user.role,
    }
}

fn login_name(user: &VisibleUser) -> &str {
    let email = account(user).and_then(|account| account.email.as_deref());
    username(user).or(email).unwrap_or_default()
}

/// The fields that owners can change too.
pub(super) fn own_fields(values: &BTreeMap<&'static str, String>) -> Vec<Field> {
    let line = |name, label| Field::text(name, label, values.get(name).map_or("", String::as_str));
    vec![
        line("email", "E-mail").accepts(Accepts::Email),
        line("username", "Username")
            .accepts(Accepts::Text(USERNAME_MAX))
            .hint("to log in with; without @ and spaces"),
        line("first_name", "First name").accepts(Accepts::Text(NAME_MAX)).half(),
        line("last_name", "Last name").accepts(Accepts::Text(NAME_MAX)).half(),
        line("phone", "Phone").accepts(Accepts::Phone),
    ]
}

/// The members that are sent: those that differ from the record, or those that are filled in.
pub(super) fn members(form: &Form, is_change: bool) -> Vec<(String, Value)> {
    let is_sent = |field: &&Field| {
        if is_change { field.is_changed() } else { !field.value().trim().is_empty() }
    };
    let value = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    let member = |field: &Field| (field.name.to_owned(), value(field.value().trim()));
    form.fields.iter().filter(is_sent).map(member).collect()
}

/// Whether these values hold everything that was typed.
pub(super) fn holds(values: &BTreeMap<&'static str, String>, form: &Form) -> bool {
    let mut changed = form.fields.iter().filter(|field| field.is_changed());
    changed.all(|field| values.get(field.name).is_some_and(|value| value == field.value().trim()))
}

fn trace(form: &Form) -> Vec<(&'static str, String)> {
    let names = ["email", "username"].map(|name| form.value(name).trim());
    let search = names.into_iter().find(|name| !name.is_empty()).map(str::to_owned);
    let filter = UserFilter {
        search,
        ordering: Some(Ordering::descending(UserOrder::CreatedAt)),
        page_size: Some(5),
        ..UserFilter::default()
    };
    filter.pairs()
}

fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "email" => "E-mail",
        "is_active" => "Active",
        _ => return None,
    })
}

/// Why an account is neither activated nor deactivated: it is so already.
fn already(record: &Record, deed: Deed) -> Option<&'static str> {
    let Record::Account(it) = record else { return None };
    match (deed, account(it)?.is_active) {
        (Deed::Restore, true) => Some("The account is active."),
        (Deed::Archive, false) => Some("The account is not active."),
        _ => None,
    }
}
