//! Drawing a form.

use ratatui_core::{layout::Rect, style::Style};

use super::{
    Form, Placed,
    choice::{Choice, Understood},
    editor::Editor,
    field::{Field, Input},
};
use crate::{
    paint::Painter,
    text::{self, display},
};

/// Draws the part of a form that fits, and the cursor into its focused field. `read_only` is what is
/// said behind the value of a field: the age behind a date of birth.
pub fn draw(
    painter: &mut Painter<'_>,
    area: Rect,
    form: &Form,
    has_focus: bool,
    read_only: &dyn Fn(&Field) -> Option<String>,
) {
    for place in form.layout(area.width) {
        let Some(field) = form.fields.get(place.field) else { continue };
        let is_focused = has_focus && place.field == form.focus();
        Drawing { painter, area, scroll: form.scroll(), place }.field(
            form,
            field,
            is_focused,
            read_only(field),
        );
    }
    let total = form.height(area.width);
    if total > area.height && area.height > 0 && area.width > 0 {
        let (above, below) = (form.scroll() > 0, form.scroll() + area.height < total);
        let dim = painter.theme.dim;
        if above {
            painter.text(area.right(), area.y, 1, "↑", dim);
        }
        if below {
            painter.text(area.right(), area.bottom() - 1, 1, "↓", dim);
        }
    }
}

/// One field's place in a form that may be scrolled.
struct Drawing<'a, 'b> {
    painter: &'a mut Painter<'b>,
    area: Rect,
    scroll: u16,
    place: Placed,
}

impl Drawing<'_, '_> {
    /// The screen's row for a row of the field, if that is seen.
    fn row(&self, row: u16) -> Option<u16> {
        let y = self.place.y.saturating_add(row).checked_sub(self.scroll)?;
        (y < self.area.height).then(|| self.area.y.saturating_add(y))
    }

    fn input_x(&self) -> u16 {
        self.area.x.saturating_add(self.place.x).saturating_add(self.place.label)
    }

    fn field(&mut self, form: &Form, field: &Field, is_focused: bool, read_only: Option<String>) {
        let theme = *self.painter.theme;
        if let Some(y) = self.row(0) {
            let x = self.area.x.saturating_add(self.place.x);
            let style = if is_focused { theme.title } else { theme.label };
            // The only field of a form needs no mark to be told from others.
            let mark = if is_focused && form.fields.len() > 1 { "›" } else { " " };
            self.painter.text(x, y, 1, mark, style);
            let columns = self.place.label.saturating_sub(2);
            self.painter.text(x.saturating_add(1), y, columns, field.label, style);
        }
        let style = if is_focused { theme.focus } else { theme.field };
        match &field.input {
            Input::Choice(choice) => self.choice(choice, is_focused),
            Input::Secret(editor) => {
                let hidden = "•".repeat(editor.text().chars().count());
                let before = editor.text().get(..editor.cursor()).unwrap_or_default();
                let cursor = u16::try_from(before.chars().count()).unwrap_or(u16::MAX);
                self.line(&hidden, cursor, style, is_focused);
                self.read_only(&hidden, read_only);
            }
            Input::Text(editor) if field.rows > 1 => {
                self.notes(editor, field.rows, style, is_focused);
            }
            Input::Text(editor) => {
                let before = editor.text().get(..editor.cursor()).unwrap_or_default();
                let cursor = text::width(before);
                let is_selected = is_focused && editor.is_selected();
                let style = if is_selected { theme.selected } else { style };
                self.line(&display(editor.text()), cursor, style, is_focused);
                self.read_only(editor.text(), read_only);
            }
        }
        self.remark(form, field);
    }

    fn remark(&mut self, form: &Form, field: &Field) {
        let theme = *self.painter.theme;
        let Some((remark, is_fault)) = form.remark(self.place.field) else { return };
        let (sign, style) = if is_fault { ("! ", theme.fault) } else { ("", theme.dim) };
        let x = self.input_x();
        let columns = self.place.remark.saturating_sub(text::width(sign));
        for (line, row) in text::paragraphs(remark, columns).iter().zip(field.rows..self.place.rows)
        {
            let Some(y) = self.row(row) else { continue };
            let sign = if row == field.rows || !is_fault { sign } else { "  " };
            self.painter.pieces(x, y, self.place.remark, &[(sign, style), (line, style)]);
        }
    }

