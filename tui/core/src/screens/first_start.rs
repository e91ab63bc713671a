//! The first start of a local desk: where the data will lie, and who becomes the administrator.
//! Or a server elsewhere instead.

use ratatui_core::layout::Rect;
use serde_json::Value;
use shared::{
    FieldError, FieldErrors,
    account::{
        FULL_NAME_MAX, PASSWORD_MAX, PASSWORD_MIN_STAFF, Role, check_password, password_errors,
    },
    read::{self, Reader},
    rules,
};

use crate::{
    effect::{Effect, FirstAdmin},
    form::{self, Form, field::Field},
    input::{
        action::{Action, Context},
        keymap::with_keys,
    },
    layers::Step,
    paint::Painter,
    screens::register::again,
    step::{Event, Leave},
    text::{display, paragraphs},
    world::World,
};

const DESKS: &[(&str, &str)] =
    &[("local", "local desk on this machine"), ("server", "a server elsewhere")];
const NO_YES: &[(&str, &str)] = &[("no", "no"), ("yes", "yes")];

/// What is decided.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(crate) form: Form,
    /// The fields of the other answer to the first question: nothing typed there is lost.
    aside: Vec<Field>,
    /// Where the data will lie.
    data: String,
    /// Whether the desk is being opened.
    pub(crate) is_working: bool,
}

/// Opens the form. `data` is the folder of the local desk.
pub fn init(data: String) -> State {
    let form = Form::new(vec![
        Field::choice("desk", "Where to work", DESKS, "local").hint("← → or Space chooses"),
        Field::text("name", "Your name", ""),
        Field::text("email", "Your e-mail", ""),
        Field::secret("password", "Password")
            .hint("you are the administrator: at least 15 characters"),
        Field::secret("password_confirm", "Password again"),
        Field::choice("is_registration_open", "Others may join", NO_YES, "no")
            .hint("whether others may open accounts themselves"),
    ]);
    let url = Field::text("url", "Address", "").hint("like https://desk.example.org");
    State { form, aside: vec![url], data, is_working: false }
}

/// Checks the form at every edit, and opens the desk or connects to the server.
pub fn update(state: &mut State, _: &World, event: Event) -> Vec<Step> {
    let is_moved = matches!(event, Event::Act(action) if state.form.act(action));
    swap(state);
    judge(&mut state.form);
    let Event::Act(action) = event else { return Vec::new() };
    match action {
        _ if is_moved => Vec::new(),
        Action::Accept | Action::Save if !state.is_working => open(state),
        Action::Back => vec![Step::Leave(Leave::Back)],
        _ => Vec::new(),
    }
}

/// Shows the fields that belong to the first answer.
fn swap(state: &mut State) {
    let wants_server = state.form.value("desk") == "server";
    if wants_server != state.form.field("url").is_some() {
        let shown = state.form.fields.split_off(1);
        state.form.fields.append(&mut state.aside);
        state.aside = shown;
    }
}

fn judge(form: &mut Form) {
    let mut faults = FieldErrors::default();
    if form.field("url").is_some() {
        let url = form.value("url").trim();
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        if !matches!(scheme, "http" | "https")
            || rest.is_empty()
            || url.contains(char::is_whitespace)
        {
            let message = "must be an address like https://desk.example.org";
            faults.add("url", FieldError::new("invalid_url", message));
        }
        form.judge(&faults);
        return;
    }
    let members = ["email", "name", "password"].map(|name| {
        let value = form.value(name);
        (name.to_owned(), if value.is_empty() { Value::Null } else { value.into() })
    });
    let mut reader = Reader::from_members(members.to_vec());
    reader.required("email", read::parsed(rules::EMAIL_MAX, rules::email));
    reader.member("name", read::line(FULL_NAME_MAX));
    reader.required("password", read::secret(PASSWORD_MAX));
    faults.extend(reader.finish());
    if !faults.concern("password") {
        let own = [form.value("email"), form.value("name")];
        let judged = check_password(form.value("password"), Role::Admin, &own);
        faults.extend(password_errors("password", judged));
    }
    again(form, &mut faults);
    form.judge(&faults);
}

