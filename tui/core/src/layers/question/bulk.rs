//! The questions about several records at once.

use super::{Answer, Picked, State, act, ask, with_reason};
use crate::{
    api::{Call, Verb},
    layers::results::Job,
    record::Record,
    resource::Purpose,
    world::World,
};

/// Names that are listed; of the others their number is said.
const NAMES: usize = 5;

fn names(records: &[Record]) -> String {
    let mut lines: Vec<String> = records.iter().take(NAMES).map(name).collect();
    let more = records.len().saturating_sub(NAMES);
    lines.extend((more > 0).then(|| format!("and {more} more")));
    lines.join("\n")
}

fn name(record: &Record) -> String {
    record.named().lines().next().unwrap_or_default().to_owned()
}

/// How many records of which kind.
fn amount(records: &[Record]) -> String {
    let title = records.first().map_or("", |record| record.kind().table().words.title);
    format!("{} {}", records.len(), title.to_lowercase())
}

fn jobs(records: &[Record], call: impl Fn(usize, &Record) -> Call) -> Vec<Job> {
    let each = records.iter().enumerate();
    each.map(|(at, record)| Job::new(record, call(at, record))).collect()
}

/// These records shall be archived. Where the kind has no archive, their status shall be changed.
pub fn archive_all(records: &[Record]) -> State {
    let amount = amount(records);
    let mut statuses = Vec::new();
    for (answer, status) in records.iter().flat_map(Record::outcomes) {
        if statuses.iter().all(|(_, known)| *known != status) {
            statuses.push((answer, status));
        }
    }
    if !statuses.is_empty() {
        let mut state = ask(format!("Change the status of {amount}?"), names(records), "Keep them");
        for (answer, status) in statuses {
            let jobs = jobs(records, |_, record| act(Verb::SetStatus(status), record, None));
            state.answers.push((answer, Answer::Bulk(format!("{answer}: {amount}"), jobs)));
        }
        return state;
    }
    let effect = records.first().map_or("", |it| it.kind().table().words.archive_effect);
    let words = format!("{}\n{effect}", names(records));
    let state = ask(format!("Archive {amount}?"), words, "Cancel");
    let jobs = jobs(records, |_, record| act(Verb::Archive, record, None));
    let answer = ("Archive all", Answer::Bulk(format!("Archive {amount}"), jobs));
    State { is_dangerous: true, ..with_reason(state, "may be left empty", answer) }
}

/// These records shall be restored.
pub fn restore_all(records: &[Record]) -> State {
    let amount = amount(records);
    let jobs = jobs(records, |_, record| act(Verb::Restore, record, None));
    let mut state = ask(format!("Restore {amount}?"), names(records), "Cancel");
    state.answers.push(("Restore all", Answer::Bulk(format!("Restore {amount}"), jobs)));
    state
}

/// Something was picked for several records.
pub(super) fn picked_for_all(picked: &Picked, world: &World) -> State {
    let Picked { purpose, subjects, record, .. } = picked;
    let key = world.next_key();
    let assign =
        |at, patient, doctor| Call::Assign { patient, doctor, reason: None, key: key.part(at) };
    let jobs = jobs(subjects, |at, subject| match purpose {
        Purpose::PatientOfDoctor => assign(at, record.id(), subject.id()),
        Purpose::DoctorOfPatient => assign(at, subject.id(), record.id()),
        Purpose::Transfer | Purpose::HandOver | Purpose::Arrival { .. } => {
            act(Verb::Transfer(record.id()), subject, None)
        }
        Purpose::Link => act(Verb::Link(record.id()), subject, None),
        Purpose::Member(member) => act(Verb::SetMember(member, record.id()), subject, None),
    });
    let is_transfer = matches!(purpose, Purpose::Transfer | Purpose::HandOver);
    let verb = if is_transfer { "Transfer" } else { "Assign" };
    let amount = amount(subjects);
    let words = format!("{}\nto {}", names(subjects), super::assigning::in_full(record));
    let state = ask(format!("{verb} {amount}?"), words, "Cancel");
    let answer = if is_transfer { "Transfer all" } else { "Assign all" };
    let hint = "for the visit; may be left empty";
    with_reason(state, hint, (answer, Answer::Bulk(format!("{verb} {amount}"), jobs)))
}
