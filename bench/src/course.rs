//! The measurement on one database: copies, programs, checks, rounds, tables.

use std::path::{Path, PathBuf};

use crate::{
    Engine, Outcome,
    check::Checker,
    disturbed::disturbed,
    fastify, fill,
    load::Load,
    paging::far_page,
    report::{Table, grouped},
    rounds::{Extent, Results},
    say,
    special::{Resources, mixed, resources},
    target::{Kind, Target, empty_folder},
};

/// What a measurement is made with.
pub(crate) struct Course<'a> {
    /// The folder of the programs.
    pub(crate) programs: &'a Path,
    /// The folder of the filled databases.
    pub(crate) folder: &'a Path,
    /// The number of patients.
    pub(crate) patients: u64,
    /// The number of patients with which a bigger database is compared.
    pub(crate) base: u64,
    /// How much is measured.
    pub(crate) extent: Extent,
    /// The folder with `fastify`, where that is measured too.
    pub(crate) peers: Option<PathBuf>,
}

/// A table of everything that was measured, and everything that was wrong.
pub(crate) type Findings = (Vec<Table>, Vec<String>);

impl Course<'_> {
    /// The title of tables.
    pub(crate) fn title(&self, engine: Engine) -> String {
        format!("{}, {} patients", engine.name(), grouped(self.patients))
    }

    /// Measures on a database.
    pub(crate) async fn on(&self, engine: Engine) -> Outcome<Findings> {
        match engine {
            Engine::Sqlite => self.on_sqlite().await,
            Engine::Postgres => self.on_postgres().await,
        }
    }

    /// Measures on SQLite.
    async fn on_sqlite(&self) -> Outcome<Findings> {
        let filled = fill::sqlite(self.folder, fill::VARIED, self.patients).await?;
        let run = empty_folder(self.folder.join("run"))?;
        let copy = |name: &str| -> Outcome<String> {
            let path = run.join(name);
            std::fs::copy(&filled, &path)?;
            Ok(format!("sqlite:{}", path.display()))
        };
        let mut targets =
            self.programs(&run, [&copy("frontdesk.sqlite")?, &copy("bare.sqlite")?]).await?;
        if let Some(peers) = &self.peers {
            let (file, times) = (run.join("fastify.sqlite"), self.extent.starts);
            targets.push(fastify::start((peers, self.folder), &filled, &file, times).await?);
        }
        let mut findings = self.measure(targets, &run, Engine::Sqlite).await?;
        std::fs::remove_dir_all(run)?;
        self.further_on_sqlite(&filled, &mut findings).await?;
        Ok(findings)
    }

    /// Starts Frontdesk and the bare program on databases.
    pub(crate) async fn programs(
        &self,
        run: &Path,
        [of_frontdesk, of_bare]: [&str; 2],
    ) -> Outcome<Vec<Target>> {
        let (times, programs) = (self.extent.starts, self.programs);
        let frontdesk = async || Target::frontdesk(programs, of_frontdesk, run, &[]).await;
        let bare = async || Target::bare(programs, of_bare).await;
        Ok(vec![Target::settled(times, frontdesk).await?, Target::settled(times, bare).await?])
    }

    /// Measures all programs on their databases, and ends them.
    pub(crate) async fn measure(
        &self,
        mut targets: Vec<Target>,
        run: &Path,
        engine: Engine,
    ) -> Outcome<Findings> {
        say(&format!("Measuring on {}", engine.name()));
        let (title, extent) = (self.title(engine), &self.extent);
        let mut checker = Checker::new(self.patients);
        let mut load = Load::new(run, self.patients)?;
        let mut used = Vec::new();
        for target in &mut targets {
            let memory = [Some(target.memory_after(extent.pause).await?), None, None];
            let start = target.started_in.as_secs_f64() * 1e3;
            used.push(Resources { kind: target.kind, start, memory });
            if target.kind == Kind::Frontdesk {
                checker.admit(target).await?;
                load.set_logins(&checker.clerks(target).await?)?;
            }
        }
        checker.agree(&targets).await?;
        for target in &targets {
            checker.answers(target).await?;
        }
        let mut results = Results::default();
        results.measure(&mut load, &targets, extent).await?;
        for (target, used) in targets.iter().zip(&mut used) {
            let [_, after, _] = &mut used.memory;
            *after = Some(target.memory_after(extent.pause).await?);
        }
        let kinds: Vec<_> = targets.iter().map(|target| target.kind).collect();
        let mut tables = vec![results.table(Some(engine), title.clone(), &kinds)];
        tables.extend(results.crowd(&title, extent));
        tables.push(mixed(&mut results, &mut load, &targets, extent, &title).await?);
        for target in &targets {
            let (created, unanswered) = results.created(target.kind);
            checker.count(target, created, unanswered).await?;
        }
        let own = targets.iter().zip(&mut used).find(|(it, _)| it.kind == Kind::Frontdesk);
        if let Some((target, used)) = own {
            let place = (self.programs, run);
            let both = (&mut load, &mut checker);
            tables.extend(far_page(&mut results, both, target, extent, &title).await?);
            let (table, resident) =
                disturbed(&mut results, &mut load, target, extent, (place, &title)).await?;
            tables.push(table);
            let [_, _, after_storm] = &mut used.memory;
            *after_storm = Some(resident);
        }
        tables.push(resources(&title, extent, &used));
        for target in targets {
            checker.answers(&target).await?;
            target.stop().await?;
        }
        results.faults.append(&mut checker.faults);
        Ok((tables, results.faults))
    }
}