    /// One line of text, moved so far that the cursor is seen.
    fn line(&mut self, shown: &str, cursor: u16, style: Style, is_focused: bool) {
        let Some(y) = self.row(0) else { return };
        let (x, columns) = (self.input_x(), self.place.input);
        self.painter.style(Rect { x, y, width: columns, height: 1 }, style);
        let hidden = if is_focused { cursor.saturating_sub(columns.saturating_sub(1)) } else { 0 };
        self.painter.text(x, y, columns, &text::skip(shown, hidden), style);
        if is_focused && columns > 0 {
            let moved = cursor.saturating_sub(hidden).min(columns - 1);
            self.painter.place_cursor(x.saturating_add(moved), y);
        }
    }

    fn notes(&mut self, editor: &Editor, rows: u16, style: Style, is_focused: bool) {
        let (x, columns) = (self.input_x(), self.place.input);
        let lines = text::wrap(editor.text(), columns.saturating_sub(1).max(1));
        let cursor = editor.cursor();
        let at = lines.iter().rposition(|(start, _)| *start <= cursor).unwrap_or_default();
        let at = if is_focused { at } else { 0 };
        let first = (at + 1).saturating_sub(usize::from(rows));
        for row in 0..rows {
            let Some(y) = self.row(row) else { continue };
            self.painter.style(Rect { x, y, width: columns, height: 1 }, style);
            let Some((start, end)) = lines.get(first + usize::from(row)) else { continue };
            let line = editor.text().get(*start..*end).unwrap_or_default();
            self.painter.text(x, y, columns, &display(line), style);
            if is_focused && first + usize::from(row) == at && columns > 0 {
                let before = editor.text().get(*start..cursor.min(*end)).unwrap_or_default();
                let moved = text::width(before).min(columns - 1);
                self.painter.place_cursor(x.saturating_add(moved), y);
            }
        }
        let below = lines.len().saturating_sub(first + usize::from(rows));
        if let Some(y) = self.row(rows.saturating_sub(1)).filter(|_| below > 0) {
            let more = format!(" … {below} more ");
            let dim = self.painter.theme.dim;
            self.painter.text_right(x.saturating_add(columns), y, columns, &more, dim);
        }
    }

    /// A choice: the value, or what is typed as long as it is none, with what it may become.
    fn choice(&mut self, choice: &Choice, is_focused: bool) {
        let Some(y) = self.row(0) else { return };
        let theme = *self.painter.theme;
        let (x, columns) = (self.input_x(), self.place.input);
        let typed = display(choice.typed());
        let (shown, more) = match choice.understood() {
            Understood::One => (choice.shown().to_owned(), String::new()),
            Understood::Several(found) if is_focused => (format!("{typed}…"), found.join(" ")),
            Understood::Several(_) => (format!("{typed}…"), String::new()),
            Understood::Nothing => (format!("{typed}?"), String::new()),
        };
        let value = match (choice.is_open(), is_focused) {
            (true, _) => theme.fault,
            (false, true) => theme.focus,
            (false, false) => theme.field,
        };
        let sides = if is_focused { ("‹ ", " ›") } else { ("", "") };
        let pieces = [
            (sides.0, theme.key),
            (shown.as_str(), value),
            (sides.1, theme.key),
            ("  ", theme.dim),
            (more.as_str(), theme.dim),
        ];
        self.painter.pieces(x, y, columns, &pieces);
        if is_focused {
            let behind = if choice.is_open() { text::width(&typed) } else { 0 };
            let at = behind.saturating_add(2).min(columns.saturating_sub(1));
            self.painter.place_cursor(x.saturating_add(at), y);
        }
    }

    fn read_only(&mut self, typed: &str, read_only: Option<String>) {
        let (Some(read_only), Some(y)) = (read_only, self.row(0)) else { return };
        let columns = self.place.input;
        let taken = text::width(typed).saturating_add(2);
        let style = self.painter.theme.dim;
        let left = columns.saturating_sub(taken);
        if left >= 4 {
            self.painter.text_right(
                self.input_x().saturating_add(columns),
                y,
                left,
                &read_only,
                style,
            );
        }
    }
}
