//! The fields of the record that is shown, which the palette finds by their names.

use super::App;
use crate::{
    input::action::Action,
    layers::actions::{Does, Item},
    screens::Screen,
    step::Route,
};

impl App {
    /// The fields of the record that is shown. None where it may not be edited.
    pub(super) fn fields_to_edit(&self) -> Vec<Item> {
        let record = match self.screen() {
            Screen::Detail(state) => state.record.as_ref(),
            _ => None,
        };
        let Some(record) = record.filter(|_| self.offers(Action::Edit)) else { return Vec::new() };
        let fields = record.kind().fields(Some(record)).into_iter();
        let item = |name: &'static str, label| Item {
            does: Does::Open(Box::new(Route::EditField(record.clone(), name))),
            label,
            help: format!("Edit this field: {}.", name.replace('_', " ")).into(),
            keys: String::new(),
            is_dangerous: false,
            is_change: true,
        };
        fields.map(|field| item(field.name, field.label)).collect()
    }
}
