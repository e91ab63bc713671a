//! Logging in: as a screen, and as a layer over a form whose session is over.

use ratatui_core::layout::Rect;
use shared::{FieldError, FieldErrors, Kind, account::Login};

use crate::{
    api::{Call, Failure, sentence},
    effect::Effect,
    form::{self, Form, field::Field},
    input::{
        action::{Action, Context},
        keymap::with_keys,
    },
    intent::{Event, Intent, Leave, Proof, Route},
    paint::Painter,
    text::paragraphs,
    world::World,
};

/// Who logs in.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) form: Form,
    /// Whether it lies over a screen whose session is over.
    pub(crate) is_again: bool,
    /// Whether nothing is shown or done before somebody has logged in.
    pub(crate) is_locked: bool,
}

/// Begins; the identifier may be known already.
pub fn init(identifier: &str, is_again: bool) -> State {
    let mut form = Form::new(vec![
        Field::text("email", "E-mail or username", identifier),
        Field::secret("password", "Password"),
    ]);
    if !identifier.is_empty() {
        form.focus_on("password");
        if let Some(first) = form.field_mut("email") {
            first.was_left = false;
        }
    }
    State { form, is_again, is_locked: false }
}

/// Begins with the name with which somebody has logged in last. Enter keeps it, and what is typed takes its
/// place.
pub fn remembering(identifier: &str) -> State {
    let mut state = init("", false);
    state.form.set("email", identifier);
    if let Some(field) = state.form.field_mut("email").filter(|_| !identifier.is_empty()) {
        field.hint = with_keys("{Accept} keeps it; typing replaces it").into();
        if let Some(editor) = field.editor_mut() {
            editor.select();
        }
    }
    state
}

/// Edits the form, and logs in.
pub fn update<L>(state: &mut State, world: &World, event: Event) -> Vec<Intent<L>> {
    let Event::Act(action) = event else { return Vec::new() };
    if state.form.act(action) {
        return Vec::new();
    }
    match action {
        Action::Accept | Action::Save => send(state),
        Action::Register if is_available(world, action) && !state.is_again => {
            vec![Intent::Go(Route::Register)]
        }
        Action::EnterCode if !state.is_again => {
            vec![Intent::Go(Route::Password(Proof::Code))]
        }
        Action::LocalDesk if is_available(world, action) && !state.is_again => {
            vec![Intent::Do(Effect::GoLocal)]
        }
        Action::Back if state.is_locked => Vec::new(),
        Action::Back if state.is_again => vec![Intent::Close],
        Action::Back => vec![Intent::Leave(Leave::Back)],
        _ => Vec::new(),
    }
}

fn send<L>(state: &mut State) -> Vec<Intent<L>> {
    let mut faults = FieldErrors::default();
    for name in ["email", "password"] {
        if state.form.value(name).trim().is_empty() {
            faults.add(name, FieldError::required());
        }
    }
    state.form.show_errors(&faults);
    if state.form.reveal_errors() {
        return Vec::new();
    }
    let login = Login {
        identifier: state.form.value("email").trim().to_owned(),
        password: state.form.value("password").to_owned(),
        device: None,
    };
    vec![Intent::SignIn(Call::Login(login))]
}

impl State {
    /// Types the password of a throw-away desk's administrator, which nobody else knows.
    pub(crate) fn fill_in(&mut self, sample: Option<&(String, String)>) {
        if let Some((_, password)) = sample.filter(|(name, _)| self.form.value("email") == name) {
            self.form.set("password", password);
        }
    }
}

/// Takes a refusal: the sentence stands beside the field that is meant. The name stays; the next
/// password is typed from its beginning, not behind the one that was refused.
pub fn refused<L>(
    state: &mut State,
    failure: &Failure,
    sample: Option<&(String, String)>,
) -> Vec<Intent<L>> {
    if matches!(failure, Failure::Problem(_)) {
        state.form.focus_on("password");
        if let Some(field) = state.form.field_mut("password") {
            field.forget();
        }
        state.fill_in(sample);
    }
    match failure {
        Failure::Problem(problem) if problem.error == Kind::Unauthenticated.code() => {
            let refusal = match problem.detail.as_str() {
                "" => "E-mail, username or password is wrong.".to_owned(),
                detail => detail.to_owned(),
            };
            if let Some(field) = state.form.field_mut("password") {
                field.refused = Some(refusal);
            }
            Vec::new()
        }
        Failure::Problem(problem) => {
            let rest = state.form.refuse(&problem.errors);
            let all = if problem.errors.is_empty() { vec![sentence(failure)] } else { rest };
            all.into_iter().map(Intent::Warn).collect()
        }
        other => vec![Intent::Warn(sentence(other))],
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Form, Context::Login, Context::Global]
}

/// Whether an action makes sense here.
pub fn is_available(world: &World, action: Action) -> bool {
    match action {
        Action::Register => world.meta.as_ref().is_some_and(|meta| meta.is_registration_open),
        Action::LocalDesk => world.can_go_local,
        Action::Refresh | Action::Back => false,
        _ => true,
    }
}

/// The place of the form.
fn place(area: Rect) -> Rect {
    let width = area.width.min(60);
    let x = area.x + (area.width - width) / 2;
    let y = area.y.saturating_add(area.height / 4).min(area.bottom());
    Rect { x, y, width, height: area.bottom().saturating_sub(y) }
}

/// Scrolls so that the focused field is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let area = place(world.inside());
    state.form.keep_focus_visible(area.width, area.height.saturating_sub(2));
}

/// Draws the form, and what else is possible without an account.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let area = place(Rect { x: 1, width: area.width.saturating_sub(2), ..area });
    let title = format!("Log in to {}", crate::text::display(&world.desk));
    painter.text(area.x, area.y, area.width, &title, theme.title);
    let inside = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    form::view::draw(painter, inside, &state.form, has_focus, &|_| None);
    let below = inside.y + state.form.height(inside.width) + 1;
    let hints = [
        (Action::EnterCode, "No password yet? {EnterCode} sets one with a one-time code."),
        (Action::Register, "No account yet? {Register} opens one."),
        (Action::LocalDesk, "{LocalDesk} opens the local desk on this machine instead."),
    ];
    let hints = hints.iter().filter(|(action, _)| is_available(world, *action));
    let lines = hints.flat_map(|(_, hint)| paragraphs(&with_keys(hint), area.width));
    for (y, line) in (below..area.bottom()).zip(lines) {
        painter.text(area.x, y, area.width, &line, theme.dim);
    }
}
