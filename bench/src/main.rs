//! Measures Frontdesk's server beside programs that do the same work with nothing around it, and writes
//! the figures to `docs/PERFORMANCE.md`.

mod answers;
mod backups;
mod check;
mod cluster;
mod course;
mod disturbed;
mod fastify;
mod fill;
mod finding;
mod further;
mod goals;
mod importing;
mod listeners;
mod load;
mod machine;
mod page;
mod paging;
mod people;
mod programs;
mod report;
mod rounds;
mod scene;
mod sides;
mod special;
mod target;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, ValueEnum};
use tokio::runtime::{Builder, Runtime};

use course::Course;
use rounds::Extent;

/// What a step gives. A failure is a sentence for whoever runs the program.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The seconds of the scene where none are given, and in a smoke test.
const SCENE: u64 = 120;
const SHORT_SCENE: u64 = 10;
/// Patients of a smoke test, fewer ones that they are compared with, listeners, and people who are asked for.
const FEW: u64 = 2_000;
const FEWER: u64 = 500;
const FEW_LISTENERS: u64 = 100;
const FEW_ASKED: u64 = 5;
/// How long a program is left alone before its memory is measured, and in a smoke test.
const PAUSE: Duration = Duration::from_secs(5);
const SHORT_PAUSE: Duration = Duration::from_secs(1);

/// What the rounds and PostgreSQL's log add to a database, in bytes.
const WRITTEN: u64 = 1 << 30;

/// A database.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// Its name in tables.
    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Measures Frontdesk's server beside bare programs, and writes docs/PERFORMANCE.md.
#[derive(Parser)]
struct Options {
    /// The number of patients in the databases, such as 100k, 1m or 10m
    #[arg(long, default_value = "100k", value_parser = amount)]
    patients: u64,
    /// The number of patients that a bigger database is compared with
    #[arg(long, default_value = "100k", value_parser = amount)]
    base: u64,
    /// A smoke test: 2,000 patients, one short round of unoptimised programs; times mean nothing
    #[arg(long)]
    quick: bool,
    /// Print the figures, and leave the page as it is
    #[arg(long)]
    print: bool,
    /// Measure on this database only
    #[arg(long)]
    only: Option<Engine>,
    /// The profile in which the programs are built: `dist` as they are packaged, `release` for a look
    #[arg(long, default_value = "dist")]
    profile: String,
    /// Take the programs as they were built last
    #[arg(long)]
    no_build: bool,
    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// The seconds of each run of wrk
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often each program is started
    #[arg(long, default_value_t = 5)]
    starts: u64,
    /// The number of listeners of live changes
    #[arg(long, default_value_t = 10_000)]
    listeners: u64,
    /// The numbers of connections
    #[arg(long, value_delimiter = ',', default_values_t = [16, 64, 256])]
    connections: Vec<u64>,
    /// Also measure fastify, from this folder with `fastify/server.js` and its schema
    #[arg(long, env = "PEERS", value_name = "DIR")]
    peers: Option<PathBuf>,
    /// The folder of the filled databases, which are kept. Default: `bench` in Cargo's folder
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Leave out searches and lookups
    #[arg(long)]
    without_searches: bool,
    /// Only compare with fewer patients (`--base`), which needs fewer copies on the disk
    #[arg(long, conflicts_with = "scene")]
    only_scale: bool,
    /// Only ask for people whose names or data come with errors, and write docs/FINDING.md
    #[arg(long, conflicts_with_all = ["scene", "only_scale", "only"])]
    finding: bool,
    /// Only time searches, lookups and comparisons over one connection, and print the figures
    #[arg(long, conflicts_with_all = ["scene", "only_scale", "finding"])]
    only_answers: bool,
    /// Only time imports of so many patients, such as 50k, and print the figures
    #[arg(long, value_name = "ROWS", value_parser = amount, conflicts_with_all = ["scene", "only_scale", "finding", "only_answers"])]
    only_imports: Option<u64>,
    /// Only time backups, restores and moves, and print the figures
    #[arg(long, conflicts_with_all = ["scene", "only_scale", "finding", "only_answers", "only_imports"])]
    only_backups: bool,
    /// How many people are asked for in each way
    #[arg(long, default_value_t = 500)]
    asked: u64,
    /// Play only the scene of the terminals, for this many seconds
    #[arg(long, value_name = "SECONDS")]
    scene: Option<u64>,
    /// The number of terminals in the scene
    #[arg(long, default_value_t = 20)]
    terminals: usize,
}

impl Options {
    /// Whether this database is measured.
    fn measures(&self, engine: Engine) -> bool {
        self.only.is_none_or(|only| only == engine)
    }

    /// The bytes that the databases take: the filled ones, the copies of the programs, and what is
    /// written meanwhile.
    fn disk(&self) -> u64 {
        let copies = if self.only_scale || self.only_answers || self.only_imports.is_some() {
            1
        } else {
            2 + u64::from(self.peers.is_some())
        };
        let engines = [
            (Engine::Sqlite, fill::SIZE_ON_SQLITE, copies),
            (Engine::Postgres, fill::SIZE_ON_POSTGRES, copies.min(2)),
        ];
        let measured = engines.iter().filter(|(engine, ..)| self.measures(*engine));
        // Fewer patients are beside them in a file and its copy.
        let patients = |copies: u64| (1 + copies) * self.patients + 2 * self.base;
        measured.map(|(_, size, copies)| size * patients(*copies) + WRITTEN).sum()
    }
}

