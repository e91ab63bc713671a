//! The first start of a local desk: a look around among invented people, or where the data will lie and
//! who becomes the administrator, or a server elsewhere instead.

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
    intent::Event,
    layers::Intent,
    paint::Painter,
    screens::register::again,
    text::{display, paragraphs},
    world::World,
};

const NO_YES: &[(&str, &str)] = &[("no", "no"), ("yes", "yes")];

/// What can be done at a first start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Try a desk with invented people, which is thrown away.
    Sample,
    /// Set up the desk of this machine.
    Local,
    /// Work at a server elsewhere.
    Server,
}

const WAYS: [(Way, &str); 3] = [
    (Way::Sample, "Look around with invented people"),
    (Way::Local, "Set up this desk"),
    (Way::Server, "Connect to a server"),
];

/// What is decided.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Where the data will lie.
    data: String,
    /// The way that is selected.
    at: usize,
    /// Whether that way was taken: its form is shown, if it has one.
    is_taken: bool,
    local: Form,
    server: Form,
    /// Whether the desk is being opened.
    pub(crate) is_working: bool,
}

/// Opens the form. `data` is the folder of the local desk.
pub fn init(data: String) -> State {
    let local = Form::new(vec![
        Field::text("name", "Your name", ""),
        Field::text("email", "Your e-mail", "")
            .needed("Enter your e-mail address.")
            .hint("you log in with it"),
        Field::secret("password", "Password")
            .hint("15 characters or more: a sentence is easy to remember"),
        Field::secret("password_confirm", "Password again"),
        Field::choice("is_registration_open", "Others may join", NO_YES, "no")
            .hint("whether others may open accounts themselves; ← → or Space chooses"),
    ]);
    let url = Field::text("url", "Address", "").hint("like https://desk.example.org");
    let server = Form::new(vec![url]);
    State { data, at: 0, is_taken: false, local, server, is_working: false }
}

impl State {
    /// Goes to the form of the local desk at once: the choice was made before.
    #[must_use]
    pub fn setting_up(mut self) -> Self {
        self.at = WAYS.iter().position(|(way, _)| *way == Way::Local).unwrap_or_default();
        self.is_taken = true;
        validate(&mut self.local);
        self
    }

    fn way(&self) -> Way {
        WAYS.get(self.at).map_or(Way::Sample, |(way, _)| *way)
    }

    /// The form of the way that was taken.
    pub fn form(&self) -> Option<&Form> {
        match self.way() {
            Way::Local if self.is_taken => Some(&self.local),
            Way::Server if self.is_taken => Some(&self.server),
            _ => None,
        }
    }

    /// The same, to be filled in.
    pub fn form_mut(&mut self) -> Option<&mut Form> {
        match self.way() {
            Way::Local if self.is_taken => Some(&mut self.local),
            Way::Server if self.is_taken => Some(&mut self.server),
            _ => None,
        }
    }

    /// Whether something typed would be lost.
    pub fn is_changed(&self) -> bool {
        self.local.is_changed() || self.server.is_changed()
    }
}

/// Checks the form at every edit, and opens the desk or connects to the server.
pub fn update(state: &mut State, _: &World, event: Event) -> Vec<Intent> {
    let Some(form) = state.form_mut() else { return choose(state, event) };
    let is_moved = matches!(event, Event::Act(action) if form.act(action));
    validate(form);
    let Event::Act(action) = event else { return Vec::new() };
    match action {
        _ if is_moved => {}
        Action::Accept | Action::Save if !state.is_working => return open(state),
        // What was typed stays for another look.
        Action::Back if !state.is_working => state.is_taken = false,
        _ => {}
    }
    Vec::new()
}

/// Chooses a way.
fn choose(state: &mut State, event: Event) -> Vec<Intent> {
    let Event::Act(action) = event else { return Vec::new() };
    match action {
        _ if state.is_working => {}
        Action::NextChoice => state.at = (state.at + 1) % WAYS.len(),
        Action::PreviousChoice => state.at = (state.at + WAYS.len() - 1) % WAYS.len(),
        Action::Accept if state.way() == Way::Sample => {
            state.is_working = true;
            return vec![Intent::Do(Effect::LookAround)];
        }
        Action::Accept => {
            state.is_taken = true;
            if let Some(form) = state.form_mut() {
                validate(form);
            }
        }
        _ => {}
    }
    Vec::new()
}

fn validate(form: &mut Form) {
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
        form.show_errors(&faults);
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
    form.show_errors(&faults);
}

fn open(state: &mut State) -> Vec<Intent> {
    let Some(form) = state.form_mut() else { return Vec::new() };
    if form.reveal_errors() {
        return Vec::new();
    }
    let effect = if form.field("url").is_some() {
        let url = form.value("url").trim().trim_end_matches('/').to_owned();
        Effect::Connect { url }
    } else {
        let name = form.value("name").trim();
        Effect::SetUp(FirstAdmin {
            email: form.value("email").trim().to_owned(),
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            password: form.value("password").to_owned(),
            is_registration_open: form.value("is_registration_open") == "yes",
        })
    };
    state.is_working = true;
    vec![Intent::Do(effect)]
}

/// Takes a failure: beside the field that is meant, or as a message.
pub fn failed(state: &mut State, field: Option<&str>, message: String) -> Vec<Intent> {
    state.is_working = false;
    let form = state.form_mut();
    match form.zip(field).filter(|(form, name)| form.field(name).is_some()) {
        Some((form, name)) => {
            form.focus_on(name);
            if let Some(field) = form.field_mut(name) {
                field.refused = Some(message);
            }
            Vec::new()
        }
        None => vec![Intent::Warn(message)],
    }
}

