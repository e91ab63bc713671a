//! Cells of CSV files that people open in a spreadsheet.

use std::borrow::Cow;

use serde_json::Value;

/// The characters at the beginning of a cell that make a spreadsheet compute or call something (OWASP, *CSV Injection*).
const ACTIVE: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn is_active(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(ACTIVE)
}

/// A text as a cell that a spreadsheet shows and does not compute: an apostrophe is put before one that would act.
/// [`written`] gives the text back.
pub fn inert(text: &str) -> Cow<'_, str> {
    if is_active(text) { format!("'{text}").into() } else { text.into() }
}

/// The text of a cell, without the apostrophe that [`inert`] or a spreadsheet has put before it.
pub fn written(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_active(rest)).unwrap_or(cell)
}

/// The text of a member: nothing for none, and lists as people write them, or as JSON where that could be misread.
pub fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        Value::String(text) => text.into(),
        Value::Array(items) => match joined(items) {
            Some(joined) => joined.into(),
            None => value.to_string().into(),
        },
        other => other.to_string().into(),
    }
}

/// A list as people write it: the items separated by `|`, identifiers as `system:value`. `None` where a reader would
/// take it for another list. It is then written as JSON.
fn joined(items: &[Value]) -> Option<String> {
    let texts: Vec<_> = items.iter().map(item).collect::<Option<_>>()?;
    let joined = texts.join("|");
    // What begins like this is JSON.
    (!joined.starts_with('[')).then_some(joined)
}

fn item(value: &Value) -> Option<String> {
    let is_plain = |text: &&str| !text.contains('|') && !text.is_empty();
    match value {
        Value::String(text) => Some(text.as_str()).filter(is_plain).map(str::to_owned),
        Value::Object(members) => {
            let text = |name| members.get(name).and_then(Value::as_str).filter(is_plain);
            let system = text("system").filter(|system| !system.contains(':'))?;
            Some(format!("{system}:{}", text("value")?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cell_that_would_act_is_shown_and_comes_back_as_it_was() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-", "'-"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("'=1", "''=1"),
            ("''-1", "'''-1"),
            ("'t Hooft", "'t Hooft"),
            ("''", "''"),
            ("", ""),
            ("José", "José"),
        ] {
            assert_eq!(inert(text), cell);
            assert_eq!(written(cell), text);
        }
    }

    #[test]
    fn a_list_is_written_plainly_unless_that_could_be_misread() {
        for (list, written) in [
            (json!([]), ""),
            (json!(["Ana Ruiz", "Ana Gil"]), "Ana Ruiz|Ana Gil"),
            (json!(["Ana|Ruiz"]), r#"["Ana|Ruiz"]"#),
            (json!(["[A]"]), r#"["[A]"]"#),
            (
                json!([{"system": "ssn", "value": "9:1"}, {"system": "x", "value": "2"}]),
                "ssn:9:1|x:2",
            ),
            (json!([{"system": "a:b", "value": "1"}]), r#"[{"system":"a:b","value":"1"}]"#),
            (json!([{"system": "a", "value": "1|b:2"}]), r#"[{"system":"a","value":"1|b:2"}]"#),
        ] {
            assert_eq!(text(&list), written);
        }
    }
}
