//! The tables of the scene.

use std::time::Duration;

use super::{
    Stage,
    desk::Step,
    ledger::{Found, Kept},
    usage::Used,
};
use crate::{
    goals,
    machine::Usage,
    report::{Goal, Table, grouped, in_mebibytes, judged, memory, milliseconds},
};

/// What was measured.
pub(super) struct Figures {
    pub(super) times: Vec<(Step, Duration)>,
    /// How long the clerks worked.
    pub(super) took: Duration,
    /// What the programs had used when the clerks began, and when the time was over.
    pub(super) before: Used,
    pub(super) after: Used,
    /// Requests that the server answered.
    pub(super) answers: usize,
    /// Saves that were on their way when the server was killed.
    pub(super) on_their_way: usize,
    /// From the second start of the server until it accepted connections.
    pub(super) restart: Duration,
    /// Rows that were imported.
    pub(super) imported: i64,
    pub(super) found: Found,
}

impl Figures {
    /// The tables of the page. `is_sound` says whether everything was found to be as it should.
    pub(super) fn tables(&self, stage: &Stage, is_sound: bool) -> Vec<Table> {
        vec![self.steps(stage), self.programs(), self.kept(is_sound)]
    }

    fn steps(&self, stage: &Stage) -> Table {
        let row = |name: &str, is_it: &dyn Fn(Step) -> bool| {
            let mut times: Vec<_> = self
                .times
                .iter()
                .filter(|(step, _)| is_it(*step))
                .map(|(_, time)| time.as_secs_f64() * 1_000.0)
                .collect();
            times.sort_by(f64::total_cmp);
            let at = |percent: usize| {
                let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
                times.get(place).copied()
            };
            let [middle, most] = [50, 100].map(|percent| milliseconds(at(percent)));
            let nearly_all = judged(at(99), Some(goals::KEY), milliseconds);
            vec![name.to_owned(), times.len().to_string(), middle, nearly_all, most]
        };
        let mut rows: Vec<_> =
            Step::ALL.iter().map(|step| row(step.name(), &|it| it == *step)).collect();
        rows.push(row("all", &|_| true));
        Table {
            title: format!(
                "{} terminals for {} s beside an import, {} patients on SQLite",
                stage.terminals,
                stage.seconds,
                grouped(stage.patients)
            ),
            head: ["step", "times", "p50 ms", "p99 ms", "most ms"].map(str::to_owned).to_vec(),
            rows,
            notes: vec![
                "From the last key of a step until the terminal shows its result.".to_owned(),
            ],
        }
    }

    fn programs(&self) -> Table {
        let Self { before, after, took, .. } = self;
        let row = |name: &str, before: Usage, after: Usage, is_shown: bool, goal: Option<Goal>| {
            let cpu = Duration::from_micros(after.cpu.saturating_sub(before.cpu));
            let share = cpu.as_secs_f64() / took.as_secs_f64() * 100.0;
            let peak = judged(is_shown.then(|| in_mebibytes(after.peak)), goal, memory);
            vec![name.to_owned(), format!("{:.1}", cpu.as_secs_f64()), format!("{share:.0}"), peak]
        };
        let imported = usize::try_from(self.imported).unwrap_or_default();
        Table {
            title: "What the programs of the scene use".to_owned(),
            head: ["program", "CPU s", "% of a core", "resident at most"]
                .map(str::to_owned)
                .to_vec(),
            rows: vec![
                row("server", before.server, after.server, true, Some(goals::SCENE)),
                row("import", before.import, after.import, true, None),
                row("all clients", before.clients, after.clients, true, None),
                row("the benchmark itself", before.harness, after.harness, false, None),
            ],
            notes: vec![format!(
                "The server answered {:.0} requests in a second, and the import wrote {:.0} rows in a \
                 second.",
                per_second(self.answers, *took),
                per_second(imported, *took),
            )],
        }
    }

    fn kept(&self, is_sound: bool) -> Table {
        let Found { newcomers, visits, phones, .. } = &self.found;
        let row = |name: &str, kept: &Kept| {
            let Kept { saved, open, open_found } = kept;
            [name.to_owned(), saved.to_string(), open.to_string(), open_found.to_string()].to_vec()
        };
        let killed = format!(
            "Killed while {} saves and the import were on their way, and started again in {:.0} ms. {} \
             rows of the import are there.",
            self.on_their_way,
            self.restart.as_secs_f64() * 1_000.0,
            self.imported,
        );
        let sound = match is_sound {
            true => {
                "Everything that was shown as saved is there, once and as it was typed, nothing is \
                 there half, and `PRAGMA integrity_check` finds no fault."
            }
            false => "Not everything is as it should be.",
        };
        let sound = sound.to_owned();
        Table {
            title: "What is there after the server was killed".to_owned(),
            head: ["record", "shown as saved", "not yet answered", "of these there"]
                .map(str::to_owned)
                .to_vec(),
            rows: vec![
                row("new patients", newcomers),
                row("visits", visits),
                row("telephone numbers", phones),
            ],
            notes: vec![killed, sound],
        }
    }
}

fn per_second(count: usize, time: Duration) -> f64 {
    // Exact below 2^53.
    count as f64 / time.as_secs_f64()
}
