//! Rounds: every program gets every kind of load in turn, so that a slow minute of the machine meets all
//! of them. What counts is the median of the rounds.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    Engine, Outcome, goals,
    load::{Load, Sample, What},
    report::{Table, judged, milliseconds, number, part, ratio},
    say,
    target::{Kind, Target},
};

/// How much is measured.
#[derive(Clone, Debug)]
pub(crate) struct Extent {
    /// How often everything is measured.
    pub(crate) rounds: u64,
    /// How long one run takes.
    pub(crate) seconds: u64,
    /// The numbers of connections.
    pub(crate) connections: Vec<u64>,
    /// How often each program is started.
    pub(crate) starts: u64,
    /// How long a program is left alone before its memory is measured.
    pub(crate) pause: Duration,
    /// The number of listeners of live changes.
    pub(crate) listeners: u64,
    /// Whether searches and lookups are measured.
    pub(crate) with_searches: bool,
    /// Whether it is a smoke test, which leaves out what is measured like something else.
    pub(crate) is_short: bool,
}

impl Extent {
    /// The fewest connections, for loads that are not measured with each number of them.
    pub(crate) fn fewest(&self) -> u64 {
        self.connections.iter().copied().min().unwrap_or(1)
    }

    /// Whether this load is measured over so many connections.
    fn covers(&self, what: What, connections: u64) -> bool {
        let is_search = matches!(what, What::Search | What::Lookup);
        (self.with_searches || !is_search)
            && (!self.is_short || what == What::Get || connections == self.fewest())
    }
}

/// One cell of the result: what, with how many connections, by which program.
type Key = (What, u64, Kind);

/// What the rounds have measured.
#[derive(Default)]
pub(crate) struct Results {
    samples: BTreeMap<Key, Vec<Sample>>,
    /// Creates that were answered, and requests whose answer was not awaited, by program.
    created: BTreeMap<Kind, (u64, u64)>,
    /// Everything that went wrong.
    pub(crate) faults: Vec<String>,
}

/// What only Frontdesk can do.
const OWN: [What; 2] = [What::Lookup, What::Dashboard];

impl Results {
    /// Notes a run.
    pub(crate) fn add(&mut self, (what, connections, kind): Key, sample: Sample) {
        self.faults.extend(sample.fault.clone());
        if what == What::Create {
            self.note_created(kind, &sample, connections);
        }
        self.samples.entry((what, connections, kind)).or_default().push(sample);
    }

    /// Notes that patients were created.
    pub(crate) fn note_created(&mut self, kind: Kind, sample: &Sample, connections: u64) {
        let (created, unanswered) = self.created.entry(kind).or_default();
        *created += sample.answered;
        *unanswered += connections;
    }

    /// Runs everything that all programs can do, and what Frontdesk alone can.
    pub(crate) async fn measure(
        &mut self,
        load: &mut Load,
        targets: &[Target],
        extent: &Extent,
    ) -> Outcome<()> {
        let all = [What::Get, What::List, What::Search, What::Create];
        for round in 1..=extent.rounds {
            say(&format!("Round {round} of {}", extent.rounds));
            for connections in &extent.connections {
                let covered = |what: &What| extent.covers(*what, *connections);
                for what in all.into_iter().chain(OWN).filter(covered) {
                    let can = |it: &&Target| it.kind == Kind::Frontdesk || !OWN.contains(&what);
                    for target in targets.iter().filter(can) {
                        let sample = load.run(target, what, *connections, extent.seconds).await?;
                        self.add((what, *connections, target.kind), sample);
                    }
                }
            }
        }
        Ok(())
    }

    /// Creates by a program that were answered, and requests whose answer was not awaited.
    pub(crate) fn created(&self, kind: Kind) -> (u64, u64) {
        self.created.get(&kind).copied().unwrap_or_default()
    }

    /// The median of a figure.
    pub(crate) fn median(&self, key: Key, figure: impl Fn(&Sample) -> f64) -> Option<f64> {
        median(self.samples.get(&key)?.iter().map(figure).collect())
    }

    /// The table of all runs. The goals are those of a database, if any.
    pub(crate) fn table(&self, goals: Option<Engine>, title: String, kinds: &[Kind]) -> Table {
        let rivals = || kinds.iter().copied().filter(|kind| *kind != Kind::Frontdesk);
        let mut head = vec!["load".to_owned(), "connections".to_owned()];
        for kind in kinds {
            head.push(format!("{}: requests/s", kind.name()));
            head.push("p50, p99 ms".to_owned());
            head.push("CPU µs".to_owned());
        }
        head.extend(rivals().map(|kind| format!("of {}", kind.name())));
        head.extend(rivals().map(|kind| format!("p99 of {}", kind.name())));
        let mut cells: Vec<(What, u64)> = self.samples.keys().map(|key| (key.0, key.1)).collect();
        cells.dedup();
        let row = |(what, connections): (What, u64)| {
            let mut row = vec![what.name().to_owned(), connections.to_string()];
            let of = |kind: Kind, figure: fn(&Sample) -> f64| {
                self.median((what, connections, kind), figure)
            };
            for kind in kinds {
                let times = [of(*kind, |it| it.p50), of(*kind, |it| it.p99)].map(milliseconds);
                row.push(number(of(*kind, |it| it.rate)));
                row.push(times.join(", "));
                row.push(number(of(*kind, |it| it.cpu)));
            }
            let beside = |rival: Kind, figure| part(of(Kind::Frontdesk, figure), of(rival, figure));
            row.extend(rivals().map(|it| {
                let goal = goals.and_then(|engine| goals::rate(engine, it, what, connections));
                judged(beside(it, |sample| sample.rate), goal, ratio)
            }));
            row.extend(rivals().map(|it| {
                let goal = goals.and_then(|_| goals::p99(it, what, connections));
                judged(beside(it, |sample| sample.p99), goal, ratio)
            }));
            row
        };
        Table { title, head, rows: cells.into_iter().map(row).collect(), notes: Vec::new() }
    }

    /// Frontdesk with the most connections beside Frontdesk with the second most, if there are two
    /// numbers of them.
    pub(crate) fn crowd(&self, title: &str, extent: &Extent) -> Option<Table> {
        let mut numbers = extent.connections.clone();
        numbers.sort_unstable();
        numbers.dedup();
        let (most, second) = (numbers.pop()?, numbers.pop()?);
        let of_most = self.samples.keys().filter(|key| key.1 == most);
        let mut whats: Vec<What> = of_most.map(|key| key.0).collect();
        whats.dedup();
        let row = |what: What| {
            let of = |connections| self.median((what, connections, Kind::Frontdesk), |it| it.rate);
            let of_second = part(of(most), of(second));
            let of_second = judged(of_second, Some(goals::CROWDED), ratio);
            vec![what.name().to_owned(), number(of(second)), number(of(most)), of_second]
        };
        let head = [
            "load".to_owned(),
            format!("{second} connections: requests/s"),
            format!("{most} connections: requests/s"),
            format!("of {second}"),
        ];
        Some(Table {
            title: format!("{title}: Frontdesk with {most} connections"),
            head: head.to_vec(),
            rows: whats.into_iter().map(row).collect(),
            notes: vec!["A refusal or a broken connection would have failed the run.".to_owned()],
        })
    }
}

/// The median of some figures.
pub(crate) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
