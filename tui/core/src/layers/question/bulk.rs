//! The questions about several records at once.

use super::{
    Answer, SAME_REASON, State, about, act, ask, assignment, in_full, warning, with_reason,
};
use crate::{
    api::{Call, Verb},
    layers::results::Job,
    resource::{Purpose, Record, Removal},
    world::World,
};

/// Names that are listed; of the others their number is said.
const NAMES: usize = 5;

pub(super) fn names(records: &[Record]) -> String {
    listed(&records.iter().collect::<Vec<_>>(), name)
}

/// The names with what must not be overlooked. First the records that bear a warning.
fn names_in_full(records: &[Record]) -> String {
    let (mut all, others): (Vec<_>, Vec<_>) =
        records.iter().partition(|record| warning(record).is_some());
    all.extend(others);
    listed(&all, |record| {
        format!(
            "{}{}",
            name(record),
            warning(record).map(|it| format!("  {it}")).unwrap_or_default()
        )
    })
}

/// Each person with the doctor whom the transfer is from.
fn transferred(records: &[Record]) -> String {
    listed(&records.iter().collect::<Vec<_>>(), |record| match record.transferred() {
        Some((person, from)) => format!("{person}, from {from}"),
        None => name(record),
    })
}

fn listed(records: &[&Record], name: impl Fn(&Record) -> String) -> String {
    let mut lines: Vec<String> = records.iter().take(NAMES).map(|record| name(record)).collect();
    let more = records.len().saturating_sub(NAMES);
    lines.extend((more > 0).then(|| format!("and {more} more")));
    lines.join("\n")
}

fn name(record: &Record) -> String {
    record.named().lines().next().unwrap_or_default().to_owned()
}

/// How many records of which kind.
pub(super) fn amount(records: &[Record]) -> String {
    let words = records.first().map(|record| &record.kind().table().words);
    match (records.len(), words) {
        (1, words) => format!("1 {}", words.map_or("", |words| words.entity)),
        (count, words) => {
            format!("{count} {}", words.map_or("", |words| words.title).to_lowercase())
        }
    }
}

pub(super) fn jobs(records: &[Record], call: impl Fn(usize, &Record) -> Call) -> Vec<Job> {
    let each = records.iter().enumerate();
    each.map(|(at, record)| Job::new(record, call(at, record))).collect()
}

/// These records shall be archived. Where the kind has no archive, their status shall be changed.
/// None where they have neither.
pub fn archive_all(records: &[Record], world: &World) -> Option<State> {
    let archive = match records.first()?.kind().table().removal.as_ref()? {
        Removal::Archive(archive) => archive,
        Removal::Status(_) => return Some(status_of_all(records)),
    };
    let amount = amount(records);
    let words = format!("{}\n{}", names(records), archive.effect);
    let state = ask(format!("Archive {amount}?"), words, "Cancel");
    let jobs = jobs(records, |_, record| act(Verb::Archive, record, None));
    let answer = ("Archive all", Answer::Bulk(format!("Archive {amount}"), jobs));
    let about = about("archive", records);
    let hint = "may be left empty";
    Some(State { is_dangerous: true, ..with_reason(state, about, hint, answer, world) })
}

/// Which status these records get.
fn status_of_all(records: &[Record]) -> State {
    let amount = amount(records);
    let mut statuses = Vec::new();
    for (answer, status) in records.iter().flat_map(Record::outcomes) {
        if statuses.iter().all(|(_, known)| *known != status) {
            statuses.push((answer, status));
        }
    }
    let mut state = ask(format!("Change the status of {amount}?"), names(records), "Keep them");
    for (answer, status) in statuses {
        let jobs = jobs(records, |_, record| act(Verb::SetStatus(status), record, None));
        state.offer(answer, Answer::Bulk(format!("{answer}: {amount}"), jobs));
    }
    state
}

/// These records shall be restored.
pub fn restore_all(records: &[Record]) -> State {
    let amount = amount(records);
    let jobs = jobs(records, |_, record| act(Verb::Restore, record, None));
    let mut state = ask(format!("Restore {amount}?"), names(records), "Cancel");
    state.offer("Restore all", Answer::Bulk(format!("Restore {amount}"), jobs));
    state.harmless()
}

/// Something was picked for several records.
pub(super) fn picked_for_all(
    purpose: Purpose,
    subjects: &[Record],
    record: &Record,
    world: &World,
) -> State {
    let key = world.next_key();
    let assign = |at, patient: &Record, doctor: &Record| assignment(patient, doctor, key.part(at));
    let jobs = jobs(subjects, |at, subject| match purpose {
        Purpose::PatientOfDoctor => assign(at, record, subject),
        Purpose::DoctorOfPatient => assign(at, subject, record),
        Purpose::Transfer => act(Verb::Transfer(record.id()), subject, None),
        Purpose::Member(member) => act(Verb::SetMember(member, record.id()), subject, None),
    });
    let amount = amount(subjects);
    let is_assigned = matches!(purpose, Purpose::PatientOfDoctor | Purpose::DoctorOfPatient);
    let named = match purpose {
        Purpose::Transfer => transferred(subjects),
        _ if is_assigned => names_in_full(subjects),
        _ => names(subjects),
    };
    let words = format!("{named}\nto {}", in_full(record));
    let question = |verb: &str| ask(format!("{verb} {amount}?"), words.clone(), "Cancel");
    let bulk = |verb: &str| Answer::Bulk(format!("{verb} {amount}"), jobs);
    let state = match purpose {
        Purpose::Member(_) => {
            let mut state = question("Change");
            state.offer("Change all", bulk("Change"));
            state
        }
        Purpose::Transfer => {
            let answer = ("Transfer all", bulk("Transfer"));
            with_reason(
                question("Transfer"),
                about("transfer", subjects),
                SAME_REASON,
                answer,
                world,
            )
        }
        Purpose::PatientOfDoctor | Purpose::DoctorOfPatient => {
            let answer = ("Assign all", bulk("Assign"));
            let hint = "may be left empty";
            with_reason(question("Assign"), about("assign", subjects), hint, answer, world)
        }
    };
    let persons = subjects.iter().filter(|_| is_assigned).chain([record]);
    state.harmless_with(&persons.collect::<Vec<_>>())
}
