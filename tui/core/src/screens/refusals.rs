//! Why an action whose key was pressed is not done. Help, palette and footer don't show such an action.

use super::{Screen, detail, list};
use crate::{
    input::{action::Action, keymap::key, table::Entry},
    layers::arrival,
    resource::{Access, Deed},
    world::World,
};

const MAY_NOT: &str = "Your account may not do this";

/// The reason in one sentence, where there is one to tell. `label` is what the action is called here.
pub fn refusal(screen: &Screen, world: &World, action: Action, label: &str) -> Option<String> {
    let record = match screen {
        _ if action != Action::Arrive => None,
        Screen::Home(state) => state.record(),
        Screen::List(state) => state.subject().cloned(),
        Screen::Detail(state) => state.record.clone(),
        _ => None,
    };
    if let Some(record) = record {
        return arrival::refusal(&record, label);
    }
    match screen {
        Screen::List(state) => of_list(state, world, action, label),
        Screen::Detail(state) => of_record(state, world, action, label),
        _ => None,
    }
}

fn of_list(state: &list::State, world: &World, action: Action, label: &str) -> Option<String> {
    let table = state.kind.table();
    let may = |access: Option<Access>, nobody: &str| match access {
        None => Some(nobody.to_owned()),
        Some(access) if access.is_given(world) => None,
        Some(_) => Some(format!("{MAY_NOT}: {label}.")),
    };
    let create = table.create.as_ref().map(|create| create.access);
    let change = table.change.as_ref().map(|change| change.access);
    match action {
        Action::New => may(create, "Nothing can be added to this list.")
            .or(state.is_archive().then(|| "Nothing can be added to the archive.".to_owned())),
        Action::Edit => may(change, "Nothing can be changed in this list.")
            .or(state.is_archive().then(|| archived(Action::Restore))),
        Action::Arrive if state.marked.len() > 1 => {
            let (count, mark) = (state.marked.len(), key(Action::Mark));
            Some(format!("{count} rows are marked, and {label} takes one. {mark} removes a mark."))
        }
        Action::Sort => Some("This list has one order.".to_owned()),
        Action::Filter => Some("This list has no filters.".to_owned()),
        _ => None,
    }
}

fn of_record(state: &detail::State, world: &World, action: Action, label: &str) -> Option<String> {
    let table = state.kind().table();
    let operation = table.operation(action);
    let deed = operation.map(|operation| operation.deed).or(match action {
        Action::Edit => Some(Deed::Update),
        Action::Archive => Some(Deed::Archive),
        Action::Restore => Some(Deed::Restore),
        _ => None,
    })?;
    let Some(record) = &state.record else {
        return Some("The record is not loaded yet.".to_owned());
    };
    if let Some(why) = (table.already)(record, deed) {
        return Some(why.to_owned());
    }
    let is_archived = record.archived().is_some();
    Some(match deed {
        Deed::Update if table.change.is_none() => "It can't be changed.".to_owned(),
        Deed::Update if !table.may_change(world) => format!("{MAY_NOT}: {label}."),
        Deed::Archive | Deed::Restore if operation.is_none() && table.removal.is_none() => {
            "It can't be archived.".to_owned()
        }
        Deed::Update | Deed::Archive if is_archived => archived(Action::Restore),
        Deed::Restore if !is_archived && operation.is_none() => "It is not archived.".to_owned(),
        _ => format!("{MAY_NOT} with this record: {label}."),
    })
}

/// How an archived record comes back.
fn archived(restore: Action) -> String {
    let key = Entry::of(restore).and_then(|entry| entry.keys.first()?.1.first());
    let key = key.map(|chord| chord.label()).unwrap_or_default();
    format!("It is archived. {key} on its page restores it.")
}
