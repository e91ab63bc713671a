//! Measures Frontdesk's server and writes `docs/PERFORMANCE.md`.

mod report;
mod scene;

use std::{io::Write, path::PathBuf};

use clap::Parser;

/// What a step gives. A failure is a sentence for whoever runs the program.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures Frontdesk's server beside bare programs.
#[derive(Parser)]
struct Options {
    /// The number of patients in the databases
    #[arg(long, default_value_t = 100_000)]
    patients: u64,
    /// A smoke test: 2,000 patients, short runs, times are not judged
    #[arg(long)]
    quick: bool,
    /// Plays only the scene of the terminals, for this many seconds
    #[arg(long, value_name = "SECONDS")]
    scene: Option<u64>,
    /// The number of terminals in the scene
    #[arg(long, default_value_t = 20)]
    terminals: usize,
    /// The folder of the filled databases, which are kept
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    let mut tables = Vec::new();
    if let Some(seconds) = options.scene {
        let stage = scene::Stage {
            programs: "target/release".as_ref(),
            database: &options.folder.join("frontdesk.sqlite"),
            folder: &options.folder.join("scene"),
            patients: if options.quick { 2_000 } else { options.patients },
            terminals: options.terminals,
            seconds,
        };
        tables.extend(scene::run(&stage)?);
    }
    for table in tables {
        writeln!(std::io::stdout(), "{table}")?;
    }
    Ok(())
}
