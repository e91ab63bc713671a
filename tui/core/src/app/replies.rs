//! From an answer to what it changes. An answer whose ticket is not the newest changes nothing.

use shared::{Kind, patient::Patient};

use super::{App, slots::Running};
use crate::{
    api::{Call, Failure, Reply, sentence},
    effect::{Effect, Slot, Ticket},
    layers::conflict,
    notice::Tone,
    screens::{
        Screen,
        patients::{detail, form, list},
    },
    step::{Leave, Step},
    text::display,
};

impl App {
    pub(super) fn reply(
        &mut self,
        ticket: Ticket,
        result: Result<Reply, Failure>,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Some(Running { call, session }) = self.slots.finish(ticket) else {
            // A login for which nobody waits any longer leaves no session behind.
            if let Ok(Reply::SignedIn(session)) = result {
                self.decline(Some(*session), out);
            }
            return false;
        };
        match &result {
            Err(Failure::Offline(_)) => {}
            Err(Failure::Unknown(_)) if !call.is_write() => {}
            _ => self.came_online(out),
        }
        if matches!(result, Err(Failure::Expired)) && !is_account(&call) {
            self.released(&call);
            self.expired(session, ticket.slot, call, out);
            return true;
        }
        if call.is_write() && !is_account(&call) {
            self.written(&call, result, out);
            return true;
        }
        if let Err(failure @ (Failure::Offline(_) | Failure::Unknown(_))) = &result
            && !is_account(&call)
        {
            self.went_offline(ticket.slot, call.clone(), failure, out);
        }
        self.read(ticket.slot, &call, result, out);
        true
    }

    fn read(
        &mut self,
        slot: Slot,
        call: &Call,
        result: Result<Reply, Failure>,
        out: &mut Vec<Effect>,
    ) {
        let garbled = || Failure::Garbled("it answers something else".to_owned());
        match (slot, result) {
            (Slot::Meta, Ok(Reply::Meta(meta))) => {
                self.world.today = meta.today;
                self.world.zone = meta.time_zone.parse().ok();
                self.world.meta = Some(*meta);
            }
            // It is tried again by itself.
            (Slot::Meta, Err(Failure::Offline(_) | Failure::Unknown(_))) => {}
            (Slot::Meta, Err(failure)) => self.say(Tone::Error, sentence(&failure), out),
            (Slot::Account, Ok(Reply::SignedIn(session))) => self.logged_in(*session, out),
            (Slot::Account, Ok(Reply::User(user))) => self.described(*user, out),
            (Slot::Account, Ok(_)) => self.account_refused(call, &garbled(), out),
            // What the session may do is asked again by itself.
            (Slot::Account, Err(Failure::Offline(_) | Failure::Unknown(_)))
                if matches!(call, Call::Profile) => {}
            (Slot::Account, Err(failure)) => self.account_refused(call, &failure, out),
            (Slot::Patients, result) => {
                let answer = match result {
                    Ok(Reply::Patients(page)) => Ok(*page),
                    Ok(_) => Err(garbled()),
                    Err(failure) => Err(failure),
                };
                let world = self.world.clone();
                let Some(list) = self.list_mut() else { return };
                let steps = list::answered(
                    list,
                    &world,
                    answer.as_ref().map_or_else(Err, |page| Ok(page.clone())),
                );
                self.apply(steps, out);
            }
            (Slot::Patient | Slot::History, result) => self.patient_read(call, result, out),
            (_, Ok(_)) => self.say(Tone::Error, sentence(&garbled()), out),
            (_, Err(failure)) => self.say(Tone::Error, sentence(&failure), out),
        }
    }

    /// What was read for the patient that is shown, or for a save whose answer got lost.
    fn patient_read(&mut self, call: &Call, result: Result<Reply, Failure>, out: &mut Vec<Effect>) {
        let world = self.world.clone();
        let steps = match (self.screens.last_mut(), result) {
            (Some(Screen::PatientForm(state)), Ok(Reply::Patient(patient)))
                if state.is_doubtful =>
            {
                let steps = form::checked(state, (*patient).clone(), &world);
                self.apply(steps, out);
                self.shown_again(*patient)
            }
            (Some(Screen::PatientForm(state)), Ok(Reply::Patients(page))) if state.is_doubtful => {
                form::checked_new(state, &page, &world)
            }
            (Some(Screen::PatientForm(state)), Err(failure)) if state.is_doubtful => {
                vec![Step::Warn(sentence(&failure))]
            }
            (_, result) => {
                let Some(state) = self.detail_mut() else { return };
                match result {
                    Ok(Reply::Patient(patient)) => {
                        let steps = detail::answered(state, Ok((*patient).clone()), &world);
                        if let Some(list) = self.list_mut() {
                            list.replace(&patient);
                        }
                        steps
                    }
                    Ok(Reply::History(page)) => detail::history_answered(state, call, Ok(*page)),
                    Ok(_) => Vec::new(),
                    Err(failure) if matches!(call, Call::History { .. }) => {
                        detail::history_answered(state, call, Err(&failure))
                    }
                    Err(failure) => detail::answered(state, Err(&failure), &world),
                }
            }
        };
        self.apply(steps, out);
    }

    /// Shows a record as it is now wherever it is shown.
    fn shown_again(&mut self, patient: Patient) -> Vec<Step> {
        if let Some(list) = self.list_mut() {
            list.replace(&patient);
        }
        let shown = self.detail_mut().filter(|state| state.id == patient.id);
        shown.map(|state| state.show(patient)).unwrap_or_default()
    }

    pub(super) fn detail_mut(&mut self) -> Option<&mut detail::State> {
        self.screens.iter_mut().rev().find_map(|screen| match screen {
            Screen::Patient(state) => Some(&mut **state),
            _ => None,
        })
    }

