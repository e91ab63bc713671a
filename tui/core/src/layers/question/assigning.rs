//! The questions about assignments and visits: their status, their doctor, a patient for a doctor, and what
//! becomes of them where a doctor leaves.

use super::{
    Answer, SAME_REASON, State, about, act, ask, assignment,
    bulk::{amount, jobs, names, picked_for_all},
    in_full, with_reason,
};
use crate::{
    api::{Handover, Verb},
    layers::Intent,
    resource::{Errand, Pick, Purpose, Record, Remains, StatusWords},
    text::display,
    world::World,
};

/// Which status an assignment or a visit gets.
pub(super) fn status(record: &Record, words: &StatusWords) -> State {
    let mut state = ask(words.title, record.named(), "Keep it");
    for (answer, status) in record.outcomes() {
        state = state.or(answer, vec![Intent::Write(act(Verb::SetStatus(status), record, None))]);
    }
    state
}

/// Whether to do with these records what another one was picked for. None where there are none.
pub fn picked(
    purpose: Purpose,
    subjects: &[Record],
    record: &Record,
    world: &World,
) -> Option<State> {
    let subject = match subjects {
        [] => return None,
        [one] => one,
        several => return Some(picked_for_all(purpose, several, record, world)),
    };
    Some(match purpose {
        Purpose::DoctorOfPatient => assign(subject, record, world),
        Purpose::PatientOfDoctor => assign(record, subject, world),
        Purpose::Transfer => transfer(subject, record, world),
        Purpose::Member(member) => refer(subject, member, record),
    })
}

fn assign(patient: &Record, doctor: &Record, world: &World) -> State {
    let words = format!("{}\nto {}", in_full(patient), in_full(doctor));
    let call = assignment(patient, doctor, world.next_key());
    let state = ask("Assign this patient?", words, "Don't assign");
    let about = about("assign", std::slice::from_ref(patient));
    let hint = "may be left empty";
    with_reason(state, about, hint, ("Assign", Answer::Write(call)), world)
        .harmless_with(&[patient, doctor])
}

fn transfer(assignment: &Record, doctor: &Record, world: &World) -> State {
    let from = assignment.transferred().map(|(person, from)| format!("{person}\nfrom {from}"));
    let words = format!("{}\nto {}", from.unwrap_or_else(|| assignment.said()), in_full(doctor));
    let call = act(Verb::Transfer(doctor.id()), assignment, None);
    let state = ask("Transfer this patient?", words, "Don't transfer");
    let about = about("transfer", std::slice::from_ref(assignment));
    with_reason(state, about, SAME_REASON, ("Transfer", Answer::Write(call)), world)
        .harmless_with(&[doctor])
}

/// Whether a member refers to another record from now on.
fn refer(subject: &Record, member: &'static str, record: &Record) -> State {
    let noun = record.kind().table().words.entity;
    let words = format!("{}\nThe new {noun}: {}", subject.named(), in_full(record));
    let call = act(Verb::SetMember(member, record.id()), subject, None);
    let title = format!("Change the {noun} of this {}?", subject.kind().table().words.entity);
    ask(title, words, "Don't change")
        .or("Change", vec![Intent::Write(call)])
        .harmless_with(&[record])
}

/// Whether to link an account to a record.
pub fn link(subject: &Record, account: &Record) -> State {
    let effect = subject.kind().table().link.as_ref().map_or("", |link| link.effect);
    let words = format!("{}\nto {}\n{effect}", subject.named(), in_full(account));
    let call = act(Verb::Link(account.id()), subject, None);
    ask("Link this account?", words, "Don't link").or("Link", vec![Intent::Write(call)])
}

/// A doctor who shall be archived has so many active assignments.
pub fn hand_over(doctor: &Record, count: i64, reason: Option<String>) -> State {
    let noun = if count == 1 { "active assignment" } else { "active assignments" };
    let words = format!(
        "{}\n{count} {noun}. Nothing was changed. What becomes of them is done together with the \
         archiving, or not at all.",
        doctor.named()
    );
    let mut state = ask("This doctor has patients", words, "Keep the doctor");
    let pick = Pick { kind: doctor.kind(), title: "Transfer all to which doctor?", only: &[] };
    let errand = Errand::HandOver { doctor: doctor.clone(), reason: reason.clone() };
    state.offer("Transfer all", Answer::Pick(pick, errand));
    let end = act(Verb::HandOver(Handover::End), doctor, reason);
    state.or("End all", vec![Intent::Write(end)])
}

/// What becomes of what an archived record leaves open. `next` has taken over the rest. It comes by itself,
/// so the answer that changes nothing is selected.
pub fn remains(record: &Record, left: &Remains, found: &[Record], next: Option<&Record>) -> State {
    let next = next.map(|next| (next.id(), next.row().name));
    let taken = next.as_ref().map(|(_, name)| (left.taken_over)(name)).unwrap_or_default();
    let words = format!("{} is archived.{taken} Still open:\n{}", record.name(), names(found));
    let mut state = ask(left.title, words, left.leave);
    if let Some((next, name)) = next {
        let jobs = jobs(found, |_, it| act(Verb::SetMember(left.member, next), it, None));
        let title = format!("Change {}", amount(found));
        state.offer((left.same)(&name), Answer::Bulk(title, jobs));
    }
    let pick = Pick { kind: record.kind(), title: left.pick_title, only: &[] };
    let errand = Errand::Each(Purpose::Member(left.member), found.to_vec());
    state.offer(left.pick, Answer::Pick(pick, errand));
    state
}

/// Whether all patients of a doctor go to another one, and the doctor into the archive.
pub fn hand_over_to(doctor: &Record, next: &Record, reason: Option<String>) -> State {
    let words = format!(
        "All patients of {}\ngo to {}\nThen {} is archived.",
        doctor.named(),
        in_full(next),
        display(&doctor.row().name)
    );
    let call = act(Verb::HandOver(Handover::To(next.id())), doctor, reason);
    ask("Transfer all and archive?", words, "Keep the doctor").or(
        "Transfer and archive",
        vec![Intent::Successor(Box::new(next.clone())), Intent::Write(call)],
    )
}
