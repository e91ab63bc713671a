//! What the screens of one record say about others: the person whom the record is about, those who have
//! the same name, and the visit of a patient who is in the clinic.

use super::Screen;
use crate::{
    api::{Call, Failure, Reply},
    intent::Route,
    layers::Intent,
    namesakes::Namesakes,
    person::Person,
    presence::Presence,
    resource::Record,
    world::World,
};

impl Screen {
    /// The screen of a route, and what it wants at the beginning.
    pub fn at(route: Route, world: &World) -> (Self, Vec<Intent>) {
        let named = match &route {
            Route::Record { kind, name, .. } => Some((*kind, name.clone())),
            Route::Shown(record) | Route::Edit(record) | Route::EditField(record, _) => {
                Some((record.kind(), record.name()))
            }
            _ => None,
        };
        let about = match &route {
            Route::Edit(record) | Route::EditField(record, _) => Person::of(record),
            _ => None,
        };
        let present = match &route {
            Route::Record { kind, id, is_archived: false, .. } => Presence::of(*kind, *id),
            Route::Shown(record) | Route::Edit(record) | Route::EditField(record, _) => {
                Presence::of(record.kind(), record.id())
            }
            _ => None,
        };
        let (mut screen, mut intents) = Self::of(route, world);
        if let (Some(present), Some(presence)) = (present, screen.presence_mut()) {
            intents.extend(present.ask());
            *presence = Some(present);
        }
        if let (Some(about), Some(person)) = (about, screen.person_mut()) {
            intents.push(about.ask());
            *person = Some(about);
        }
        if let (Some((kind, name)), Some(namesakes)) = (named, screen.namesakes_mut()) {
            *namesakes = Namesakes::of(kind, &name, world);
            intents.extend(namesakes.as_ref().map(Namesakes::ask));
        }
        (screen, intents)
    }

    fn person_mut(&mut self) -> Option<&mut Option<Person>> {
        match self {
            Self::Detail(state) => Some(&mut state.person),
            Self::Form(state) => Some(&mut state.person),
            _ => None,
        }
    }

    fn presence_mut(&mut self) -> Option<&mut Option<Presence>> {
        match self {
            Self::Detail(state) => Some(&mut state.presence),
            Self::Form(state) => Some(&mut state.presence),
            _ => None,
        }
    }

    fn namesakes_mut(&mut self) -> Option<&mut Option<Namesakes>> {
        match self {
            Self::Detail(state) => Some(&mut state.namesakes),
            Self::Form(state) => Some(&mut state.namesakes),
            _ => None,
        }
    }

    /// Takes an answer about others, and adds what is to be asked then. Gives any other answer back.
    pub(super) fn take_about(
        &mut self,
        call: &Call,
        answer: Result<Reply, Failure>,
        intents: &mut Vec<Intent>,
    ) -> Option<Result<Reply, Failure>> {
        if let Some(Some(presence)) = self.presence_mut()
            && presence.is_asked_by(call)
        {
            presence.take(answer);
            return None;
        }
        match call {
            Call::Namesakes { .. } => {
                if let Some(Some(namesakes)) = self.namesakes_mut() {
                    namesakes.take(answer);
                }
                None
            }
            Call::Match { .. } => {
                if let Self::Form(state) = self {
                    state.likely.take(answer);
                }
                None
            }
            Call::Read { kind, id, .. } => match self.person_mut() {
                Some(Some(person)) if person.is(*kind, *id) => {
                    intents.extend(person.take(call, answer));
                    None
                }
                _ => Some(answer),
            },
            _ => Some(answer),
        }
    }

    /// Shows the person as the record is now. Asks again where the person is if that may have changed.
    pub(super) fn learn_about(&mut self, record: &Record) -> Option<Intent> {
        if let Some(Some(person)) = self.person_mut() {
            person.learn(record);
        }
        self.presence_mut()?.as_ref()?.learn(record)
    }
}
