//! Operations on records, and one's own account.

use super::App;
use crate::{
    api::{Call, Failure, Reply, Verb, sentence},
    effect::{Effect, Lane, ScreenId},
    input::{action::Action, table::Entry},
    intent::{Leave, Place, Proof, Route},
    layers::{Intent, Layer, api_pages, secret},
    login,
    notice::Tone,
    resource::{Answer, Operation, Query, Reading, Record, RecordKind, Secret},
    screens::{Screen, password, refusals},
};

impl App {
    /// Whether an action leads to one's own account or to the API, from anywhere.
    pub(super) fn is_own(action: Action) -> bool {
        use Action::{Api, MyAccount, MyPassword, MySessions, MyTokens};
        matches!(action, MyAccount | MyPassword | MySessions | MyTokens | Api)
    }

    /// Goes to one's own account or to the API. What is open stays below it.
    pub(super) fn go_to_own(&mut self, action: Action, out: &mut Vec<Effect>) {
        let list = |kind| Intent::Go(Route::List(kind, Query::default()));
        let intent = match action {
            Action::MyAccount => {
                let Some(user) = self.world.user() else { return };
                Intent::Go(Route::Alone(RecordKind::User, user.id.0))
            }
            Action::MyPassword => Intent::Go(Route::Password(Proof::Password)),
            Action::MySessions => list(RecordKind::LoginSession),
            Action::MyTokens => list(RecordKind::ApiToken),
            Action::Api => Intent::Open(Box::new(Layer::Api(api_pages::init()))),
            _ => return,
        };
        self.apply(vec![intent], out);
    }

    /// Why an action is not done whose key was pressed on a screen.
    pub(super) fn refusal(&self, action: Action) -> Option<String> {
        if !self.layers.is_empty() || self.world.session().is_none() {
            return None;
        }
        let label = Entry::of(action).map_or("", |entry| self.label_here(entry));
        if Place::of(action).is_some() {
            return Some(format!("Your account may not see this: {label}."));
        }
        if action == Action::UndoSave {
            return self.undo_refusal();
        }
        refusals::refusal(self.screen(), &self.world, action, label)
    }

    /// Shows a secret that came with a record.
    pub(super) fn show_secret(&mut self, kind: RecordKind, name: String, secret: Secret) {
        self.lay(Layer::Secret(Box::new(secret::init(kind, name, secret))));
    }

    /// An operation has an answer, or none.
    pub(super) fn operated(
        &mut self,
        owner: ScreenId,
        call: &Call,
        result: Result<Reply, Failure>,
        out: &mut Vec<Effect>,
    ) {
        let Call::Run { operation, kind, ids, .. } = call else { return };
        match result {
            Ok(reply) => self.operation_done(owner, operation, (*kind, ids), reply, out),
            Err(failure) => self.not_moved(owner, call, &failure, out),
        }
        self.refresh_list(*kind, None, out);
    }

    fn operation_done(
        &mut self,
        owner: ScreenId,
        operation: &Operation,
        (kind, ids): (RecordKind, &[i64]),
        reply: Reply,
        out: &mut Vec<Effect>,
    ) {
        if let Reply::Issued(secret) = reply {
            let shown = self.screens.iter().find_map(|opened| match &opened.screen {
                Screen::Detail(state) => state.record.clone().filter(|it| is_one_of(it, kind, ids)),
                _ => None,
            });
            let name = shown.map_or_else(|| kind.table().words.one.to_owned(), |it| it.named());
            return self.show_secret(kind, name, secret);
        }
        self.say(Tone::Info, format!("{}.", operation.done), out);
        match (reply, operation.request.answer) {
            (Reply::Record(record), _) => self.learn(ScreenId::APP, &record, out),
            (_, Answer::Gone) => self.close_pages(kind, ids, out),
            _ => {
                let intents = ids.iter().filter_map(|id| read_again(kind, *id)).collect();
                if self.opened_mut(owner).is_some() {
                    self.apply_for(owner, intents, out);
                }
            }
        }
    }

    /// Closes the pages of records that are gone.
    fn close_pages(&mut self, kind: RecordKind, ids: &[i64], out: &mut Vec<Effect>) {
        let is_page = |screen: &Screen| match screen {
            Screen::Detail(state) => {
                state.record.as_ref().is_some_and(|record| is_one_of(record, kind, ids))
            }
            _ => false,
        };
        let gone = self.screens.iter().skip(1).filter(|opened| is_page(&opened.screen));
        let gone: Vec<ScreenId> = gone.map(|opened| opened.id).collect();
        for id in gone {
            self.close_screen(id, out);
        }
    }

    /// A password was set with a one-time code: the way to the login is free.
    pub(super) fn password_was_set(&mut self, out: &mut Vec<Effect>) {
        if matches!(self.screen(), Screen::Password(_)) {
            self.left(Leave::Back, out);
        }
        // What was typed there before belongs to somebody else, perhaps.
        if let Some(Screen::Login(state)) = self.top_mut() {
            **state = login::init("", false);
        }
        self.say(Tone::Info, "The password is set. Log in with it.".to_owned(), out);
    }

    /// A change of one's own password has an answer, or none.
    pub(super) fn password_answered(
        &mut self,
        owner: ScreenId,
        result: Result<Reply, Failure>,
        out: &mut Vec<Effect>,
    ) {
        match result {
            Ok(_) => {
                self.close_screen(owner, out);
                let said = "The password was changed. All your other sessions have ended.";
                self.say(Tone::Info, said.to_owned(), out);
            }
            Err(failure) => {
                let intents = match self.opened_mut(owner) {
                    Some(Screen::Password(state)) => password::refused(state, &failure),
                    _ => {
                        let said = format!("The password was not changed: {}", sentence(&failure));
                        vec![Intent::Warn(said)]
                    }
                };
                self.apply_for(owner, intents, out);
            }
        }
    }
}

fn is_one_of(record: &Record, kind: RecordKind, ids: &[i64]) -> bool {
    record.kind() == kind && ids.contains(&record.id())
}

/// The intent that reads what a write may have changed.
pub(super) fn look_again(call: &Call) -> Option<Intent> {
    if let Call::Run { kind, ids, .. } = call {
        return read_again(*kind, *ids.first()?);
    }
    let Call::Do { verb, kind, id, .. } = call else { return None };
    let is_archived = *verb == Verb::Restore;
    Some(Intent::Read(Lane::Record, Call::Read { kind: *kind, id: *id, is_archived }))
}

/// The intent that reads a record again, where the server serves single records of its kind.
fn read_again(kind: RecordKind, id: i64) -> Option<Intent> {
    let is_served = kind.table().reading != Reading::InList;
    let call = Call::Read { kind, id, is_archived: false };
    is_served.then_some(Intent::Read(Lane::Record, call))
}
