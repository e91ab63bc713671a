//! Writes sample people as a CSV file that can be imported: `people 100000 > people.csv`.

use std::io::Write;

use csv::Writer;
use serde_json::Value;
use server::sample;
use shared::{date::parse_day, patient::PatientInput};

/// A day that stays, so that the file is the same every time.
const TODAY: &str = "2026-11-20";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().nth(1).map_or(Ok(sample::PEOPLE), |count| count.parse())?;
    let today = parse_day(TODAY).map_err(|error| error.message)?;
    let mut rows = Writer::from_writer(std::io::stdout().lock());
    rows.write_record(["source_id"].iter().chain(PatientInput::MEMBERS))?;
    for (place, person) in sample::people(count, today).enumerate() {
        let person = serde_json::to_value(&person)?;
        let cells = PatientInput::MEMBERS.iter().map(|member| match person.get(member) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(identifiers)) => pairs(identifiers),
            Some(other) => other.to_string(),
        });
        rows.write_record(std::iter::once(place.to_string()).chain(cells))?;
    }
    rows.into_inner()?.flush()?;
    Ok(())
}

fn pairs(identifiers: &[Value]) -> String {
    let text = |identifier: &Value, name| {
        identifier.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let pair = |identifier| format!("{}:{}", text(identifier, "system"), text(identifier, "value"));
    identifiers.iter().map(pair).collect::<Vec<_>>().join("|")
}
