//! Questions about two records that may be of one person.

use shared::patient::{LikelyPair, Patient};

use super::{Answer, State, about, act, ask, in_one_line, with_reason};
use crate::{
    api::{Call, Verb},
    resource::Record,
    text::display,
    world::World,
};

/// Two records of one person shall be merged.
pub fn merge(kept: &Patient, other: &Patient, call: Call, world: &World) -> State {
    let about = about("merge", &[kept.clone().into(), other.clone().into()]);
    let [kept, other] = [kept, other].map(|it| in_one_line(&it.clone().into()));
    let words = format!(
        "{kept}\nstays, with all assignments and visits of\n{other}\nwhich goes into the archive. Its number \
         leads to the record that stays."
    );
    let state = ask("Merge both records?", words, "Cancel");
    let (hint, answer) = ("how that is known, if you like", ("Merge", Answer::Write(call)));
    State { is_dangerous: true, ..with_reason(state, about, hint, answer, world) }
}

/// The merge of another record into this one shall be undone.
pub fn unmerge(record: &Record, (other, name): (i64, &str), world: &World) -> State {
    let words = format!(
        "{}\n{} is restored, with what was taken from that record and with its assignments and visits. What came later \
         stays here. Both count as different people.",
        record.named(),
        display(name)
    );
    let state = ask("Undo the merge?", words, "Cancel");
    let answer = ("Undo the merge", Answer::Write(act(Verb::Unmerge(other), record, None)));
    let about = about("unmerge", std::slice::from_ref(record));
    let hint = "how that is known, if you like";
    State { is_dangerous: true, ..with_reason(state, about, hint, answer, world) }
}

/// Two records are of different people.
pub fn tell_apart(pair: &LikelyPair, world: &World) -> State {
    let records: Vec<Record> = pair.patients.iter().map(|it| it.clone().into()).collect();
    let names: Vec<_> = records.iter().map(in_one_line).collect();
    let mut ids = pair.patients.iter().map(|it| it.id.0);
    let patients = [ids.next().unwrap_or_default(), ids.next().unwrap_or_default()];
    let call = Call::TellApart { patients, reason: None, about: names.join(" and ") };
    let state = ask("Different people?", names.join("\n"), "Cancel");
    let answer = ("They are different people", Answer::Write(call));
    let hint = "they are twins, for example; may be left empty";
    with_reason(state, about("different people", &records), hint, answer, world)
}
