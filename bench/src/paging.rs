//! Following `next` through the list of patients, and a page far down the list beside the first one.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Outcome,
    check::{Checker, count, rows},
    goals,
    load::{Load, Sample},
    report::{
        Table, grouped, in_mebibytes, judged, memory, milliseconds, number, part, ratio, seconds,
    },
    rounds::{Extent, Results, median},
    target::Target,
};

/// The rows before page 10,000, of 20 each.
const ROWS_BEFORE: u64 = 200_000;
/// The rows after which nobody follows further.
const ROWS_MOST: u64 = 1_000_000;
/// The page of the measurement, and the bigger ones in which its place is reached.
const PAGE: &str = "page_size=20";
const STRIDE: &str = "page_size=100";

/// Reads the list of patients, and compares its first page with page 10,000, or with the last full one.
pub(crate) async fn far_page(
    results: &mut Results,
    (load, checker): (&mut Load, &mut Checker),
    target: &Target,
    extent: &Extent,
    title: &str,
) -> Outcome<[Table; 2]> {
    let walk = walk(checker, target).await?;
    let whole = whole(checker, target, &walk, title).await?;
    let far = &walk.far;
    let first = format!("/api/patients?{PAGE}");
    for path in [&first, far] {
        let page = checker.get(target, path).await?;
        checker.expect(rows(&page).len() == 20, || format!("{path} has no 20 rows: {page}"));
    }
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..extent.rounds {
        for (path, samples) in [&first, far].into_iter().zip(&mut samples) {
            let sample = load.run_page(target, path, extent.fewest(), extent.seconds).await?;
            results.faults.extend(sample.fault.clone());
            samples.push(sample);
        }
    }
    let of = |samples: &[Sample], figure: fn(&Sample) -> f64| {
        median(samples.iter().map(figure).collect())
    };
    let [at_first, at_far] = samples.each_ref().map(|samples| of(samples, |it| it.rate));
    let names = ["1".to_owned(), grouped(walk.before / 20 + 1)];
    // The connections wait for nothing else, so the time of a request is the inverse of the rate.
    let times = [String::new(), judged(part(at_first, at_far), Some(goals::FAR_PAGE), ratio)];
    let row = |((name, samples), times): ((String, &Vec<Sample>), String)| {
        let rate = number(of(samples, |it| it.rate));
        let p = [of(samples, |it| it.p50), of(samples, |it| it.p99)].map(milliseconds).join(", ");
        vec![name, rate, p, number(of(samples, |it| it.cpu)), times]
    };
    let head = ["page", "requests/s", "p50, p99 ms", "CPU µs", "time of page 1"];
    let pages = Table {
        title: format!("{title}: a page of 20 that `next` leads to"),
        head: head.map(str::to_owned).to_vec(),
        rows: names.into_iter().zip(&samples).zip(times).map(row).collect(),
        notes: Vec::new(),
    };
    Ok([whole, pages])
}

/// What following `next` through the list has found.
struct Walk {
    /// The path of page 10,000, or of the last page of 20.
    far: String,
    /// The rows before it.
    before: u64,
    /// All patients that were listed.
    patients: HashSet<u64>,
    /// Those that were listed twice.
    twice: u64,
    /// Whether the list has ended.
    is_whole: bool,
    took: Duration,
    /// Resident memory in mebibytes: before, and the most that was seen meanwhile.
    memory: [f64; 2],
}

/// Follows `next` through the list, up to its millionth row.
async fn walk(checker: &Checker, target: &Target) -> Outcome<Walk> {
    let resident = || -> Outcome<f64> { Ok(in_mebibytes(target.usage()?.resident)) };
    let mut path = format!("/api/patients?{STRIDE}");
    let (far, patients, memory) = (path.clone(), HashSet::new(), [resident()?; 2]);
    let (before, twice, took) = (0, 0, Duration::ZERO);
    let mut walk = Walk { far, before, patients, twice, is_whole: false, took, memory };
    let (mut listed, since) = (0, Instant::now());
    while listed < ROWS_MOST {
        let page = checker.get(target, &path).await?;
        if listed <= ROWS_BEFORE && rows(&page).len() >= 20 {
            (walk.far, walk.before) = (path, listed);
        }
        for row in rows(&page) {
            let id = row.get("id").and_then(Value::as_u64).ok_or("a patient without an id")?;
            walk.twice += u64::from(!walk.patients.insert(id));
            listed += 1;
        }
        let [_, most] = &mut walk.memory;
        *most = most.max(resident()?);
        let Some(next) = page.get("next").and_then(Value::as_str) else {
            walk.is_whole = true;
            break;
        };
        path = target.path_of(next)?.to_owned();
    }
    walk.took = since.elapsed();
    if walk.before == 0 || !walk.far.contains(STRIDE) {
        return Err(format!("no page follows another: {}", walk.far).into());
    }
    walk.far = walk.far.replace(STRIDE, PAGE);
    Ok(walk)
}

/// Checks that nobody was left out or listed twice, and shows how long that took.
async fn whole(checker: &mut Checker, target: &Target, walk: &Walk, title: &str) -> Outcome<Table> {
    let listed = u64::try_from(walk.patients.len())?;
    let all = count(&target.database).await?;
    let is_right = walk.twice == 0 && (!walk.is_whole || listed == all);
    checker.expect(is_right, || {
        format!("of {all} patients `next` lists {listed}, {} of them twice", walk.twice)
    });
    let [before, most] = walk.memory;
    let took = walk.took.as_secs_f64();
    let head = ["patients", "took", "patients/s", "resident before", "most meanwhile", "added"];
    let row = [
        grouped(listed),
        seconds(Some(took)),
        number(Some(listed as f64 / took)),
        memory(Some(before)),
        memory(Some(most)),
        memory(Some(most - before)),
    ];
    Ok(Table {
        title: format!("{title}: reading the list by following `next`"),
        head: head.map(str::to_owned).to_vec(),
        rows: vec![row.to_vec()],
        notes: vec!["One client asks for 100 patients at a time.".to_owned()],
    })
}
