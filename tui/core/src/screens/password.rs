//! Setting a password: one's own with the old one, or that of an account with a one-time code.

use ratatui_core::layout::Rect;
use shared::{
    FieldError,
    account::{PasswordChange, PasswordReset, Role, check_password},
    read::{Input as _, Reader},
};

use crate::{
    api::{Call, Failure, sentence},
    form::{self, Form, field::Field},
    input::action::{Action, Context},
    intent::{Event, Leave, Proof},
    layers::Intent,
    paint::Painter,
    world::World,
};

/// A password that is being set.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) form: Form,
    proof: Proof,
}

/// Opens the form. `proof` is what the password is set with.
pub fn init(proof: Proof, world: &World) -> State {
    let hint = match world.user().map_or(Role::Member, |user| user.role).password_min() {
        15 => "at least 15 characters; a sentence is fine",
        _ => "at least 8 characters, 15 for staff; a sentence is fine",
    };
    let first = match proof {
        Proof::Password => Field::secret("current_password", "Current password"),
        Proof::Code => {
            Field::secret("token", "One-time code").hint("case, spaces and dashes do not matter")
        }
    };
    let form = Form::new(vec![
        first,
        Field::secret("new_password", "New password").hint(hint),
        Field::secret("again", "New password again"),
    ]);
    State { form, proof }
}

impl State {
    /// What the header calls it.
    pub fn title(&self) -> &'static str {
        match self.proof {
            Proof::Password => "My password",
            Proof::Code => "Set a password with a code",
        }
    }
}

/// Checks the form at every edit, and sends it on Enter in the last field or on Save.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    let call = validate(state, world);
    let Event::Act(action) = event else { return Vec::new() };
    if state.form.act(action) {
        validate(state, world);
        return Vec::new();
    }
    match action {
        Action::Accept | Action::Save if state.form.reveal_errors() => Vec::new(),
        Action::Accept | Action::Save => call.into_iter().map(|call| send(state, call)).collect(),
        Action::Back => vec![Intent::Leave(Leave::Back)],
        _ => Vec::new(),
    }
}

fn send(state: &State, call: Call) -> Intent {
    match state.proof {
        Proof::Password => Intent::Write(call),
        Proof::Code => Intent::SignIn(call),
    }
}

/// Reads the form with the rules that the server has.
fn validate(state: &mut State, world: &World) -> Option<Call> {
    let form = &mut state.form;
    let given = form.fields.iter().filter(|field| field.name != "again");
    let given = given.filter(|field| !field.value().is_empty());
    let members = given.map(|field| (field.name.to_owned(), field.value().into())).collect();
    let mut reader = Reader::from_members(members);
    let call = match state.proof {
        Proof::Password => PasswordChange::read(&mut reader).map(Call::ChangePassword),
        Proof::Code => PasswordReset::read(&mut reader).map(Call::ResetPassword),
    };
    let mut errors = reader.finish();
    let new = form.value("new_password");
    if let Some(error) = refused_by_rules(new, world).filter(|_| !new.is_empty()) {
        errors.add("new_password", error);
    }
    if new != form.value("again") {
        let error = FieldError::new("not_the_same", "must be the same as the new password");
        errors.add("again", error);
    }
    form.show_errors(&errors);
    call.filter(|_| errors.is_empty())
}

/// What the rules of passwords say, as far as it is known whose password it is.
fn refused_by_rules(new: &str, world: &World) -> Option<FieldError> {
    let user = world.user();
    let own: Vec<&str> = user.map_or_else(Vec::new, |user| {
        let names = [user.email.as_deref(), user.username.as_deref(), Some(user.name.as_str())];
        names.into_iter().flatten().collect()
    });
    check_password(new, user.map_or(Role::Member, |user| user.role), &own).err()
}

/// Takes a refusal. Passwords are typed again from their beginning; the code stays.
pub fn refused(state: &mut State, failure: &Failure) -> Vec<Intent> {
    let Failure::Problem(problem) = failure else {
        let doubt = match failure {
            Failure::Unknown(_) | Failure::Garbled(_) => {
                " The password may or may not have been changed."
            }
            _ => "",
        };
        return vec![Intent::Warn(format!("{}{doubt}", sentence(failure)))];
    };
    let mut rest = state.form.refuse(&problem.errors);
    if problem.errors.is_empty() {
        rest.push(sentence(failure));
    }
    rest.into_iter().map(Intent::Warn).collect()
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Form, Context::Global]
}

fn place(area: Rect) -> Rect {
    let width = area.width.min(70);
    let x = area.x + (area.width - width) / 2;
    let y = area.y.saturating_add(1).min(area.bottom());
    Rect { x, y, width, height: area.bottom().saturating_sub(y) }
}

/// Scrolls so that the focused field is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let area = place(world.inside());
    state.form.keep_focus_visible(area.width, area.height.saturating_sub(2));
}

/// Draws what the change does, and the form.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let area = place(Rect { x: 1, width: area.width.saturating_sub(2), ..area });
    let words = match state.proof {
        Proof::Password => "A new password. All your other sessions end.",
        Proof::Code => "The code came by mail or from an administrator.",
    };
    painter.text(area.x, area.y, area.width, words, theme.title);
    let inside = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    form::view::draw(painter, inside, &state.form, has_focus, &|_| None);
}
