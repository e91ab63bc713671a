//! What is measured on databases of its own: more patients beside fewer, PostgreSQL without statistics, and
//! listeners of live changes.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, raw_sql};

use crate::{
    Engine, Outcome,
    cluster::Cluster,
    course::{Course, Findings},
    disturbed, fill, goals,
    listeners::listeners,
    load::What,
    report::grouped,
    rounds::Results,
    say,
    sides::{Side, compare},
    target::empty_folder,
};

/// What the statistics of PostgreSQL's planner are before its first ANALYZE. Nothing collects them by itself.
const WITHOUT_STATISTICS: &str = "\
    DO $$ DECLARE name text; BEGIN \
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
    EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', name); END LOOP; END $$; \
    DELETE FROM pg_statistic; \
    UPDATE pg_class SET reltuples = -1, relpages = 0, relallvisible = 0 \
    WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace";

impl Course<'_> {
    /// Compares with fewer patients, and connects listeners, on copies of SQLite files.
    pub(crate) async fn further_on_sqlite(
        &self,
        filled: &Path,
        findings: &mut Findings,
    ) -> Outcome<()> {
        // The number of patients means nothing to listeners.
        let fewer = fill::sqlite(self.folder, fill::VARIED, self.patients.min(self.base)).await?;
        if self.patients > self.base {
            self.scale_of_files([&fewer, filled], findings).await?;
        }
        let run = empty_folder(self.folder.join("run"))?;
        let place = run.join("listeners.sqlite");
        std::fs::copy(&fewer, &place)?;
        let both = (place.as_path(), run.as_path());
        findings.0.push(listeners(self.programs, both, &self.extent, Engine::Sqlite.name()).await?);
        Ok(std::fs::remove_dir_all(run)?)
    }

    /// Only compares with fewer patients.
    pub(crate) async fn scale_alone(&self, engine: Engine) -> Outcome<Findings> {
        let mut findings = Findings::default();
        match engine {
            Engine::Sqlite => {
                let fewer = fill::sqlite(self.folder, fill::VARIED, self.base).await?;
                let filled = fill::sqlite(self.folder, fill::VARIED, self.patients).await?;
                self.scale_of_files([&fewer, &filled], &mut findings).await?;
            }
            Engine::Postgres => {
                let cluster = Cluster::start(&self.folder.join("postgres"))?;
                let filled = fill::postgres(&|name| cluster.url(name), self.patients).await?;
                let mut databases = Databases::of(&cluster).await?;
                self.scale_of_databases(&mut databases, &filled, &mut findings).await?;
                databases.drop_all().await?;
            }
        }
        Ok(findings)
    }

    /// Compares copies of two SQLite files. Before, each copy is written to the disk and read once, so that
    /// it is in memory if there is room. Otherwise the disk would be measured.
    async fn scale_of_files(
        &self,
        [fewer, all]: [&Path; 2],
        findings: &mut Findings,
    ) -> Outcome<()> {
        let run = empty_folder(self.folder.join("run"))?;
        let copy = |from: &Path, name: &str| -> Outcome<String> {
            std::fs::copy(from, run.join(name))?;
            Ok(format!("sqlite:{}", run.join(name).display()))
        };
        let copies = [copy(fewer, "base.sqlite")?, copy(all, "all.sqlite")?];
        for name in ["base.sqlite", "all.sqlite"] {
            let mut file = std::fs::File::open(run.join(name))?;
            file.sync_all()?;
            std::io::copy(&mut file, &mut std::io::sink())?;
        }
        self.scale(Engine::Sqlite, [&copies[0], &copies[1]], &run, findings).await?;
        Ok(std::fs::remove_dir_all(run)?)
    }

    /// Compares copies of two databases of PostgreSQL.
    async fn scale_of_databases(
        &self,
        databases: &mut Databases<'_>,
        filled: &str,
        findings: &mut Findings,
    ) -> Outcome<()> {
        let url = |name: &str| databases.cluster.url(name);
        let fewer = fill::postgres(&url, self.base).await?;
        let copies = databases.copy([&fewer, filled]).await?;
        let run = empty_folder(self.folder.join("run"))?;
        self.scale(Engine::Postgres, [&copies[0], &copies[1]], &run, findings).await?;
        Ok(std::fs::remove_dir_all(run)?)
    }

    /// The loads with which two databases are compared.
    fn compared(&self) -> &'static [What] {
        match self.extent.is_short {
            true => &[What::Get, What::Create],
            false if self.extent.with_searches => {
                &[What::Get, What::List, What::Search, What::Lookup, What::Dashboard, What::Create]
            }
            false => &[What::Get, What::List, What::Dashboard, What::Create],
        }
    }

    /// Compares with fewer patients.
    async fn scale(
        &self,
        engine: Engine,
        [fewer, all]: [&str; 2],
        run: &Path,
        (tables, faults): &mut Findings,
    ) -> Outcome<()> {
        say(&format!("Beside {} patients", grouped(self.base)));
        let mut results = Results::default();
        let start = async |database: &str, name: &str, patients: u64| {
            let title = format!("{} patients", grouped(patients));
            Side::start(title, self.programs, database, &run.join(name), patients).await
        };
        let mut sides =
            [start(fewer, "fewer", self.base).await?, start(all, "all", self.patients).await?];
        let title = format!("{} beside {}", self.title(engine), grouped(self.base));
        let title = (title, Some(goals::scale(self.patients)));
        tables.push(compare(&mut results, &mut sides, self.compared(), &self.extent, title).await?);
        faults.append(&mut results.faults);
        for side in sides {
            faults.extend(side.end().await?);
        }
        Ok(())
    }

    /// Measures on PostgreSQL.
    pub(crate) async fn on_postgres(&self) -> Outcome<Findings> {
        let cluster = Cluster::start(&self.folder.join("postgres"))?;
        let url = |name: &str| cluster.url(name);
        let filled = fill::postgres(&url, self.patients).await?;
        let run = empty_folder(self.folder.join("run"))?;
        let mut databases = Databases::of(&cluster).await?;
        let copies = databases.copy([&filled, &filled]).await?;
        let targets = self.programs(&run, [&copies[0], &copies[1]]).await?;
        let mut findings = self.measure(targets, &run, Engine::Postgres).await?;
        let copies = databases.copy([&filled, &filled]).await?;
        self.without_statistics(copies, &run, &mut findings).await?;
        std::fs::remove_dir_all(run)?;
        if self.patients > self.base {
            self.scale_of_databases(&mut databases, &filled, &mut findings).await?;
        }
        databases.drop_all().await?;
        Ok(findings)
    }

    /// Compares the second database without statistics with the first one.
    async fn without_statistics(
        &self,
        databases: [String; 2],
        run: &Path,
        (tables, faults): &mut Findings,
    ) -> Outcome<()> {
        say("Without statistics");
        let [with, without] = databases;
        let mut operator = PgConnection::connect(&without).await?;
        raw_sql(WITHOUT_STATISTICS).execute(&mut operator).await?;
        operator.close().await?;
        let mut results = Results::default();
        let start = async |database: &str, name: &str| {
            let folder = run.join(name.replace(' ', "-"));
            Side::start(name.to_owned(), self.programs, database, &folder, self.patients).await
        };
        let mut sides =
            [start(&with, "analysed").await?, start(&without, "without statistics").await?];
        let title = format!("{}: without statistics", self.title(Engine::Postgres));
        let table = (title.clone(), None);
        tables.push(compare(&mut results, &mut sides, self.compared(), &self.extent, table).await?);
        let [_, side] = &mut sides;
        let beside = (self.programs, run);
        let named = (format!("{title}, beside an import"), &side.target);
        tables.push(
            disturbed::by_import(&mut results, &mut side.load, named, &self.extent, beside).await?,
        );
        faults.append(&mut results.faults);
        for side in sides {
            faults.extend(side.end().await?);
        }
        Ok(())
    }
}

/// Two databases for the programs of a measurement.
struct Databases<'a> {
    cluster: &'a Cluster,
    operator: PgConnection,
}

impl Databases<'_> {
    const NAMES: [&'static str; 2] = ["run_first", "run_second"];

    async fn of(cluster: &Cluster) -> Outcome<Databases<'_>> {
        let operator = PgConnection::connect(&cluster.url("postgres")).await?;
        Ok(Databases { cluster, operator })
    }

    /// Makes them anew as copies of others, and returns their addresses.
    async fn copy(&mut self, templates: [&str; 2]) -> Outcome<[String; 2]> {
        self.drop_all().await?;
        for (name, template) in Self::NAMES.iter().zip(templates) {
            self.tell(format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        }
        Ok(Self::NAMES.map(|name| self.cluster.url(name)))
    }

    async fn drop_all(&mut self) -> Outcome<()> {
        for name in Self::NAMES {
            self.tell(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, statement: String) -> Outcome<()> {
        self.operator.execute(AssertSqlSafe(statement)).await?;
        Ok(())
    }
}
