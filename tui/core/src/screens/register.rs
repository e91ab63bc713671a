//! Opening an account for oneself.

use ratatui_core::layout::Rect;
use shared::{
    FieldError, FieldErrors,
    account::Registration,
    read::{Input as _, Reader},
};

use crate::{
    api::{Call, Failure, sentence},
    form::{self, Form, field::Field},
    input::action::{Action, Context},
    intent::{Event, Leave},
    layers::Intent,
    paint::Painter,
    world::World,
};

/// Who opens an account.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) form: Form,
}

/// Opens the form, empty.
pub fn init() -> State {
    let form = Form::new(vec![
        Field::text("name", "Name", "").hint("may be left empty"),
        Field::text("email", "E-mail", ""),
        Field::text("username", "Username", "").hint("to log in with; may be left empty"),
        Field::secret("password", "Password").hint("at least 8 characters; a sentence is fine"),
        Field::secret("password_confirm", "Password again"),
    ]);
    State { form }
}

/// Checks the form at every edit, and registers the account on Enter in the last field or on Save.
pub fn update(state: &mut State, _: &World, event: Event) -> Vec<Intent> {
    let Event::Act(action) = event else {
        validate(&mut state.form);
        return Vec::new();
    };
    if state.form.act(action) {
        validate(&mut state.form);
        return Vec::new();
    }
    match action {
        Action::Accept | Action::Save => {
            let registration = validate(&mut state.form);
            let is_refused = state.form.reveal_errors();
            match registration.filter(|_| !is_refused) {
                Some(registration) => vec![Intent::SignIn(Call::Register(registration))],
                None => Vec::new(),
            }
        }
        Action::Back => vec![Intent::Leave(Leave::Back)],
        _ => Vec::new(),
    }
}

/// Reads the form with the rules that the server has.
fn validate(form: &mut Form) -> Option<Registration> {
    let given = form.fields.iter().filter(|field| !field.value().is_empty());
    let members = given.map(|field| (field.name.to_owned(), field.value().into())).collect();
    let mut reader = Reader::from_members(members);
    let registration = Registration::read(&mut reader);
    let mut faults = reader.finish();
    again(form, &mut faults);
    form.show_errors(&faults);
    registration
}

/// The password has to be typed twice.
pub fn again(form: &Form, faults: &mut FieldErrors) {
    if form.value("password") != form.value("password_confirm")
        && !faults.concern("password_confirm")
    {
        let error = FieldError::new("not_the_same", "must be the same as the password");
        faults.add("password_confirm", error);
    }
}

/// Takes a refusal: what was typed stays.
pub fn refused(state: &mut State, failure: &Failure) -> Vec<Intent> {
    let Failure::Problem(problem) = failure else { return vec![Intent::Warn(sentence(failure))] };
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

/// Draws the title and the form.
pub fn view(state: &State, world: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let area = place(Rect { x: 1, width: area.width.saturating_sub(2), ..area });
    let title = format!("Open an account at {}", crate::text::display(&world.desk));
    painter.text(area.x, area.y, area.width, &title, theme.title);
    let inside = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    form::view::draw(painter, inside, &state.form, has_focus, &|_| None);
}