/// Reads a number, which may be in thousands or millions.
fn amount(text: &str) -> Result<u64, String> {
    let text = text.to_lowercase();
    let (digits, factor) = match (text.strip_suffix('k'), text.strip_suffix('m')) {
        (Some(thousands), _) => (thousands, 1_000),
        (_, Some(millions)) => (millions, 1_000_000),
        _ => (text.as_str(), 1),
    };
    let number: u64 = digits.parse().map_err(|error: std::num::ParseIntError| error.to_string())?;
    let all = number.checked_mul(factor).filter(|all| *all >= 100);
    all.ok_or_else(|| "at least 100".to_owned())
}

/// Tells whoever runs the program what it is doing.
pub(crate) fn say(text: &str) {
    // A closed terminal is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        (options.patients, options.rounds, options.seconds) = (FEW, 1, 1);
        (options.connections, options.profile) = (vec![4, 8], "dev".to_owned());
        (options.base, options.starts, options.listeners) = (FEWER, 2, FEW_LISTENERS);
        (options.print, options.terminals) = (true, 3);
        options.asked = FEW_ASKED;
    }
    match run(&options) {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            faults.iter().for_each(|fault| say(&format!("bench: {fault}")));
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures, and prints or writes the figures. Returns everything that was wrong.
fn run(options: &Options) -> Outcome<Vec<String>> {
    if options.only_scale && options.patients <= options.base {
        return Err("there are not more patients than those to compare with".into());
    }
    let folder = match &options.folder {
        Some(folder) => std::path::absolute(folder)?,
        None => programs::built()?.join("bench"),
    };
    std::fs::create_dir_all(&folder)?;
    let programs = programs::build(&options.profile, !options.no_build)?;
    let disk = report::mebibytes(options.disk());
    say(&format!("The databases in {} need up to {disk}", folder.display()));
    let about = machine::describe()?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let course = Course {
        programs: &programs,
        folder: &folder,
        patients: options.patients,
        base: options.base,
        extent: Extent {
            rounds: options.rounds,
            seconds: options.seconds,
            connections: options.connections.clone(),
            starts: options.starts,
            pause: if options.quick { SHORT_PAUSE } else { PAUSE },
            listeners: options.listeners,
            with_searches: !options.without_searches,
            is_short: options.quick,
        },
        peers: options.peers.clone(),
    };
    if options.finding {
        let finding = finding::measure(&programs, &folder, options.patients, options.asked);
        let text = page::finding(&about, &runtime.block_on(finding)?);
        writeln!(std::io::stdout(), "{text}")?;
        if !options.print {
            page::write_finding(&text)?;
        }
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    if options.quick {
        // Whether it works: its tables are not shown.
        runtime.block_on(finding::measure(&programs, &folder, options.patients, options.asked))?;
    }
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if !options.measures(engine) {
            continue;
        }
        if options.only_scale {
            findings.push(runtime.block_on(course.scale_alone(engine))?);
            continue;
        }
        if let Some(rows) = options.only_imports {
            findings.push(runtime.block_on(course.imports_alone(engine, rows))?);
            continue;
        }
        if options.only_backups || options.quick {
            let backups = runtime.block_on(course.backups_alone(engine))?;
            if options.only_backups {
                findings.push(backups);
                continue;
            }
        }
        if options.only_answers || options.quick {
            let answers = runtime.block_on(course.answers_alone(engine, options.asked))?;
            if options.only_answers {
                findings.push(answers);
                continue;
            }
        }
        if engine == Engine::Sqlite {
            findings.push(play(options, &programs, &folder, &runtime)?);
        }
        if options.scene.is_none() {
            findings.push(runtime.block_on(course.on(engine))?);
        }
    }
    let (tables, faults): (Vec<_>, Vec<_>) = findings.into_iter().unzip();
    let (tables, faults) = (tables.into_iter().flatten().collect::<Vec<_>>(), faults.concat());
    let figures = page::text(&about, options.patients, &tables);
    writeln!(std::io::stdout(), "{figures}")?;
    let is_part = options.only_answers || options.only_backups || options.only_imports.is_some();
    let is_whole = options.scene.is_none() && !is_part;
    if !options.print && is_whole && faults.is_empty() {
        page::write(options.patients, &figures)?;
    }
    Ok(faults)
}

/// Plays the scene of the terminals on a copy of the filled database.
fn play(
    options: &Options,
    programs: &Path,
    folder: &Path,
    runtime: &Runtime,
) -> Outcome<course::Findings> {
    let patients = options.patients;
    let place = target::empty_folder(folder.join("scene"))?;
    let stage = scene::Stage {
        programs,
        database: &runtime.block_on(fill::sqlite(folder, fill::VARIED, patients))?,
        folder: &place,
        patients,
        terminals: options.terminals,
        seconds: options.scene.unwrap_or(if options.quick { SHORT_SCENE } else { SCENE }),
    };
    say(&format!("{} terminals for {} s", stage.terminals, stage.seconds));
    let findings = scene::run(&stage)?;
    if findings.1.is_empty() {
        std::fs::remove_dir_all(place)?;
    }
    Ok(findings)
}