fn open(state: &mut State) -> Vec<Step> {
    if state.form.insist() {
        return Vec::new();
    }
    state.is_working = true;
    let form = &state.form;
    if form.field("url").is_some() {
        let url = form.value("url").trim().trim_end_matches('/').to_owned();
        return vec![Step::Do(Effect::Connect { url })];
    }
    let name = form.value("name").trim();
    vec![Step::Do(Effect::SetUp(FirstAdmin {
        email: form.value("email").trim().to_owned(),
        name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        password: form.value("password").to_owned(),
        is_registration_open: form.value("is_registration_open") == "yes",
    }))]
}

/// Takes a failure: beside the field that is meant, or as a message.
pub fn failed(state: &mut State, field: Option<&str>, message: String) -> Vec<Step> {
    state.is_working = false;
    match field.filter(|name| state.form.field(name).is_some()) {
        Some(name) => {
            state.form.focus_on(name);
            if let Some(field) = state.form.field_mut(name) {
                field.refused = Some(message);
            }
            Vec::new()
        }
        None => vec![Step::Warn(message)],
    }
}

/// What saving is called.
pub fn word(state: &State) -> &'static str {
    if state.form.field("url").is_some() { "connect" } else { "open the desk" }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Form, Context::Global]
}

/// The sentences above the form.
fn words(state: &State, columns: u16) -> Vec<String> {
    let mut words = vec!["Welcome to Frontdesk.".to_owned(), String::new()];
    let data = format!("The local desk stores its data in {}", state.data);
    words.extend(paragraphs(&data, columns));
    words.push(String::new());
    words
}

fn place(state: &State, area: Rect) -> (Vec<String>, Rect) {
    let width = area.width.min(74);
    let x = area.x + (area.width - width) / 2;
    let mut words = words(state, width);
    if area.height < 16 {
        words.retain(|line| !line.is_empty());
        words.drain(..words.len().min(1));
    }
    let rows = u16::try_from(words.len()).unwrap_or_default().min(area.height / 2);
    let y = area.y.saturating_add(rows);
    (words, Rect { x, y, width, height: area.bottom().saturating_sub(y) })
}

/// Scrolls so that the focused field is seen.
pub fn settle(state: &mut State, world: &World) {
    let (_, area) = place(state, world.inside());
    state.form.settle(area.width, area.height.saturating_sub(2));
}

/// Draws the introduction, the form, and what Save does.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let inside = Rect { x: 1, width: area.width.saturating_sub(2), ..area };
    let (words, place) = place(state, inside);
    for (y, line) in (area.y..place.y).zip(&words) {
        let style = if y == area.y && words.len() > 2 { theme.title } else { theme.text };
        painter.text(place.x, y, place.width, line, style);
    }
    let rows = Rect { height: place.height.saturating_sub(2), ..place };
    let read_only = |field: &Field| -> Option<String> { length(field) };
    form::view::draw(painter, rows, &state.form, has_focus, &read_only);
    let below = rows.y + state.form.height(rows.width).min(rows.height) + 1;
    let (line, style) = match state.is_working {
        true => ("Opening the desk …".to_owned(), theme.title),
        false if state.form.field("url").is_some() => {
            (with_keys("{Save} connects, and remembers the address."), theme.dim)
        }
        false => (with_keys("{Save} opens the desk."), theme.dim),
    };
    if below < place.bottom() {
        painter.text(place.x, below, place.width, &display(&line), style);
    }
}

/// How long the password is already.
fn length(field: &Field) -> Option<String> {
    let length = field.value().chars().count();
    (field.name == "password" && length > 0)
        .then(|| format!("{length} of at least {PASSWORD_MIN_STAFF}"))
}
