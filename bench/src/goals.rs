//! What the figures should be. The tables show the goals beside the figures.

use crate::{Engine, load::What, report::Goal, target::Kind};

/// Numbers of connections for which the ratios to other programs have goals.
const JUDGED: [u64; 2] = [16, 64];

/// Requests per second with the most connections, as a part of those with the second most.
pub(crate) const CROWDED: Goal = Goal::AtLeast(0.85);
/// The time of a page far from the first one, as a multiple of the time of the first one.
pub(crate) const FAR_PAGE: Goal = Goal::AtMost(2.0);
/// From the start of the server to its first answer, in milliseconds.
pub(crate) const START: Goal = Goal::AtMost(40.0);
/// Resident memory in mebibytes: at rest, after the rounds, after a login storm.
pub(crate) const MEMORY: [Goal; 3] = [Goal::AtMost(30.0), Goal::AtMost(100.0), Goal::AtMost(150.0)];
/// Resident memory that ten thousand listeners add, in mebibytes.
pub(crate) const LISTENERS: Goal = Goal::AtMost(100.0);
/// The seconds after which every listener has heard of a change.
pub(crate) const HEARD: Goal = Goal::AtMost(1.0);
/// Reads during a login storm, as a part of those without one.
pub(crate) const IN_STORM: Goal = Goal::AtLeast(0.6);
/// The p99 of reads during an import, in milliseconds.
pub(crate) const IN_IMPORT: Goal = Goal::AtMost(20.0);
/// The rows that an import into SQLite writes in a second.
pub(crate) const IMPORTED: Goal = Goal::AtLeast(6_000.0);
/// The rows per second of an import into PostgreSQL, as a part of those of `COPY`.
pub(crate) const OF_COPY: Goal = Goal::AtLeast(0.5);
/// The speed of a backup as a part of that of copying SQLite's file.
pub(crate) const OF_COPYING: Goal = Goal::AtLeast(0.5);
/// Resident memory of a backup, a restore or a move, in mebibytes.
pub(crate) const COPYING_MEMORY: Goal = Goal::AtMost(100.0);
/// The p99 of creates beside a backup, as a multiple of that without one.
pub(crate) const BESIDE_BACKUP: Goal = Goal::AtMost(2.0);
/// The p99 from a key to its result in the scene of the terminals, in milliseconds.
pub(crate) const KEY: Goal = Goal::AtMost(50.0);
/// Resident memory of the server in that scene, in mebibytes.
pub(crate) const SCENE: Goal = Goal::AtMost(100.0);

/// Requests per second as a part of another program's.
pub(crate) fn rate(engine: Engine, rival: Kind, what: What, connections: u64) -> Option<Goal> {
    let goal = match (rival, engine, what) {
        (Kind::Fastify, _, What::Get | What::List | What::Search)
        | (Kind::Bare, Engine::Sqlite, What::List | What::Search) => 1.2,
        (Kind::Fastify, _, What::Create) | (Kind::Bare, Engine::Sqlite, What::Get) => 1.0,
        (Kind::Bare, Engine::Postgres, What::List | What::Search) => 0.75,
        (Kind::Bare, _, What::Get | What::Create) => 0.7,
        _ => return None,
    };
    JUDGED.contains(&connections).then_some(Goal::AtLeast(goal))
}

/// The p99 as a multiple of another program's.
pub(crate) fn p99(rival: Kind, what: What, connections: u64) -> Option<Goal> {
    match (rival, what, connections) {
        (Kind::Fastify, What::Create, 16 | 64) => Some(Goal::AtMost(0.1)),
        (Kind::Bare, What::Get | What::List | What::Create, 16) => Some(Goal::AtMost(2.0)),
        _ => None,
    }
}

/// Requests per second with so many patients, as a part of those with a hundred thousand.
pub(crate) fn scale(patients: u64) -> Goal {
    Goal::AtLeast(if patients > 1_000_000 { 0.8 } else { 0.9 })
}
