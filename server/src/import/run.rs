//! A running import. It looks up a thousand rows at a time, and writes them in pieces. Meanwhile the next rows are read
//! and checked.

use std::{collections::HashSet, sync::Arc};

use tokio::{
    sync::mpsc::{self, Receiver},
    task::spawn_blocking,
};

use super::{
    Subject,
    report::{BadRow, DuplicateRow, Report, Screen},
    row::{Described, RowFault, RowReader},
    rows::{Row, Rows},
};
use crate::{
    app::App,
    domain::{
        batches::Pieces,
        records::patients::{LikelyDuplicate, OnDuplicate, Registration},
    },
    error::Error,
    services::actor::Actor,
};

/// Rows that are read and looked up at once.
const BATCH: usize = 1_000;
/// Rows that are read ahead.
const AHEAD: usize = 2_000;
/// The number of imported records after which the planner's statistics are updated for the first
/// time. Each further update follows at ten times as many. Indexes are chosen by these statistics,
/// also for the import itself.
const FIRST_ANALYSIS: u64 = 1_000;

/// Reads and checks the rows of a file on a thread of its own. The last one is an error where the file can't be read any
/// further. It ends early where nobody takes the rows.
fn read_ahead<S: Subject>(mut rows: impl Rows<S>) -> Receiver<Result<Row<S>, String>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    spawn_blocking(move || {
        while let Some(row) = rows.next().transpose() {
            let row = row.map_err(|error| format!("the file can't be read: {error}"));
            let is_last = row.is_err();
            if sender.blocking_send(row).is_err() || is_last {
                break;
            }
        }
    });
    receiver
}

/// The state of an import.
pub(super) struct Run<'a, S: Subject> {
    app: &'a App,
    actor: &'a Actor,
    reader: Arc<RowReader>,
    screen: &'a Screen,
    pub(super) report: Report,
    batch: Vec<Row<S>>,
    /// The keys of the rows in the batch.
    keys: HashSet<S::Key>,
    /// The values that a dry run would have written.
    claimed: S::Claimed,
    next_analysis: u64,
    on_duplicate: OnDuplicate,
    pieces: Pieces<'a>,
    /// Why nothing more is imported.
    stopped: Option<String>,
}

impl<'a, S: Subject> Run<'a, S> {
    pub(super) fn new(
        (app, actor): (&'a App, &'a Actor),
        reader: Arc<RowReader>,
        screen: &'a Screen,
        report: Report,
        on_duplicate: OnDuplicate,
    ) -> Self {
        let batch = Vec::with_capacity(BATCH);
        let (keys, claimed) = (HashSet::new(), S::Claimed::default());
        let next_analysis = FIRST_ANALYSIS;
        let pieces = match reader.header.keeps_order() {
            true => Pieces::in_order(app),
            false => Pieces::new(app),
        };
        Self {
            app,
            actor,
            reader,
            screen,
            report,
            batch,
            keys,
            claimed,
            next_analysis,
            on_duplicate,
            pieces,
            stopped: None,
        }
    }

    /// Imports all rows of a file.
    ///
    /// Fails where the file can't be read any further or the database is not available. Batches
    /// before that stay written.
    pub(super) async fn all(&mut self, rows: impl Rows<S>) -> Result<(), String> {
        let mut rows = read_ahead(rows);
        while let Some(row) = rows.recv().await {
            let row = row?;
            let end = row.end;
            self.take(row).await.map_err(|error| why(&error))?;
            if let Some(why) = self.stopped.take() {
                return Err(why);
            }
            if self.batch.is_empty() {
                self.screen.advance(end, &self.report);
            }
        }
        self.flush().await.map_err(|error| why(&error))?;
        self.stopped.take().map_or(Ok(()), Err)
    }

    async fn take(&mut self, row: Row<S>) -> Result<(), Error> {
        if let Ok(described) = &row.read {
            // Whether the earlier row with the same key is imported is known only after it is
            // written.
            if described.key.iter().any(|key| self.keys.contains(key)) {
                self.flush().await?;
            }
            self.keys.extend(described.key.iter().cloned());
        }
        self.batch.push(row);
        if self.batch.len() >= BATCH { self.flush().await } else { Ok(()) }
    }

    /// Writes the batch, or checks what would be written, and reports its rows in order.
    async fn flush(&mut self) -> Result<(), Error> {
        self.keys.clear();
        let batch = std::mem::take(&mut self.batch);
        let described = batch.iter().filter_map(|row| row.read.as_ref().ok());
        let lists: Vec<_> = described.map(|described| described.key.as_slice()).collect();
        let there = S::already_there(self.app, &lists, &self.claimed).await?;
        let mut there = there.into_iter();
        let (mut states, mut new) = (Vec::with_capacity(batch.len()), Vec::new());
        let mut fates = Vec::with_capacity(batch.len());
        for Row { line, read, .. } in batch {
            let fate = match read {
                Err(faults) => Fate::Bad(faults),
                Ok(_) if there.next() == Some(true) => Fate::There,
                Ok(Described { state, key, origins }) => {
                    states.push(state);
                    new.push((key, origins));
                    Fate::New
                }
            };
            fates.push((line, fate));
        }
        let outcomes = self.write(&states, new).await?;
        self.count(fates, outcomes);
        if self.report.imported >= self.next_analysis {
            self.analyze().await;
            self.next_analysis = self.report.imported.saturating_mul(10);
        }
        Ok(())
    }

