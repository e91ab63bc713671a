//! Writes for several records, one after another, with a result for each.

use ratatui_core::{layout::Rect, style::Style};

use super::{Layer, middle};
use crate::{
    api::Call,
    cursor::Scroll,
    input::{
        action::{Action, Context},
        keymap::with_keys,
    },
    intent::Event,
    layers::Intent,
    paint::Painter,
    resource::Record,
    text::paragraphs,
    theme::Theme,
    world::World,
};

/// One write.
#[derive(Clone)]
pub struct Job {
    /// The record, as it is named.
    name: String,
    /// The record before the write.
    record: Record,
    call: Call,
}

impl Job {
    /// The write for a record.
    pub fn new(record: &Record, call: Call) -> Self {
        Self { name: record.said(), record: record.clone(), call }
    }

    /// The same write, with a reason.
    #[must_use]
    pub fn with_reason(self, reason: Option<String>) -> Self {
        Self { call: self.call.with_reason(reason), ..self }
    }
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    NotSent,
    Sent,
    Done,
    Refused(String),
}

/// The writes with their outcomes.
#[derive(Clone)]
pub struct State {
    title: String,
    jobs: Vec<(Job, Outcome)>,
    scroll: Scroll,
    /// Whether nothing more is sent.
    is_halted: bool,
}

/// Opens the results, and sends the first write.
pub fn open(title: String, jobs: Vec<Job>) -> Vec<Intent> {
    let jobs = jobs.into_iter().map(|job| (job, Outcome::NotSent)).collect();
    let mut state = State { title, jobs, scroll: Scroll::default(), is_halted: false };
    let first = state.next();
    let mut intents = vec![Intent::Open(Box::new(Layer::Results(Box::new(state))))];
    intents.extend(first);
    intents
}

impl State {
    /// The next write.
    fn next(&mut self) -> Option<Intent> {
        if self.is_halted {
            return None;
        }
        let (job, outcome) =
            self.jobs.iter_mut().find(|(_, outcome)| *outcome == Outcome::NotSent)?;
        *outcome = Outcome::Sent;
        Some(Intent::Write(job.call.clone()))
    }

    /// Whether the answer to a write is waited for.
    pub fn is_waiting(&self) -> bool {
        self.jobs.iter().any(|(_, outcome)| *outcome == Outcome::Sent)
    }

    /// What is not done yet, while it goes on.
    pub fn unfinished(&self) -> Option<String> {
        self.is_waiting().then(|| format!("{} ({})", self.title, self.sum()))
    }

    /// Takes the answer to the write that runs: the record as it is now, by which the line names it, or why
    /// it was refused. Returns the record for which it was sent, as it was before, and the next write.
    pub fn answered(
        &mut self,
        result: Result<&Record, String>,
    ) -> (Option<Record>, Option<Intent>) {
        let running = self.jobs.iter_mut().find(|(_, outcome)| *outcome == Outcome::Sent);
        let of = running.map(|(job, outcome)| {
            *outcome = match result {
                Ok(record) => {
                    job.name = record.said();
                    Outcome::Done
                }
                Err(why) => Outcome::Refused(why),
            };
            job.record.clone()
        });
        (of, self.next())
    }

    /// Sends nothing more. The write that was about to be sent was not.
    pub fn halt(&mut self) {
        self.is_halted = true;
        for (_, outcome) in self.jobs.iter_mut().filter(|(_, it)| *it == Outcome::Sent) {
            *outcome = Outcome::NotSent;
        }
    }

    fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.jobs.iter().filter(|(_, outcome)| is(outcome)).count()
    }

    /// How many were done, refused and not sent.
    fn sum(&self) -> String {
        let done = self.count(|outcome| *outcome == Outcome::Done);
        let refused = self.count(|outcome| matches!(outcome, Outcome::Refused(_)));
        let left = self.count(|outcome| *outcome == Outcome::NotSent);
        let mut parts = vec![format!("{done} of {} done", self.jobs.len())];
        parts.extend((refused > 0).then(|| format!("{refused} refused")));
        parts.extend((left > 0).then(|| format!("{left} not sent")));
        parts.join(", ")
    }

    fn lines(&self, columns: u16, theme: &Theme) -> Vec<(String, Style)> {
        let mut lines = Vec::new();
        for (job, outcome) in &self.jobs {
            let (sign, said, style) = match outcome {
                Outcome::NotSent => ("·", "not sent", theme.dim),
                Outcome::Sent => ("…", "being sent", theme.text),
                Outcome::Done => ("✓", "done", theme.good),
                Outcome::Refused(why) => ("!", why.as_str(), theme.fault),
            };
            let words = format!("{sign} {}: {said}", job.name);
            for (at, line) in paragraphs(&words, columns.saturating_sub(2)).iter().enumerate() {
                let indent = if at == 0 { "" } else { "  " };
                lines.push((format!("{indent}{line}"), style));
            }
        }
        lines
    }
}

/// Scrolls, stops or closes.
pub fn update(state: &mut State, world: &World, event: Event) -> Vec<Intent> {
    match event {
        Event::Act(Action::Back) if state.is_waiting() => {
            vec![Intent::Close, Intent::Warn(format!("Stopped: {}.", state.sum()))]
        }
        Event::Act(Action::Back | Action::Accept) if !state.is_waiting() => {
            vec![Intent::Close, Intent::Inform(format!("{}.", state.sum()))]
        }
        Event::Act(action) => {
            let page = usize::from(place(world.body()).height.saturating_sub(4));
            state.scroll.act(action, page);
            Vec::new()
        }
        Event::Edited => Vec::new(),
    }
}

/// The contexts in which its keys hold.
pub fn contexts() -> &'static [Context] {
    &[Context::Rows, Context::Pick, Context::Layer, Context::Global]
}

fn place(area: Rect) -> Rect {
    middle(area, 76, area.height.min(20))
}

/// Keeps the scrolled lines within their number.
pub fn keep_focus_visible(state: &mut State, world: &World) {
    let place = place(world.body());
    let lines = state.lines(place.width.saturating_sub(4), &Theme::mono()).len();
    let visible = usize::from(place.height.saturating_sub(4));
    state.scroll.keep_within(lines, visible);
}

/// Draws a line for each record, and the sum.
pub fn view(state: &State, _: &World, area: Rect, painter: &mut Painter<'_>) {
    let theme = *painter.theme;
    let inside = painter.frame(place(area), &state.title);
    let end = inside.bottom().saturating_sub(2);
    let lines = state.lines(inside.width, &theme);
    for (y, (line, style)) in (inside.y..end).zip(lines.iter().skip(state.scroll.top())) {
        painter.text(inside.x, y, inside.width, line, *style);
    }
    let more = match state.is_waiting() {
        true => with_keys(" {Back} stops after the one being sent."),
        false => String::new(),
    };
    let sum = format!("{}.{more}", state.sum());
    painter.text(inside.x, inside.bottom().saturating_sub(1), inside.width, &sum, theme.title);
}
