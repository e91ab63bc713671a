//! How well people are recognised who are to be registered a second time.

use serde_json::{Value, json};
use shared::{likeness::Grade, patient::PatientFields};

use super::{Desk, damage::Damage, people::person};
use crate::{
    Outcome,
    check::rows,
    people::Dice,
    report::{Table, grouped},
};

/// What is known of somebody who is to be registered.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Known {
    /// All but the identifiers: those would be refused since they are taken.
    All,
    /// Name and date of birth.
    Little,
}

impl Known {
    fn of(self, person: &PatientFields) -> PatientFields {
        let mut known = person.clone();
        known.identifiers.clear();
        if self == Self::Little {
            (known.email, known.phone_number) = (None, None);
        }
        known
    }
}

/// What the matches of some people were.
#[derive(Default)]
struct Graded {
    asked: u64,
    /// How often the right person was the first match.
    first: u64,
    /// How often the right person had each grade.
    right: [u64; Grade::ALL.len()],
    /// How often somebody else had each grade.
    wrong: [u64; Grade::ALL.len()],
}

impl Graded {
    /// Notes the matches for somebody with this id, or for somebody who is not there.
    fn note(&mut self, answer: &Value, id: Option<u64>) {
        self.asked += 1;
        let mut is_noted = [false; Grade::ALL.len()];
        for (place, found) in rows(answer).iter().enumerate() {
            let grade = found.get("grade").and_then(Value::as_str);
            let Some(at) = Grade::ALL.iter().position(|it| Some(it.as_str()) == grade) else {
                continue;
            };
            let is_right = id.is_some() && found.pointer("/patient/id") == Some(&json!(id));
            if is_right {
                self.first += u64::from(place == 0);
                self.right.iter_mut().skip(at).take(1).for_each(|count| *count += 1);
            } else if let Some(noted) = is_noted.get_mut(at) {
                self.wrong
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|count| *count += u64::from(!*noted));
                *noted = true;
            }
        }
    }

    fn cells(&self) -> Vec<String> {
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let part = |count: u64| format!("{:.1} %", 100.0 * count as f64 / self.asked.max(1) as f64);
        let recognised: u64 = self.right.iter().sum();
        let counts = [recognised, self.first].into_iter().chain(self.right).chain(self.wrong);
        counts.map(part).collect()
    }
}

/// The table of the matches of people who are there, with each damage, and of people who are not.
pub(super) async fn table(desk: &Desk, title: &str, known: Known) -> Outcome<Table> {
    let mut head = ["", "asked", "recognised", "first"].map(str::to_owned).to_vec();
    head.extend(Grade::ALL.iter().map(ToString::to_string));
    head.extend(Grade::ALL.iter().map(|grade| format!("others {grade}")));
    let mut rows = Vec::new();
    for damage in Damage::ALL {
        let graded = ask(desk, known, damage).await?;
        rows.push([vec![damage.to_string(), graded.asked.to_string()], graded.cells()].concat());
    }
    let graded = ask_for_strangers(desk, known).await?;
    let name = "somebody who is not there".to_owned();
    rows.push([vec![name, graded.asked.to_string()], graded.cells()].concat());
    let title = format!("{title}, {} people", grouped(desk.patients));
    Ok(Table { title, head, rows, notes: Vec::new() })
}

async fn ask(desk: &Desk, known: Known, damage: Damage) -> Outcome<Graded> {
    let (mut graded, mut dice) = (Graded::default(), Dice::new(12));
    for _ in 0..desk.asked * 50 {
        let number = 1 + dice.below(usize::try_from(desk.patients)?) as u64;
        let Some(damaged) = damage.apply(&person(number), &mut dice) else { continue };
        if person(number).date_of_birth.is_none() {
            continue;
        }
        graded.note(&matches(desk, &known.of(&damaged)).await?, Some(number));
        if graded.asked >= desk.asked {
            return Ok(graded);
        }
    }
    Err(format!("too few people can have this: {damage}").into())
}

async fn ask_for_strangers(desk: &Desk, known: Known) -> Outcome<Graded> {
    let mut graded = Graded::default();
    for number in 1..=desk.asked {
        let stranger = known.of(&person(desk.patients + number));
        graded.note(&matches(desk, &stranger).await?, None);
    }
    Ok(graded)
}

async fn matches(desk: &Desk, person: &PatientFields) -> Outcome<Value> {
    desk.checker.post(&desk.target, "/api/patients/match", &json!(person)).await
}
