//! What the terminals have shown as saved, and whether it is there after the server was killed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::api::Api;
use crate::Outcome;

/// A patient of the filled database.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) mrn: String,
    pub(super) name: String,
    /// Year, month and day.
    pub(super) born: String,
    pub(super) phone: Option<String>,
    pub(super) version: i64,
}

/// A patient who is registered in the scene.
#[derive(Clone, Debug)]
pub(super) struct Newcomer {
    pub(super) first: String,
    pub(super) last: String,
    pub(super) phone: String,
    /// The number that the terminal has shown.
    pub(super) mrn: Option<String>,
}

/// Something that a clerk saves.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Newcomer(Newcomer),
    /// A visit of the patient with this number.
    Visit(String),
    /// Another telephone number.
    Phone(Person, String),
}

/// What one clerk has saved.
#[derive(Default)]
pub(super) struct Ledger {
    /// What the terminal has shown as saved.
    saved: Vec<Write>,
    /// What was sent, and not shown as saved: it may be there or not.
    open: Option<Write>,
    /// The known patients who have come.
    met: Vec<Person>,
}

impl Ledger {
    /// A known patient has come.
    pub(super) fn meets(&mut self, person: &Person) {
        self.met.push(person.clone());
    }

    /// The key that saves is pressed now.
    pub(super) fn begin(&mut self, write: Write) {
        self.open = Some(write);
    }

    /// The terminal has shown what was begun as saved.
    pub(super) fn is_saved(&mut self) {
        self.saved.extend(self.open.take());
    }

    /// The terminal has shown the number of the newcomer who was saved last.
    pub(super) fn has_number(&mut self, mrn: &str) {
        if let Some(Write::Newcomer(newcomer)) = self.saved.last_mut() {
            newcomer.mrn = Some(mrn.to_owned());
        }
    }
}

/// How many records there are of those that were saved, and of those whose answer was not seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kept {
    pub(super) saved: usize,
    pub(super) open: usize,
    pub(super) open_found: usize,
}

/// What was found after the server was started again.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) newcomers: Kept,
    pub(super) visits: Kept,
    pub(super) phones: Kept,
    /// Sentences: what is lost, and what is there half or twice.
    pub(super) wrong: Vec<String>,
}

/// Compares what the terminals have shown with what the server has.
pub(super) fn compare(api: &Api, ledgers: &[Ledger]) -> Outcome<Found> {
    let mut found = Found::default();
    for ledger in ledgers {
        for write in &ledger.saved {
            if let Write::Newcomer(newcomer) = write {
                found.newcomers.saved += 1;
                found.newcomer(api, newcomer, true)?;
            }
        }
        if let Some(Write::Newcomer(newcomer)) = &ledger.open {
            found.newcomers.open += 1;
            found.newcomers.open_found += usize::from(found.newcomer(api, newcomer, false)?);
        }
        for person in &ledger.met {
            found.known(api, ledger, person)?;
        }
    }
    found.visits(api, ledgers)?;
    Ok(found)
}

impl Found {
    /// Looks for a newcomer by the name, and by the number where the terminal has shown one.
    fn newcomer(&mut self, api: &Api, newcomer: &Newcomer, is_saved: bool) -> Outcome<bool> {
        let Newcomer { first, last, phone, mrn } = newcomer;
        let name = format!("{first} {last}");
        let rows = api.rows(&format!("/api/patients?search={first}%20{last}"))?;
        let is_it = |row: &&Value| {
            text(row, "first_name") == first
                && text(row, "last_name") == last
                && text(row, "phone_number") == phone
                && number(row, "version") == Some(1)
                && mrn.as_ref().is_none_or(|mrn| text(row, "mrn") == mrn)
        };
        let count = rows.iter().filter(is_it).count();
        let others = rows.len() - count;
        if others > 0 {
            self.wrong.push(format!("{name} is there, but not as it was typed: {rows:?}"));
        } else if count > 1 {
            self.wrong.push(format!("{name} is registered {count} times"));
        } else if count == 0 && is_saved {
            self.wrong.push(format!("{name} was shown as registered, and is lost"));
        }
        Ok(count > 0)
    }

    /// Looks at a known patient: the telephone number and the version have to agree with what was saved.
    fn known(&mut self, api: &Api, ledger: &Ledger, person: &Person) -> Outcome<()> {
        let Person { mrn, name, phone, version, .. } = person;
        let answer = api.get(&format!("/api/lookup?q={mrn}"))?;
        let record = answer.pointer("/results/0/record").unwrap_or(&Value::Null);
        let is = |phone: Option<&str>, version: i64| {
            text(record, "mrn") == mrn
                && record.get("phone_number").and_then(Value::as_str) == phone
                && number(record, "version") == Some(version)
        };
        let is_before = is(phone.as_deref(), *version);
        let typed = |write: &Write| match write {
            Write::Phone(whose, typed) if whose.mrn == *mrn => Some(typed.clone()),
            _ => None,
        };
        let is_good = if let Some(typed) = ledger.saved.iter().find_map(typed) {
            self.phones.saved += 1;
            is(Some(&typed), version + 1)
        } else if let Some(typed) = ledger.open.as_ref().and_then(typed) {
            let is_after = is(Some(&typed), version + 1);
            self.phones.open += 1;
            self.phones.open_found += usize::from(is_after);
            is_after || is_before
        } else {
            is_before
        };
        if !is_good {
            self.wrong.push(format!("{name}, {mrn}, is not as it was saved: {record}"));
        }
        Ok(())
    }

    /// Looks at the visits of the day: nobody is missing, nobody is there twice, and the numbers have no gap.
    fn visits(&mut self, api: &Api, ledgers: &[Ledger]) -> Outcome<()> {
        let rows = api.rows("/api/visits")?;
        let mut there: BTreeMap<String, usize> = BTreeMap::new();
        for row in &rows {
            *there.entry(text(row, "mrn").to_owned()).or_default() += 1;
        }
        let mrn = |write: &Write| match write {
            Write::Visit(mrn) => Some(mrn.clone()),
            _ => None,
        };
        let saved: BTreeSet<_> =
            ledgers.iter().flat_map(|ledger| &ledger.saved).filter_map(mrn).collect();
        let open: BTreeSet<_> =
            ledgers.iter().filter_map(|ledger| mrn(ledger.open.as_ref()?)).collect();
        let open_found = open.iter().filter(|mrn| there.contains_key(*mrn)).count();
        self.visits = Kept { saved: saved.len(), open: open.len(), open_found };
        for mrn in &saved {
            if !there.contains_key(mrn) {
                self.wrong.push(format!("the visit of {mrn} was shown as saved, and is lost"));
            }
        }
        for (mrn, count) in &there {
            if *count > 1 || !(saved.contains(mrn) || open.contains(mrn)) {
                self.wrong.push(format!("there are {count} visits of {mrn}, who came otherwise"));
            }
        }
        let mut numbers: Vec<_> = rows.iter().filter_map(|row| number(row, "number")).collect();
        numbers.sort_unstable();
        if !numbers.iter().copied().eq((1..).take(rows.len())) {
            self.wrong.push(format!("the numbers of the visits are not 1 to {}", rows.len()));
        }
        Ok(())
    }
}

fn text<'a>(row: &'a Value, member: &str) -> &'a str {
    row.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn number(row: &Value, member: &str) -> Option<i64> {
    row.get(member).and_then(Value::as_i64)
}