    /// The form that is being saved; it may have been left, and another one opened.
    fn form_mut(&mut self) -> Option<&mut form::State> {
        self.screens.iter_mut().rev().find_map(|screen| match screen {
            Screen::PatientForm(state) if state.is_saving => Some(&mut **state),
            _ => None,
        })
    }

    /// A save is over, whatever became of it.
    pub(super) fn released(&mut self, call: &Call) {
        let world = self.world.clone();
        if matches!(call, Call::CreatePatient { .. } | Call::UpdatePatient { .. })
            && let Some(state) = self.form_mut()
        {
            form::refused(state, &Failure::Expired, &world);
        }
    }

    /// A write has an answer, or none.
    fn written(&mut self, call: &Call, result: Result<Reply, Failure>, out: &mut Vec<Effect>) {
        let result = match result {
            Ok(Reply::Patient(patient)) => Ok(*patient),
            Ok(_) => Err(Failure::Garbled("it answers something else".to_owned())),
            Err(failure) => Err(failure),
        };
        match (call, result) {
            (Call::CreatePatient { .. } | Call::UpdatePatient { .. }, Ok(patient)) => {
                self.saved(call, patient, out);
            }
            (Call::CreatePatient { .. } | Call::UpdatePatient { .. }, Err(failure)) => {
                let world = self.world.clone();
                match self.form_mut() {
                    Some(state) => {
                        let steps = form::refused(state, &failure, &world);
                        self.apply(steps, out);
                    }
                    None => {
                        let why = sentence(&failure);
                        let said = match failure {
                            Failure::Unknown(_) | Failure::Garbled(_) => {
                                format!("{why} What you left may have been saved or not.")
                            }
                            _ => format!("What you left was not saved: {why}"),
                        };
                        self.say(Tone::Error, said, out);
                    }
                }
            }
            (_, Ok(patient)) => self.moved(call, patient, out),
            (_, Err(failure)) => self.not_moved(call, &failure, out),
        }
    }

    fn saved(&mut self, call: &Call, patient: Patient, out: &mut Vec<Effect>) {
        let world = self.world.clone();
        let is_new = matches!(call, Call::CreatePatient { .. });
        let is_saving =
            |screen: &Screen| matches!(screen, Screen::PatientForm(state) if state.is_saving);
        let at = self.screens.iter().rposition(is_saving);
        let answer = self.form_mut().map(|state| form::saved(state, &patient, &world));
        let (then, said) = answer.unwrap_or_else(|| (None, form::told(&patient, is_new)));
        if let Some(at) = at.filter(|_| then.is_some()) {
            self.screens.remove(at);
        }
        self.say(Tone::Info, said, out);
        if let Some(list) = self.list_mut() {
            list.replace(&patient);
            if is_new {
                let steps = list.refresh(&world);
                self.apply(steps, out);
            }
        }
        if let Some(leave @ (Leave::LogOut | Leave::Quit)) = then {
            return self.left(leave, out);
        }
        let steps = if is_new && then.is_none() {
            Vec::new()
        } else if is_new {
            let name = display(&patient.full_name).into_owned();
            let (mut state, _) = detail::init(patient.id, name, false);
            let steps = state.show(patient);
            self.screens.push(Screen::Patient(Box::new(state)));
            steps
        } else {
            let shown = self.detail_mut().filter(|state| state.id == patient.id);
            shown.map(|state| state.show(patient)).unwrap_or_default()
        };
        self.apply(steps, out);
    }

    /// A patient went into the archive or came back from it.
    fn moved(&mut self, call: &Call, patient: Patient, out: &mut Vec<Effect>) {
        let verb = match call {
            Call::ArchivePatient { .. } => "Archived",
            _ => "Brought back",
        };
        let said = format!("{verb}: {}, {}", display(&patient.full_name), display(&patient.mrn));
        self.say(Tone::Info, said, out);
        let mut steps = Vec::new();
        let shown = self.detail_mut().filter(|state| state.id == patient.id);
        if let Some(state) = shown {
            steps.extend(state.show(patient));
        }
        let world = self.world.clone();
        if let Some(list) = self.list_mut() {
            steps.extend(list.refresh(&world));
        }
        self.apply(steps, out);
    }

    fn not_moved(&mut self, call: &Call, failure: &Failure, out: &mut Vec<Effect>) {
        let mut said = sentence(failure);
        let mut steps = Vec::new();
        match failure {
            Failure::Problem(problem) if problem.error == Kind::Stale.code() => {
                "Somebody has changed the record in the meantime. Look again before you decide."
                    .clone_into(&mut said);
                if let (Some(current), Some(state)) = (conflict::theirs(problem), self.detail_mut())
                {
                    steps.extend(state.show(current));
                }
                steps.extend(self.look_again(call));
            }
            Failure::Unknown(_) | Failure::Garbled(_) => {
                said.push_str(" It may have been done or not; the record is being read again.");
                steps.extend(self.look_again(call));
            }
            _ => {}
        }
        steps.push(Step::Warn(said));
        self.apply(steps, out);
    }

    fn look_again(&mut self, call: &Call) -> Option<Step> {
        let (Call::ArchivePatient { id, .. } | Call::RestorePatient { id, .. }) = call else {
            return None;
        };
        let archived = matches!(call, Call::RestorePatient { .. });
        Some(Step::Read(Slot::Patient, Call::Patient { id: *id, archived }))
    }
}

/// Whether it begins a session: nothing of it waits, and nothing of it is a record.
fn is_account(call: &Call) -> bool {
    matches!(call, Call::Login(_) | Call::Register(_))
}
