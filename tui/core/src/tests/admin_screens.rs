//! Accounts, audit log and one's own account as they look. No real secret is in these files.

use shared::{
    Kind,
    account::{Role, UserPermission},
};

use super::{
    accounts::{CODE, account, as_admin, at_account, at_accounts},
    audit::at_audit,
    driver::Driver,
    fixtures::problem,
    looks::looks,
    own::{TOKEN, token},
};
use crate::{api::Reply, effect::Lane, msg::Msg, resource::Secret};

fn staff() -> shared::account::Account {
    account(7, "Ines", Role::Staff)
}

fn shows_code(width: u16, height: u16) -> Driver {
    let mut driver = at_account(staff(), width, height);
    driver.keys("<ctrl-p>new code<enter><right><enter>");
    let until = "2026-11-20T09:00:00Z".parse().unwrap();
    driver.answer(Lane::Save, Ok(Reply::Issued(Secret::new(CODE.to_owned(), Some(until)))));
    driver
}

looks! {
    account_deactivated: {
        let mut account = staff();
        account.is_active = false;
        account.has_password = false;
        account.permissions = Some(vec![UserPermission::Update, UserPermission::EndSessions]);
        at_account(account, 80, 24)
    };
    new_account: {
        let mut driver = at_accounts(80, 24);
        driver.keys("<ctrl-n>ines@example<tab>in es<tab>fr<tab>");
        driver
    };
    deactivate: {
        let mut driver = at_account(staff(), 80, 24);
        driver.keys("<ctrl-x>");
        driver
    };
    one_time_code: shows_code(80, 24);
    one_time_code_narrow: shows_code(40, 12);
    new_token: {
        let mut driver = as_admin(80, 24);
        driver.keys("<ctrl-p>api tokens<enter>");
        driver.answer(Lane::List, Ok(super::accounts::rows(Vec::new())));
        driver.keys("<ctrl-n>nightly export<ctrl-s>");
        let secret = Secret::new(TOKEN.to_owned(), None);
        let reply = Reply::Created(token(2, "nightly export").into(), secret);
        driver.answer(Lane::Save, Ok(reply));
        driver
    };
    audit_filters: {
        let mut driver = at_audit(80, 24);
        driver.keys("<ctrl-t>");
        driver
    };
    my_password: {
        let mut driver = as_admin(80, 24);
        driver.keys("<ctrl-p>my password<enter>a long password<tab>short<tab>other<tab>");
        driver
    };
    api_pages: {
        let mut driver = as_admin(80, 24);
        driver.send(Msg::Server("https://desk.example.org".to_owned()));
        driver.keys("<ctrl-p>addresses of the api<enter>");
        driver
    };
    api_pages_narrow: {
        let mut driver = as_admin(40, 12);
        driver.send(Msg::Server("https://desk.example.org".to_owned()));
        driver.keys("<ctrl-p>addresses of the api<enter>");
        driver
    };
    messages_with_requests: {
        let mut driver = at_account(staff(), 80, 24);
        driver.send(Msg::Now("2026-11-20T08:30:00Z".parse().unwrap()));
        driver.keys("<ctrl-y><ctrl-x><right><enter>");
        let mut refusal = problem(Kind::Conflict, &[]);
        refusal.request_id = "5f1c2a7e90b3".to_owned();
        driver.refuse(Lane::Save, refusal);
        driver.keys("<f12>");
        driver
    };
}
