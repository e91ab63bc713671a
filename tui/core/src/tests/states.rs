//! Every screen in every state: empty, loading, loaded, failed, forbidden. One snapshot per screen, with
//! the narrow and the wide form of what is loaded.

use shared::{
    Kind,
    account::{Role, SessionPermission, User},
    visit::VisitStatus,
};

use super::{
    accounts::{account, accounts, record as account_record, rows, signed_in_as},
    audit::entries,
    dashboard::figures,
    driver::Driver,
    fixtures::{
        assigned, assignment, doctor, history, jose, listed, lookup, one, page, people, problem,
        records, user, visit, visits,
    },
    looks::look,
    own::{session, sessions, token},
    pages::doctors,
};
use crate::{
    api::{Failure, Reply},
    effect::{Lane, Timer},
    resource::Record,
};

/// A state, and the size at which it is looked at.
type Size = (u16, u16);
const USUAL: Size = (80, 24);
const SIZES: [(&str, Size); 2] = [("narrow", (40, 12)), ("wide", (132, 43))];

/// A user who may do everything.
fn everybody() -> User {
    let mut user = user(1, "ana");
    user.role = Role::Admin;
    user.permissions = Some(SessionPermission::ALL.to_vec());
    user
}

/// At the first screen of a session of this size, whose own reads are answered.
fn at_home((width, height): Size) -> Driver {
    let mut driver = signed_in_as(everybody(), width, height);
    driver.answer(Lane::Find, Ok(lookup(people(), "")));
    driver.answer(Lane::List, Ok(visits(Vec::new())));
    driver
}

fn failed(driver: &mut Driver, lane: Lane, kind: Kind) {
    let mut problem = problem(kind, &[]);
    problem.request_id = "5f1c2a7e90b3".to_owned();
    driver.refuse(lane, problem);
}

/// The states in which a screen can be that reads in a lane: `begin` leads to it, `fill` answers what is
/// read, well and fully.
fn looks(
    lane: Lane,
    begin: impl Fn(Size) -> Driver,
    empty: Option<Reply>,
    fill: impl Fn(&mut Driver),
) -> String {
    let mut all = String::new();
    let mut add = |state: &str, driver: &Driver| {
        all.push_str(&format!("== {state} ==\n{}\n", look(driver)));
    };
    if let Some(empty) = empty {
        let mut driver = begin(USUAL);
        driver.answer(lane, Ok(empty));
        add("empty", &driver);
    }
    let mut driver = begin(USUAL);
    driver.on_timer(Timer::Busy);
    add("loading", &driver);
    let mut driver = begin(USUAL);
    fill(&mut driver);
    add("loaded", &driver);
    let mut driver = begin(USUAL);
    failed(&mut driver, lane, Kind::Internal);
    add("failed", &driver);
    let mut driver = begin(USUAL);
    driver.answer(lane, Err(Failure::Offline("connection refused".to_owned())));
    add("away", &driver);
    let mut driver = begin(USUAL);
    failed(&mut driver, lane, Kind::Forbidden);
    add("forbidden", &driver);
    for (name, size) in SIZES {
        let mut driver = begin(size);
        fill(&mut driver);
        add(&format!("loaded, {name}"), &driver);
    }
    all
}

/// A list, to which keys lead.
fn list(keys: &str, loaded: &Reply) -> String {
    let begin = |size| {
        let mut driver = at_home(size);
        driver.keys(keys);
        driver
    };
    let fill = |driver: &mut Driver| driver.answer(Lane::List, Ok(loaded.clone()));
    looks(Lane::List, begin, Some(rows(Vec::new())), fill)
}