/// What saving is called.
pub fn label_here(state: &State) -> &'static str {
    if state.way() == Way::Server { "connect" } else { "open the desk" }
}

/// What an action is called here.
pub fn action_word(state: &State, action: Action) -> Option<&'static str> {
    match (state.form(), action) {
        (None, Action::Accept) => Some("go on"),
        (None, Action::NextChoice) => Some("other way"),
        (Some(form), Action::Accept) if form.is_last() => Some(label_here(state)),
        (Some(_), Action::Accept) => Some("next field"),
        (_, Action::Save) => Some(label_here(state)),
        _ => None,
    }
}

/// The contexts in which its keys hold.
pub fn contexts(state: &State) -> &'static [Context] {
    match state.form() {
        Some(_) => &[Context::Form, Context::Global],
        None => &[Context::Question, Context::Global],
    }
}

/// The sentences above a form.
fn words(state: &State, columns: u16) -> Vec<String> {
    let (title, sentence) = match state.way() {
        Way::Server => ("Connect to a server", "The address is remembered.".to_owned()),
        _ => (
            "Set up this desk",
            format!("You become its administrator. The desk stores its data in {}", state.data),
        ),
    };
    let mut words = vec![title.to_owned(), String::new()];
    words.extend(paragraphs(&sentence, columns));
    words.push(String::new());
    words
}

/// What a way means, in a sentence.
fn meaning(state: &State, way: Way) -> String {
    match way {
        Way::Sample => {
            "A desk to try, without a password. It is thrown away at the end.".to_owned()
        }
        Way::Local => format!("For real work. The data will lie in {}", state.data),
        Way::Server => "Another machine has the data. You need its address.".to_owned(),
    }
}

fn place(area: Rect) -> Rect {
    let width = area.width.min(74);
    Rect { x: area.x + (area.width - width) / 2, width, ..area }
}

/// The place of the form below the sentences.
fn below(state: &State, area: Rect) -> (Vec<String>, Rect) {
    let area = place(area);
    let mut words = words(state, area.width);
    if area.height < 16 {
        words.retain(|line| !line.is_empty());
        words.drain(..words.len().min(1));
    }
    let rows = u16::try_from(words.len()).unwrap_or_default().min(area.height / 2);
    let y = area.y.saturating_add(rows);
    (words, Rect { y, height: area.bottom().saturating_sub(y), ..area })
}

/// Scrolls so that the focused field is seen.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let (_, area) = below(state, world.inside());
    if let Some(form) = state.form_mut() {
        form.keep_focus_visible(area.width, area.height.saturating_sub(2));
    }
}

/// Draws the introduction, the form, and what Save does.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let inside = Rect { x: 1, width: area.width.saturating_sub(2), ..area };
    match state.form() {
        Some(form) => draw_form(state, form, inside, painter, has_focus),
        None => draw_ways(state, place(inside), painter),
    }
}

/// The ways, each with what it means. Where there is little room, only the selected one's meaning.
fn draw_ways(state: &State, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let is_roomy = area.height >= 16;
    painter.text(area.x, area.y, area.width, "Welcome to Frontdesk.", theme.title);
    let mut y = area.y.saturating_add(if is_roomy { 2 } else { 1 });
    let indent = 2;
    for (at, (way, label)) in WAYS.iter().enumerate() {
        let is_selected = at == state.at;
        let style = if is_selected { theme.selected } else { theme.text };
        let mark = if is_selected { "› " } else { "  " };
        if y < area.bottom() {
            painter.pieces(area.x, y, area.width, &[(mark, style), (label, style)]);
        }
        if is_selected {
            painter.place_cursor(area.x, y);
        }
        y = y.saturating_add(1);
        if is_roomy || is_selected {
            let columns = area.width.saturating_sub(indent);
            for line in paragraphs(&meaning(state, *way), columns) {
                if y < area.bottom() {
                    painter.text(area.x.saturating_add(indent), y, columns, &line, theme.dim);
                }
                y = y.saturating_add(1);
            }
        }
        y = y.saturating_add(u16::from(is_roomy));
    }
    if state.is_working && y < area.bottom() {
        painter.text(area.x, y, area.width, "Inventing people …", theme.title);
    }
}

fn draw_form(state: &State, form: &Form, inside: Rect, painter: &mut Painter<'_>, has_focus: bool) {
    let theme = *painter.theme;
    let (words, place) = below(state, inside);
    for (y, line) in (inside.y..place.y).zip(&words) {
        let style = if y == inside.y && words.len() > 2 { theme.title } else { theme.text };
        painter.text(place.x, y, place.width, line, style);
    }
    let rows = Rect { height: place.height.saturating_sub(2), ..place };
    let read_only = |field: &Field| -> Option<String> { length(field) };
    form::view::draw(painter, rows, form, has_focus, &read_only);
    let below = rows.y + form.height(rows.width).min(rows.height) + 1;
    let (line, style) = match state.is_working {
        true => ("Opening the desk …".to_owned(), theme.title),
        false if state.way() == Way::Server => (with_keys("{Save} connects."), theme.dim),
        false => (with_keys("{Save} opens the desk."), theme.dim),
    };
    if below < place.bottom() {
        painter.text(place.x, below, place.width, &display(&line), style);
    }
}

/// How long the password is already.
fn length(field: &Field) -> Option<String> {
    match field.value().chars().count() {
        _ if field.name != "password" => None,
        0 => None,
        length @ 1..PASSWORD_MIN_STAFF => {
            Some(format!("{length} of at least {PASSWORD_MIN_STAFF}"))
        }
        length => Some(format!("{length} characters")),
    }
}
