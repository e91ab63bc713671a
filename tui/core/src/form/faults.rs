//! What the rules say about a field, as sentences for the person who types.

use shared::FieldError;

use super::{accepts::Accepts, field::Field};
use crate::date::DateOrder;

/// A broken rule as a sentence, where its code tells enough. Otherwise the words of the rule, which go on
/// after the label of returns to the field.
pub(super) fn sentence(field: &Field, error: &FieldError, order: DateOrder) -> String {
    match error.code {
        "required" if !field.needed.is_empty() => field.needed.to_owned(),
        "required" if error.message == "is required" => format!("Enter the {}.", field.named()),
        "invalid_date" if field.accepts.is_date() => {
            let (day, order) = match order {
                DateOrder::DayFirst => ("3/7/1989", "the day first"),
                DateOrder::MonthFirst => ("7/3/1989", "the month first"),
            };
            let year = if field.accepts == Accepts::Birth { ", or a year" } else { "" };
            format!("Enter a date, like 1989-07-03 or {day} ({order}){year}.")
        }
        "no_such_date" => "This date does not exist.".to_owned(),
        _ => error.message.to_string(),
    }
}