/// The page of a record, to which keys lead from a list.
fn detail(keys: &str, list: &Reply, record: &Record) -> String {
    let begin = |size| {
        let mut driver = at_home(size);
        driver.keys(keys);
        driver.answer(Lane::List, Ok(list.clone()));
        driver.keys("<tab><home><enter>");
        driver
    };
    looks(Lane::Record, begin, None, |driver| {
        driver.answer(Lane::Record, Ok(Reply::Record(record.clone())));
        let answers = [
            (Lane::History, Reply::History(Box::new(history()))),
            (Lane::Related, assigned(vec![assignment(5)])),
            (Lane::Person, one(jose())),
            (Lane::Namesakes, listed(page(vec![jose()], 1))),
        ];
        for (lane, reply) in answers {
            if driver.asked(lane) > 0 {
                driver.answer(lane, Ok(reply));
            }
        }
    })
}

/// A form, to which keys lead: as it begins, while it is sent, and refused.
fn form(lane: Lane, begin: impl Fn(Size) -> Driver, typed: &str) -> String {
    let begin = |size| {
        let mut driver = begin(size);
        driver.keys(typed);
        driver
    };
    let mut all = String::new();
    let mut add = |state: &str, driver: &Driver| {
        all.push_str(&format!("== {state} ==\n{}\n", look(driver)));
    };
    add("typed", &begin(USUAL));
    let sent = || {
        let mut driver = begin(USUAL);
        driver.keys("<ctrl-s>");
        driver
    };
    let mut driver = sent();
    driver.on_timer(Timer::Busy);
    add("loading", &driver);
    for (state, kind) in [("failed", Kind::Internal), ("forbidden", Kind::Forbidden)] {
        let mut driver = sent();
        failed(&mut driver, lane, kind);
        add(state, &driver);
    }
    let mut driver = sent();
    driver.refuse(lane, problem(Kind::Validation, &[("email", "is taken"), ("name", "is taken")]));
    add("refused", &driver);
    for (name, size) in SIZES {
        add(&format!("typed, {name}"), &begin(size));
    }
    all
}

/// The form of the record whose page keys lead to.
fn edited(keys: &str, list: Reply, record: Record, typed: &str) -> String {
    let begin = |size| {
        let mut driver = at_home(size);
        driver.keys(keys);
        driver.answer(Lane::List, Ok(list.clone()));
        driver.keys("<tab><home><enter>");
        driver.answer(Lane::Record, Ok(Reply::Record(record.clone())));
        driver.keys("<ctrl-e>");
        driver
    };
    form(Lane::Save, begin, typed)
}

/// What lies behind keys at the first screen of a session.
fn behind(keys: &'static str) -> impl Fn(Size) -> Driver {
    move |size| {
        let mut driver = at_home(size);
        driver.keys(keys);
        driver
    }
}

/// At the login of a desk at which everybody can open an account.
fn login((width, height): Size) -> Driver {
    let mut driver = Driver::new(width, height);
    driver.send(crate::msg::Msg::Desk(crate::msg::Desk::Ready {
        label: "local desk".to_owned(),
        is_ephemeral: false,
        session: None,
    }));
    let mut meta = super::fixtures::meta();
    meta.is_registration_open = true;
    driver.answer(Lane::Meta, Ok(Reply::Meta(Box::new(meta))));
    driver
}

fn before_login(keys: &'static str) -> impl Fn(Size) -> Driver {
    move |size| {
        let mut driver = login(size);
        driver.keys(keys);
        driver
    }
}

fn waiting() -> Reply {
    visits(
        [VisitStatus::Waiting, VisitStatus::InRoom, VisitStatus::Done]
            .into_iter()
            .zip(1..)
            .map(|(status, number)| visit(number, status))
            .collect(),
    )
}

fn staff() -> Record {
    account_record(account(7, "Ines", Role::Staff))
}

macro_rules! states {
    ($($name:ident: $looks:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), $looks);
        }
    )*};
}