    /// Updates the planner's statistics if anything was imported. A failure does not harm the
    /// import.
    pub(super) async fn analyze(&self) {
        if self.report.dry_run || self.report.imported == 0 {
            return;
        }
        if let Err(error) = self.app.db().analyze().await {
            tracing::warn!(%error, "the planner's statistics could not be updated");
        }
    }

    /// Writes records, or in a dry run checks them. Each record comes with its keys and the columns
    /// of its identifiers.
    async fn write(
        &mut self,
        states: &[S::State],
        new: Vec<(Vec<S::Key>, Vec<String>)>,
    ) -> Result<Vec<Outcome>, Error> {
        let registrations = if self.report.dry_run {
            S::check(self.app, self.actor, states, &mut self.claimed, self.on_duplicate).await?
        } else {
            S::register(&mut self.pieces, self.actor, states, self.on_duplicate).await?
        };
        // A concurrent import of the same file may have written them first.
        let is_refused =
            |it: &Registration| matches!(it, Registration::Refused(_) | Registration::LeftOut(_));
        let refused = new.iter().zip(&registrations).filter(|(_, it)| is_refused(it));
        let keys: Vec<_> = refused.map(|((key, _), _)| key.as_slice()).collect();
        let there = S::already_there(self.app, &keys, &S::Claimed::default()).await?;
        let mut there = there.into_iter();
        let outcome =
            |((key, origins), registration): ((Vec<S::Key>, Vec<String>), _)| match registration {
                Registration::Done(likely) => {
                    Outcome::In { is_known_again: !key.is_empty(), likely }
                }
                Registration::Stopped(likely) => Outcome::Stopped(likely),
                Registration::LeftOut(_) | Registration::Refused(_)
                    if there.next() == Some(true) =>
                {
                    Outcome::There
                }
                Registration::LeftOut(likely) => Outcome::LeftOut(likely),
                Registration::Refused(faults) => Outcome::Out(self.reader.named(&faults, &origins)),
            };
        Ok(new.into_iter().zip(registrations).map(outcome).collect())
    }

    /// Counts the rows of a batch and reports the bad ones and the likely duplicates, in order.
    fn count(&mut self, fates: Vec<(u64, Fate)>, outcomes: Vec<Outcome>) {
        let mut outcomes = outcomes.into_iter();
        for (line, fate) in fates {
            let outcome = match fate {
                Fate::Bad(faults) => Outcome::Out(faults),
                Fate::There => Outcome::There,
                // Without an outcome the import has stopped before it.
                Fate::New => match outcomes.next() {
                    Some(outcome) => outcome,
                    None => return,
                },
            };
            self.report.read += 1;
            match outcome {
                Outcome::In { is_known_again, likely } => {
                    self.report.imported += 1;
                    self.report.without_identifier += u64::from(!is_known_again);
                    if let Some(likely) = likely {
                        let row = DuplicateRow { line, likely, imported: true };
                        self.screen.duplicate(row, &mut self.report);
                    }
                }
                Outcome::There => self.report.already_there += 1,
                Outcome::LeftOut(likely) => {
                    let row = DuplicateRow { line, likely, imported: false };
                    self.screen.duplicate(row, &mut self.report);
                }
                Outcome::Stopped(likely) => {
                    let row = DuplicateRow { line, likely, imported: false };
                    self.stopped = Some(format!("line {line} is a {}", row.sentence()));
                    self.screen.duplicate(row, &mut self.report);
                    return;
                }
                Outcome::Out(faults) => {
                    self.screen.bad_row(BadRow { line, faults }, &mut self.report);
                }
            }
        }
    }
}

/// What is known about a row before it is written.
enum Fate {
    Bad(Vec<RowFault>),
    There,
    New,
}

/// The result for a row.
enum Outcome {
    In { is_known_again: bool, likely: Option<LikelyDuplicate> },
    There,
    LeftOut(LikelyDuplicate),
    Stopped(LikelyDuplicate),
    Out(Vec<RowFault>),
}

fn why(error: &Error) -> String {
    match error {
        Error::Unavailable { reason, .. } => (*reason).to_owned(),
        Error::StorageFull { .. } => "there is no room left to write".to_owned(),
        other => other.to_string(),
    }
}
