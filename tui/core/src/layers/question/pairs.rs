//! Questions about two records that may be of one person.

use shared::patient::{LikelyPair, Patient};

use super::{Answer, State, ask, in_one_line};
use crate::{
    api::Call,
    form::{Form, field::Field},
};

/// Two records of one person shall be merged.
pub fn merge(kept: &Patient, other: &Patient, call: Call) -> State {
    let [kept, other] = [kept, other].map(|it| in_one_line(&it.clone().into()));
    let words = format!(
        "{kept}\nstays, with all assignments and visits of\n{other}\nwhich goes into the archive. Its number \
         leads to the record that stays."
    );
    let reason = Field::text("reason", "Reason", "").hint("how that is known, if you like");
    let mut state = ask("Merge both records?", words, "Cancel");
    state.form = Form::new(vec![reason]);
    state.offer("Merge", Answer::Write(call));
    State { is_dangerous: true, ..state }
}

/// Two records are of different people.
pub fn tell_apart(pair: &LikelyPair) -> State {
    let names: Vec<_> = pair.patients.iter().map(|it| in_one_line(&it.clone().into())).collect();
    let mut ids = pair.patients.iter().map(|it| it.id.0);
    let patients = [ids.next().unwrap_or_default(), ids.next().unwrap_or_default()];
    let call = Call::TellApart { patients, reason: None, about: names.join(" and ") };
    let reason =
        Field::text("reason", "Because", "").hint("they are twins, for example; may be left empty");
    let mut state = ask("Different people?", names.join("\n"), "Cancel");
    state.form = Form::new(vec![reason]);
    state.offer("They are different people", Answer::Write(call));
    state
}
