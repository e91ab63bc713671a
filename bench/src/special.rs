//! What is not one kind of load after another: writes beside reads, and what a program takes when it is left
//! alone.

use crate::{
    Outcome, goals,
    load::{Load, What},
    report::{Goal, Table, judged, memory, milliseconds},
    rounds::{Extent, Results},
    target::{Kind, Target},
};

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
    let mut table = own.table(None, format!("{title}: get and create at the same time"), &kinds);
    table.notes.push("The processor time is that of both kinds together.".to_owned());
    Ok(table)
}

/// What a program takes when it is left alone.
pub(crate) struct Resources {
    pub(crate) kind: Kind,
    /// From its start to its first answer, in milliseconds.
    pub(crate) start: f64,
    /// Resident memory in mebibytes: at rest, after the rounds and, of Frontdesk, after the storm.
    pub(crate) memory: [Option<f64>; 3],
}

/// The memory and the start of every program.
pub(crate) fn resources(title: &str, extent: &Extent, rows: &[Resources]) -> Table {
    let most = extent.connections.iter().max().copied().unwrap_or_default();
    let head = [
        "program".to_owned(),
        "start to first answer, ms".to_owned(),
        "resident at rest".to_owned(),
        format!("after {most} connections"),
        "after the login storm".to_owned(),
    ];
    let row = |Resources { kind, start, memory: measured }: &Resources| {
        let own = |goal: Goal| (*kind == Kind::Frontdesk).then_some(goal);
        let start = judged(Some(*start), own(goals::START), milliseconds);
        let resident = measured.iter().zip(goals::MEMORY);
        let resident = resident.map(|(measured, goal)| judged(*measured, own(goal), memory));
        [kind.name().to_owned(), start].into_iter().chain(resident).collect()
    };
    Table {
        title: format!("{title}: start and memory"),
        head: head.to_vec(),
        rows: rows.iter().map(row).collect(),
        notes: vec![format!(
            "The time is the median of {} starts. Frontdesk is asked for `/readyz`, for which it reads the \
             database. The memory is measured {} s after the last request.",
            extent.starts,
            extent.pause.as_secs(),
        )],
    }
}
