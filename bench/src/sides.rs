//! Frontdesk on two databases that differ in one respect, side by side.

use std::path::Path;

use crate::{
    Outcome,
    check::Checker,
    load::{Load, Sample, What},
    report::{Goal, Table, judged, milliseconds, number, part, ratio},
    rounds::{Extent, Results, median},
    target::{Target, empty_folder},
};

/// One of the two.
pub(crate) struct Side {
    /// What its database is, in the table.
    name: String,
    pub(crate) target: Target,
    pub(crate) load: Load,
    checker: Checker,
}

impl Side {
    /// Starts a server on a database with so many patients. The folder is for its files.
    pub(crate) async fn start(
        name: String,
        programs: &Path,
        database: &str,
        folder: &Path,
        patients: u64,
    ) -> Outcome<Self> {
        let folder = empty_folder(folder.to_owned())?;
        let mut target = Target::frontdesk(programs, database, &folder, &[]).await?;
        let checker = Checker::new(patients);
        checker.admit(&mut target).await?;
        let load = Load::new(&folder, patients)?;
        Ok(Self { name, target, load, checker })
    }

    /// Checks the answers and ends the server. Returns everything that was wrong.
    pub(crate) async fn end(mut self) -> Outcome<Vec<String>> {
        self.checker.answers(&self.target).await?;
        self.target.stop().await?;
        Ok(self.checker.faults)
    }
}

/// Measures loads on both, in turn. The goal is for the requests per second of the second one as a part of
/// those of the first one.
pub(crate) async fn compare(
    results: &mut Results,
    sides: &mut [Side; 2],
    whats: &[What],
    extent: &Extent,
    (title, goal): (String, Option<Goal>),
) -> Outcome<Table> {
    let mut rows = Vec::new();
    let mut created = [(0, 0); 2];
    for what in whats {
        let mut samples = [Vec::new(), Vec::new()];
        for _ in 0..extent.rounds {
            for ((side, samples), created) in sides.iter_mut().zip(&mut samples).zip(&mut created) {
                let Side { target, load, .. } = side;
                let sample = load.run(target, *what, extent.fewest(), extent.seconds).await?;
                results.faults.extend(sample.fault.clone());
                if *what == What::Create {
                    *created = (created.0 + sample.answered, created.1 + extent.fewest());
                }
                samples.push(sample);
            }
        }
        rows.push(row(*what, &samples, goal));
    }
    for (side, (created, unanswered)) in sides.iter_mut().zip(created) {
        side.checker.count(&side.target, created, unanswered).await?;
    }
    let mut head = vec!["load".to_owned()];
    for side in sides.iter() {
        head.extend([format!("{}: requests/s", side.name), "p99 ms".to_owned()]);
    }
    let [first, _] = sides;
    head.push(format!("of {}", first.name));
    Ok(Table { title, head, rows, notes: Vec::new() })
}

fn row(what: What, samples: &[Vec<Sample>; 2], goal: Option<Goal>) -> Vec<String> {
    let of = |samples: &[Sample], figure: fn(&Sample) -> f64| {
        median(samples.iter().map(figure).collect())
    };
    let mut row = vec![what.name().to_owned()];
    for samples in samples {
        row.push(number(of(samples, |it| it.rate)));
        row.push(milliseconds(of(samples, |it| it.p99)));
    }
    let [first, second] = samples.each_ref().map(|samples| of(samples, |it| it.rate));
    row.push(judged(part(second, first), goal, ratio));
    row
}
