//! What is not one kind of load after another: writes beside reads, everybody logging in at once, and an
//! import beside the desk.

use std::{path::Path, time::Instant};

use serde_json::Value;

use crate::{
    Outcome,
    check::count,
    load::{Load, Sample, What},
    people::person,
    report::{Table, mebibytes, milliseconds, number, ratio},
    rounds::{Extent, Results, median},
    target::{Kind, Target, frontdesk},
};

/// Clerks who log in at once.
const STORM: u64 = 32;
/// More than an import writes in a second.
const ROWS_PER_SECOND: u64 = 8_000;

/// Reads and creates at the same time, by every program.
pub(crate) async fn mixed(
    results: &mut Results,
    load: &mut Load,
    targets: &[Target],
    extent: &Extent,
    title: &str,
) -> Outcome<Table> {
    let connections = extent.fewest();
    let whats = [(What::Get, connections), (What::Create, connections)];
    let mut own = Results::default();
    for _ in 0..extent.rounds {
        for target in targets {
            let samples = load.run_both(target, whats, extent.seconds).await?;
            for ((what, connections), sample) in whats.into_iter().zip(samples) {
                if what == What::Create {
                    results.note_created(target.kind, &sample, connections);
                }
                own.add((what, connections, target.kind), sample);
            }
        }
    }
    results.faults.append(&mut own.faults);
    let kinds: Vec<_> = targets.iter().map(|target| target.kind).collect();
    let mut table = own.table(format!("{title}: get and create at the same time"), &kinds);
    table.notes.push("The processor time is that of both kinds together.".to_owned());
    Ok(table)
}

/// The reads of Frontdesk, alone and while something else goes on.
struct Disturbed {
    alone: Vec<Sample>,
    meanwhile: Vec<Sample>,
}

impl Disturbed {
    fn row(&self, what: &str, other: String) -> Vec<String> {
        let of = |samples: &[Sample], figure: fn(&Sample) -> f64| {
            median(samples.iter().map(figure).collect())
        };
        let rates = [of(&self.alone, |it| it.rate), of(&self.meanwhile, |it| it.rate)];
        vec![
            what.to_owned(),
            number(rates[0]),
            milliseconds(of(&self.alone, |it| it.p99)),
            number(rates[1]),
            milliseconds(of(&self.meanwhile, |it| it.p99)),
            ratio(rates[1], rates[0]),
            other,
        ]
    }
}

/// Reads of Frontdesk while 32 clerks log in again and again, and beside an import.
pub(crate) async fn disturbed(
    results: &mut Results,
    load: &mut Load,
    target: &Target,
    extent: &Extent,
    (programs, folder, title): (&Path, &Path, &str),
) -> Outcome<Table> {
    let reading = extent.fewest();
    let mut storm = Disturbed { alone: Vec::new(), meanwhile: Vec::new() };
    let mut logins = Vec::new();
    for _ in 0..extent.rounds {
        storm.alone.push(load.run(target, What::Get, reading, extent.seconds).await?);
        let whats = [(What::Get, reading), (What::Login, STORM)];
        let [reads, login] = load.run_both(target, whats, extent.seconds).await?;
        storm.meanwhile.push(reads);
        logins.push(login);
    }
    let resident = target.usage()?.resident;
    let rate = |figure: fn(&Sample) -> f64| median(logins.iter().map(figure).collect());
    // Where the machine is too slow, a login is refused after two seconds of waiting.
    let refused: u64 = logins.iter().map(|login| login.refused).sum();
    let of_logins = format!(
        "{} logins/s, p99 {} ms, {refused} refused; {} resident afterwards",
        number(rate(|it| it.rate)),
        milliseconds(rate(|it| it.p99)),
        mebibytes(resident)
    );
    let (import, of_import) = beside_import(load, target, extent, programs, folder).await?;
    let all = storm.alone.iter().chain(&storm.meanwhile).chain(&logins);
    let all = all.chain(&import.alone).chain(&import.meanwhile);
    results.faults.extend(all.filter_map(|sample| sample.fault.clone()));
    let head =
        ["while", "alone: get/s", "p99 ms", "meanwhile: get/s", "p99 ms", "**of alone**", ""];
    Ok(Table {
        title: format!("{title}: get over {reading} connections, disturbed"),
        head: head.map(str::to_owned).to_vec(),
        rows: vec![
            storm.row("32 clerks log in", of_logins),
            import.row("an import runs", of_import),
        ],
        notes: Vec::new(),
    })
}

async fn beside_import(
    load: &mut Load,
    target: &Target,
    extent: &Extent,
    programs: &Path,
    folder: &Path,
) -> Outcome<(Disturbed, String)> {
    let reading = extent.fewest();
    let mut reads = Disturbed { alone: Vec::new(), meanwhile: Vec::new() };
    for _ in 0..extent.rounds {
        reads.alone.push(load.run(target, What::Get, reading, extent.seconds).await?);
    }
    let file = folder.join("people.csv");
    let before = count(&target.database).await?;
    write_people(&file, load.patients(), extent.rounds * extent.seconds * ROWS_PER_SECOND)?;
    let import_folder = crate::target::empty_folder(folder.join("import"))?;
    let mut command = frontdesk(programs, &target.database, &import_folder);
    let since = Instant::now();
    let command = command.args(["import", "patients"]).arg(&file);
    let mut import = command.stdout(std::process::Stdio::null()).spawn()?;
    for _ in 0..extent.rounds {
        reads.meanwhile.push(load.run(target, What::Get, reading, extent.seconds).await?);
    }
    let status = import.try_wait()?;
    if status.is_none() {
        import.kill().await?;
    } else if status.is_some_and(|status| !status.success()) {
        return Err("the import failed: see frontdesk.log".into());
    }
    let seconds = since.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let rate = (count(&target.database).await? - before) as f64 / seconds;
    std::fs::remove_file(file)?;
    let ended = if status.is_some() { "; it ended before the reads did" } else { "" };
    Ok((reads, format!("{rate:.0} rows/s imported meanwhile{ended}")))
}

/// Writes people who are not registered yet as a file to be imported.
fn write_people(file: &Path, registered: u64, count: u64) -> Outcome<()> {
    let mut rows = csv::Writer::from_path(file)?;
    for number in registered + 1..=registered + count {
        let Value::Object(mut person) = serde_json::to_value(person(number))? else { continue };
        // They follow from the number of the person, which is a source id here.
        person.shift_remove("identifiers");
        if number == registered + 1 {
            rows.write_record(person.keys().map(String::as_str).chain(["source_id"]))?;
        }
        let cells = person.values().map(|value| value.as_str().unwrap_or_default().to_owned());
        rows.write_record(cells.chain([number.to_string()]))?;
    }
    Ok(rows.flush()?)
}

/// The memory and the start of every program.
pub(crate) fn resources(title: &str, rows: &[(Kind, f64, u64, u64)]) -> Table {
    let head = ["program", "start to first answer, ms", "resident at rest", "after the rounds"];
    let row = |(kind, start, idle, after): &(Kind, f64, u64, u64)| {
        vec![
            kind.name().to_owned(),
            milliseconds(Some(*start)),
            mebibytes(*idle),
            mebibytes(*after),
        ]
    };
    Table {
        title: format!("{title}: start and memory"),
        head: head.map(str::to_owned).to_vec(),
        rows: rows.iter().map(row).collect(),
        notes: Vec::new(),
    }
}
