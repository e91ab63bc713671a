//! What the palette finds beside the actions: the fields of the record or of the form that is shown, and
//! lists with some of the records of a kind.

use super::App;
use crate::{
    form::field::Field,
    input::action::Action,
    intent::Route,
    layers::palette::{Does, Item},
    resource::{Query, Record, RecordKind},
    screens::Screen,
};

impl App {
    /// The fields of the form that is shown, or of the record. None where it may not be edited.
    pub(super) fn fields_here(&self) -> Vec<Item> {
        match self.screen() {
            Screen::Form(state) => state.form.fields.iter().map(in_form).collect(),
            Screen::Detail(state) if self.is_available(Action::Edit) => {
                state.record.as_ref().map(of_record).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// The lists with some of the records of a kind that the session may see.
    pub(super) fn views(&self) -> Vec<Item> {
        let kinds = RecordKind::ALL.iter().copied();
        let open = kinds.filter(|kind| {
            self.world.session().is_some() && kind.table().list.is_given(&self.world)
        });
        open.flat_map(|kind| kind.table().views.iter().map(move |view| (kind, view)))
            .map(|(kind, view)| {
                let filters = view.filters.iter().map(|(name, value)| (*name, (*value).to_owned()));
                let query = Query { filters: filters.collect(), ..Query::default() };
                Item {
                    does: Does::Open(Box::new(Route::List(kind, query))),
                    label: view.label,
                    help: view.help.into(),
                    also: view.also,
                    keys: String::new(),
                    is_dangerous: false,
                    is_change: false,
                }
            })
            .collect()
    }
}

/// The fields of a record, each of which opens its form.
fn of_record(record: &Record) -> Vec<Item> {
    let open = |field: Field| Item {
        does: Does::Open(Box::new(Route::EditField(record.clone(), field.name))),
        help: format!("Edit this field: {}.", field.name.replace('_', " ")).into(),
        is_change: true,
        ..in_form(&field)
    };
    record.kind().fields(Some(record)).into_iter().map(open).collect()
}

/// A field of the form that is shown.
fn in_form(field: &Field) -> Item {
    Item {
        does: Does::Focus(field.name),
        label: field.label,
        help: format!("Go to this field: {}.", field.name.replace('_', " ")).into(),
        also: field.also,
        keys: String::new(),
        is_dangerous: false,
        is_change: false,
    }
}
