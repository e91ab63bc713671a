//! A page far down a list, reached by following `next`, beside the first one.

use serde_json::Value;

use crate::{
    Outcome,
    check::{Checker, rows},
    goals,
    load::{Load, Sample},
    report::{Table, grouped, judged, milliseconds, number, part, ratio},
    rounds::{Extent, Results, median},
    target::Target,
};

/// The rows before page 10,000, of 20 each.
const ROWS_BEFORE: u64 = 200_000;
/// The page of the measurement, and the bigger ones in which its place is reached.
const PAGE: &str = "page_size=20";
const STRIDE: &str = "page_size=100";

/// Compares the first page of the list of patients with page 10,000, or with the last full one.
pub(crate) async fn far_page(
    results: &mut Results,
    (load, checker): (&mut Load, &mut Checker),
    target: &Target,
    extent: &Extent,
    title: &str,
) -> Outcome<Table> {
    let (far, before) = far(checker, target).await?;
    let first = format!("/api/patients?{PAGE}");
    for path in [&first, &far] {
        let page = checker.get(target, path).await?;
        checker.expect(rows(&page).len() == 20, || format!("{path} has no 20 rows: {page}"));
    }
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..extent.rounds {
        for (path, samples) in [&first, &far].into_iter().zip(&mut samples) {
            let sample = load.run_page(target, path, extent.fewest(), extent.seconds).await?;
            results.faults.extend(sample.fault.clone());
            samples.push(sample);
        }
    }
    let of = |samples: &[Sample], figure: fn(&Sample) -> f64| {
        median(samples.iter().map(figure).collect())
    };
    let [at_first, at_far] = samples.each_ref().map(|samples| of(samples, |it| it.rate));
    let names = ["1".to_owned(), grouped(before / 20 + 1)];
    // The connections wait for nothing else, so the time of a request is the inverse of the rate.
    let times = [String::new(), judged(part(at_first, at_far), Some(goals::FAR_PAGE), ratio)];
    let row = |((name, samples), times): ((String, &Vec<Sample>), String)| {
        let rate = number(of(samples, |it| it.rate));
        let p = [of(samples, |it| it.p50), of(samples, |it| it.p99)].map(milliseconds).join(", ");
        vec![name, rate, p, number(of(samples, |it| it.cpu)), times]
    };
    let head = ["page", "requests/s", "p50, p99 ms", "CPU µs", "time of page 1"];
    Ok(Table {
        title: format!("{title}: a page of 20 that `next` leads to"),
        head: head.map(str::to_owned).to_vec(),
        rows: names.into_iter().zip(&samples).zip(times).map(row).collect(),
        notes: Vec::new(),
    })
}

/// Follows `next` to the last full page of the wanted ones. Returns its path, and the rows before it.
async fn far(checker: &Checker, target: &Target) -> Outcome<(String, u64)> {
    let (mut path, mut before) = (format!("/api/patients?{STRIDE}"), 0);
    let mut last = (path.clone(), before);
    while before <= ROWS_BEFORE {
        let page = checker.get(target, &path).await?;
        if rows(&page).len() < 20 {
            break;
        }
        last = (path, before);
        let Some(next) = page.get("next").and_then(Value::as_str) else { break };
        path = target.path_of(next)?.to_owned();
        before += u64::try_from(rows(&page).len())?;
    }
    if last.1 == 0 || !last.0.contains(STRIDE) {
        return Err(format!("no page follows another: {}", last.0).into());
    }
    Ok((last.0.replace(STRIDE, PAGE), last.1))
}