states! {
    home: looks(
        Lane::List,
        |(width, height)| {
            let mut driver = signed_in_as(everybody(), width, height);
            driver.answer(Lane::Find, Ok(lookup(people(), "")));
            driver
        },
        Some(visits(Vec::new())),
        |driver| driver.answer(Lane::List, Ok(waiting())),
    );
    home_find: looks(
        Lane::Find,
        |size| {
            let mut driver = at_home(size);
            driver.keys("gó");
            driver.on_timer(Timer::Search);
            driver
        },
        Some(lookup(Vec::new(), "gó")),
        |driver| driver.answer(Lane::Find, Ok(lookup(vec![jose()], "gó"))),
    );
    dashboard: looks(
        Lane::Dashboard,
        behind("<f7>"),
        None,
        |driver| driver.answer(Lane::Dashboard, Ok(Reply::Dashboard(Box::new(figures(9))))),
    );
    patients: list("<f3>", &listed(page(people(), 900)));
    doctors_: list("<f4>", &records(doctors()));
    assignments: list("<f5>", &assigned(vec![assignment(5), assignment(6)]));
    visits_: list("<f6>", &waiting());
    accounts_: list("<f8>", &accounts());
    audit_log: list("<f9>", &entries());
    my_sessions: list("<ctrl-p>my sessions<enter>", &sessions());
    my_tokens: list("<ctrl-p>api tokens<enter>", &rows(vec![token(2, "nightly export").into()]));
    patient: detail("<f3>", &listed(page(vec![jose()], 1)), &jose().into());
    doctor_: detail("<f4>", &records(doctors()), &doctor(1, "Sarah", "Johnson").into());
    assignment_: detail("<f5>", &assigned(vec![assignment(5)]), &assignment(5).into());
    visit_: detail("<f6>", &waiting(), &visit(1, VisitStatus::Waiting).into());
    account_: detail("<f8>", &rows(vec![staff()]), &staff());
    my_account: looks(
        Lane::Record,
        behind("<ctrl-p>my account<enter>"),
        None,
        |driver| driver.answer(Lane::Record, Ok(Reply::Record(everybody().into()))),
    );
    login_: form(Lane::Account, before_login(""), "ana<tab>a long password");
    register: form(
        Lane::Account,
        before_login("<ctrl-n>"),
        "<tab>ana@example.com<tab><tab>a long password<tab>a long password",
    );
    password_by_code: form(
        Lane::Account,
        before_login("<ctrl-e>"),
        "4JX7-2M9C-T0VQ-8KRE-W35N<tab>a long walk by the sea<tab>a long walk by the sea",
    );
    my_password: form(
        Lane::Save,
        behind("<ctrl-p>my password<enter>"),
        "a long password<tab>a long walk by the sea<tab>a long walk by the sea",
    );
    new_patient: form(Lane::Save, behind("<f3><ctrl-n>"), "Ana<tab>Gómez");
    new_doctor: form(Lane::Save, behind("<f4><ctrl-n>"), "Ada<tab>Okafor<tab>Dermatology");
    new_account: form(Lane::Save, behind("<f8><ctrl-n>"), "ines@example.com");
    new_token: form(
        Lane::Save,
        behind("<ctrl-p>api tokens<enter><ctrl-n>"),
        "nightly export",
    );
    edit_patient: edited("<f3>", listed(page(vec![jose()], 1)), jose().into(), "x");
    edit_doctor: edited("<f4>", records(doctors()), doctor(1, "Sarah", "Johnson").into(), "x");
    edit_assignment: edited("<f5>", assigned(vec![assignment(5)]), assignment(5).into(), "<tab><tab>x");
    edit_account: edited("<f8>", rows(vec![staff()]), staff(), "x");
}

/// What is read with its list and not by itself has one state.
#[test]
fn pages_of_what_is_read_with_its_list() {
    let mut all = String::new();
    let cases = [
        ("<f9>", entries()),
        ("<ctrl-p>my sessions<enter>", rows(vec![session(4, "curl/8.5", false).into()])),
        ("<ctrl-p>api tokens<enter>", rows(vec![token(2, "nightly export").into()])),
    ];
    for (keys, list) in cases {
        for size in [USUAL, SIZES[0].1, SIZES[1].1] {
            let mut driver = at_home(size);
            driver.keys(keys);
            driver.answer(Lane::List, Ok(list.clone()));
            driver.keys("<enter>");
            all.push_str(&look(&driver));
        }
    }
    insta::assert_snapshot!("read_with_the_list", all);
}
