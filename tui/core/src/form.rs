//! Forms: fields, the focus among them, and where each lies on the screen.

pub mod accepts;
pub mod choice;
pub mod editor;
mod faults;
pub mod field;
pub mod help;
mod scanned;
pub mod view;

use std::collections::BTreeMap;

use shared::FieldErrors;

use crate::{
    date::DateOrder,
    input::action::Action,
    sentences::{ALL_MARKED, MARKED},
};
use field::Field;

/// From this many columns on, short fields share a line.
const TWO_COLUMNS_MIN: u16 = 76;

/// The fields of a form and which one has the focus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// The fields, in the order in which Tab goes.
    pub fields: Vec<Field>,
    /// The order of day and month in its dates.
    pub order: DateOrder,
    focus: usize,
    scroll: u16,
    faults: BTreeMap<&'static str, String>,
}

/// Where a field lies: relative to the top left corner of the form, before it is scrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which field.
    pub field: usize,
    /// Column of its label.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns of its label.
    pub label: u16,
    /// Columns of its input.
    pub input: u16,
    /// Columns of what is said about it: its neighbour's too, where nothing is said about that.
    pub remark: u16,
    /// Rows with what is said about it.
    pub rows: u16,
}

impl Form {
    /// A form with the focus on its first field.
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields, ..Self::default() }
    }

    /// The same form for dates in this order of day and month.
    #[must_use]
    pub fn dated(self, order: DateOrder) -> Self {
        Self { order, ..self }
    }

    /// The field that has the focus.
    pub fn focused(&self) -> Option<&Field> {
        self.fields.get(self.focus)
    }

    /// The same, to be edited.
    pub fn focused_mut(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.focus)
    }

    /// The place of the field that has the focus.
    pub fn focus(&self) -> usize {
        self.focus
    }

    /// Rows that are scrolled away.
    pub fn scroll(&self) -> u16 {
        self.scroll
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The same, to be edited.
    pub fn field_mut(&mut self, name: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.name == name)
    }

    /// The value of the field of this name; empty where there is none.
    pub fn value(&self, name: &str) -> &str {
        self.field(name).map_or("", Field::value)
    }

    /// Puts a value into the field of this name.
    pub fn set(&mut self, name: &str, value: &str) {
        if let Some(field) = self.field_mut(name) {
            field.set(value);
        }
    }

    /// Whether anything differs from what it was when the form was opened.
    pub fn is_changed(&self) -> bool {
        self.fields.iter().any(Field::is_changed)
    }

    /// Does what moves within a form, or edits the focused field. Says whether it was that.
    pub fn act(&mut self, action: Action) -> bool {
        match action {
            Action::NextField => self.go(self.focus + 1),
            Action::PreviousField => {
                self.go((self.focus + self.fields.len()).saturating_sub(1));
            }
            Action::Accept if !self.is_last() => self.go(self.focus + 1),
            Action::Undo | Action::Redo | Action::ClearField | Action::RemoveWord => {
                if let Some(field) = self.focused_mut() {
                    field.edit(action);
                }
            }
            _ => return false,
        }
        true
    }

    /// Whether the focus is on the last field.
    pub fn is_last(&self) -> bool {
        self.focus + 1 >= self.fields.len()
    }

    fn go(&mut self, to: usize) {
        if let Some(field) = self.focused_mut() {
            field.leave();
        }
        self.focus = to % self.fields.len().max(1);
    }

    /// Puts the focus on the field of this name.
    pub fn focus_on(&mut self, name: &str) {
        if let Some(at) = self.fields.iter().position(|field| field.name == name) {
            self.go(at);
        }
    }

    /// Takes what the rules say about the values. Faults of a part belong to the whole field.
    pub fn show_errors(&mut self, faults: &FieldErrors) {
        self.faults.clear();
        for (name, error) in faults.iter() {
            let Some((at, part)) = self.place_of(name) else { continue };
            let Some(field) = self.fields.get(at) else { continue };
            let said = self.faults.entry(field.name).or_default();
            if !said.is_empty() {
                said.push_str("; ");
            }
            let sentence = match part.is_empty() {
                true => faults::sentence(field, error, self.order),
                false => part + &error.message,
            };
            said.push_str(&sentence);
        }
    }

    /// The field that a member of a request comes from. Of a nested member such as
    /// `identifiers[1].value` also the part, as the beginning of a sentence.
    fn place_of(&self, member: &str) -> Option<(usize, String)> {
        let stem = member.split(['[', '.']).next().unwrap_or(member);
        let at = self.fields.iter().position(|field| field.name == stem);
        // An age may be typed into the field of the date of birth.
        let is_typed = |at: usize| self.fields.get(at).is_some_and(|it| !it.value().is_empty());
        let estimate = self.fields.iter().position(Field::is_estimate).filter(|_| stem == "age");
        let at = at.filter(|at| is_typed(*at)).or(estimate).or(at)?;
        let index = member.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        let Some((index, inner)) = index else { return Some((at, String::new())) };
        let text = self.fields.get(at).map_or("", Field::value);
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let line = index.parse().ok().and_then(|index| lines.map(|(line, _)| line).nth(index));
        let line = line.map_or_else(|| "entry".to_owned(), |line| format!("line {}", line + 1));
        Some((
            at,
            match inner.strip_prefix('.') {
                Some(inner) => format!("{line}, {inner}: "),
                None => format!("{line}: "),
            },
        ))
    }

    /// Shows the faults of all fields, and puts the focus on the first that has one. Says whether
    /// there is one.
    pub fn reveal_errors(&mut self) -> bool {
        self.fields.iter_mut().for_each(Field::leave);
        let first = self.fields.iter().find(|field| self.breaks_rule(field));
        let Some(name) = first.map(|field| field.name) else { return false };
        self.focus_on(name);
        true
    }

    fn breaks_rule(&self, field: &Field) -> bool {
        field.own_fault().is_some() || self.faults.contains_key(field.name)
    }

    /// Whether a field is refused by the rules or by the server.
    pub fn is_faulty(&self) -> bool {
        self.fields.iter().any(|field| field.refused.is_some() || self.breaks_rule(field))
    }

    /// The sentence that the form was not sent because of its marked fields.
    pub fn marked(&self) -> &'static str {
        match self.fields.iter().filter(|field| self.fault(field).is_some()).count() {
            0 | 1 => MARKED,
            _ => ALL_MARKED,
        }
    }

    /// Lays what the server says beside the fields it speaks of. Returns what fits no field.
    pub fn refuse(&mut self, errors: &BTreeMap<String, Vec<String>>) -> Vec<String> {
        let mut rest = Vec::new();
        let mut refused: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (name, messages) in errors {
            let sentence = messages.join("; ");
            match self.place_of(name) {
                Some((at, part)) => refused.entry(at).or_default().push(part + &sentence),
                None => rest.push(format!("{name}: {sentence}")),
            }
        }
        let first = refused.keys().next().copied();
        for (at, sentences) in refused {
            if let Some(field) = self.fields.get_mut(at) {
                field.refused = Some(sentences.join("; "));
            }
        }
        if let Some(first) = first {
            self.go(first);
        }
        rest
    }

    /// What is to be said about a field: the server's word first, then what the field itself can't
    /// make sense of, then the rules' once somebody has been there.
    pub fn fault<'a>(&'a self, field: &'a Field) -> Option<&'a str> {
        let own = self.faults.get(field.name).filter(|_| field.was_left);
        field.refused.as_deref().or(field.own_fault()).or(own.map(String::as_str))
    }

    /// What is shown under a field: its fault, or while it has the focus, what is typed in full or its
    /// hint.
    pub fn remark(&self, at: usize) -> Option<(&str, bool)> {
        let field = self.fields.get(at)?;
        let hint = field.echo.as_deref().unwrap_or(&field.hint);
        let hint = Some(hint).filter(|hint| !hint.is_empty() && at == self.focus);
        self.fault(field).map(|fault| (fault, true)).or(hint.map(|hint| (hint, false)))
    }

    /// The rows that are needed for what is said about a field.
    fn remark_rows(&self, at: usize, columns: u16) -> u16 {
        let Some((remark, is_fault)) = self.remark(at) else { return 0 };
        let columns = if is_fault { columns.saturating_sub(2) } else { columns };
        u16::try_from(crate::text::paragraphs(remark, columns).len()).unwrap_or_default()
    }

    /// Lays the fields out in so many columns.
    pub fn layout(&self, columns: u16) -> Vec<Placed> {
        let widest = self.fields.iter().map(|field| crate::text::width(field.label)).max();
        let label = widest.unwrap_or_default().saturating_add(2).min(columns * 2 / 5);
        let has_halves = columns >= TWO_COLUMNS_MIN;
        let half = columns / 2;
        let mut placed = Vec::with_capacity(self.fields.len());
        let (mut y, mut at) = (0_u16, 0);
        while let Some(field) = self.fields.get(at) {
            let beside = self.fields.get(at + 1).filter(|next| next.is_half && field.is_half);
            let place = |at, x, columns: u16, field: &Field| {
                let input = columns.saturating_sub(label).saturating_sub(1);
                let rows = field.rows.saturating_add(self.remark_rows(at, input));
                Placed { field: at, x, y, label, input, remark: input, rows }
            };
            match beside.filter(|_| has_halves) {
                Some(next) => {
                    let mut left = place(at, 0, half, field);
                    let right = place(at + 1, half, columns - half, next);
                    if right.rows == next.rows {
                        left.remark = columns.saturating_sub(label).saturating_sub(1);
                        left.rows = field.rows + self.remark_rows(at, left.remark);
                    }
                    y = y.saturating_add(left.rows.max(right.rows));
                    placed.extend([left, right]);
                    at += 2;
                }
                None => {
                    let alone = place(at, 0, columns, field);
                    y = y.saturating_add(alone.rows);
                    placed.push(alone);
                    at += 1;
                }
            }
        }
        placed
    }

    /// Rows of the whole form in so many columns.
    pub fn height(&self, columns: u16) -> u16 {
        let placed = self.layout(columns);
        placed.iter().map(|p| p.y.saturating_add(p.rows)).max().unwrap_or_default()
    }

    /// Scrolls so that the focused field is seen.
    pub fn keep_focus_visible(&mut self, columns: u16, rows: u16) {
        let placed = self.layout(columns);
        let total = placed.iter().map(|p| p.y.saturating_add(p.rows)).max().unwrap_or_default();
        if let Some(place) = placed.iter().find(|p| p.field == self.focus) {
            let end = place.y.saturating_add(place.rows);
            self.scroll = self.scroll.max(end.saturating_sub(rows)).min(place.y);
        }
        self.scroll = self.scroll.min(total.saturating_sub(rows));
    }
}
