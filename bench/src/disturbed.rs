//! Reads while something else goes on: everybody logging in at once, and an import beside the desk.

use std::{path::Path, time::Instant};

use serde_json::Value;

use crate::{
    Outcome,
    check::count,
    goals,
    load::{Load, Sample, What},
    people::person,
    report::{Goal, Table, judged, milliseconds, number, part, ratio},
    rounds::{Extent, Results, median},
    target::{Target, frontdesk},
};

/// Clerks who log in at once.
const STORM: u64 = 32;
/// More than an import writes in a second.
const ROWS_PER_SECOND: u64 = 8_000;

/// The reads of Frontdesk, alone and while something else goes on.
struct Disturbed {
    alone: Vec<Sample>,
    meanwhile: Vec<Sample>,
}

impl Disturbed {
    /// The row of a table. The goals are for the part that remains, and for the p99 in milliseconds.
    fn row(&self, what: &str, goals: [Option<Goal>; 2], other: String) -> Vec<String> {
        let of = |samples: &[Sample], figure: fn(&Sample) -> f64| {
            median(samples.iter().map(figure).collect())
        };
        let rates = [of(&self.alone, |it| it.rate), of(&self.meanwhile, |it| it.rate)];
        vec![
            what.to_owned(),
            number(rates[0]),
            milliseconds(of(&self.alone, |it| it.p99)),
            number(rates[1]),
            judged(of(&self.meanwhile, |it| it.p99), goals[1], milliseconds),
            judged(part(rates[1], rates[0]), goals[0], ratio),
            other,
        ]
    }
}

/// The titles of the columns.
const HEAD: [&str; 7] =
    ["while", "alone: get/s", "p99 ms", "meanwhile: get/s", "p99 ms", "of alone", ""];

/// What imports are made with: the folder of the programs, and one for files.
pub(crate) type Place<'a> = (&'a Path, &'a Path);

/// Reads of Frontdesk while 32 clerks log in again and again, and beside an import. Also returns the
/// memory that is resident after the logins.
pub(crate) async fn disturbed(
    results: &mut Results,
    load: &mut Load,
    target: &Target,
    extent: &Extent,
    (place, title): (Place<'_>, &str),
) -> Outcome<(Table, f64)> {
    let reading = extent.fewest();
    let (storm, of_logins) = in_storm(results, load, target, extent).await?;
    let resident = target.memory_after(extent.pause).await?;
    let (import, of_import) = beside_import(results, load, target, extent, place).await?;
    let rows = vec![
        storm.row("32 clerks log in", [Some(goals::IN_STORM), None], of_logins),
        import.row("an import runs", [None, Some(goals::IN_IMPORT)], of_import),
    ];
    let title = format!("{title}: get over {reading} connections, disturbed");
    let head = HEAD.map(str::to_owned).to_vec();
    Ok((Table { title, head, rows, notes: Vec::new() }, resident))
}

/// Reads of Frontdesk beside an import alone, under a title of their own.
pub(crate) async fn by_import(
    results: &mut Results,
    load: &mut Load,
    (title, target): (String, &Target),
    extent: &Extent,
    place: Place<'_>,
) -> Outcome<Table> {
    let (import, of_import) = beside_import(results, load, target, extent, place).await?;
    Ok(Table {
        title,
        head: HEAD.map(str::to_owned).to_vec(),
        rows: vec![import.row("an import runs", [None, Some(goals::IN_IMPORT)], of_import)],
        notes: Vec::new(),
    })
}

async fn in_storm(
    results: &mut Results,
    load: &mut Load,
    target: &Target,
    extent: &Extent,
) -> Outcome<(Disturbed, String)> {
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
    let rate = |figure: fn(&Sample) -> f64| median(logins.iter().map(figure).collect());
    // Where the machine is too slow, a login is refused after two seconds of waiting.
    let refused: u64 = logins.iter().map(|login| login.refused).sum();
    let of_logins = format!(
        "{} logins/s, p99 {} ms, {refused} refused",
        number(rate(|it| it.rate)),
        milliseconds(rate(|it| it.p99)),
    );
    let all = storm.alone.iter().chain(&storm.meanwhile).chain(&logins);
    results.faults.extend(all.filter_map(|sample| sample.fault.clone()));
    Ok((storm, of_logins))
}

async fn beside_import(
    results: &mut Results,
    load: &mut Load,
    target: &Target,
    extent: &Extent,
    (programs, folder): Place<'_>,
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
    let command = command.args(["import", "patients", "--duplicates", "create"]).arg(&file);
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
    let all = reads.alone.iter().chain(&reads.meanwhile);
    results.faults.extend(all.filter_map(|sample| sample.fault.clone()));
    let ended = if status.is_some() { "; it ended before the reads did" } else { "" };
    Ok((reads, format!("{rate:.0} rows/s imported meanwhile{ended}")))
}

/// Writes people who are not registered yet as a file to be imported.
pub(crate) fn write_people(file: &Path, registered: u64, count: u64) -> Outcome<()> {
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
