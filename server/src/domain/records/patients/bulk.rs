//! Bulk operations on patients, for imports and samples.

use std::{
    collections::{HashMap, HashSet},
    mem::take,
};

use shared::{
    FieldErrors, Mrn,
    id::PatientId,
    patient::{Identifier, PatientState},
};

use super::{
    Action, Actor, App, AuditActor, Conn, audit,
    likely::{Compared, Earlier, Graded, OnDuplicate, Registration, grade},
    patients, registered,
};
use crate::{
    db::{DbError, patients::pairs::Alike},
    domain::{
        access::scope,
        batches::{Pieces, STEP, Step},
    },
    error::Error,
};

/// The system and value of identifiers that were accepted but not written, with a number that the
/// identifiers of one patient share.
type Identifiers = HashMap<(String, String), usize>;

/// Who was accepted but not written.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    identifiers: Identifiers,
    people: Earlier,
}

fn key(identifier: &Identifier) -> (String, String) {
    (identifier.system.clone(), identifier.value.clone())
}

/// Registers many patients, in pieces. A refused patient does not affect the others.
/// `on_duplicate` says what becomes of a patient who is likely to be registered already; without it nobody is
/// compared. Returns what became of each, up to the last one.
///
/// Fails if the database does. Pieces that were committed earlier stay.
pub(crate) async fn register_many(
    pieces: &mut Pieces<'_>,
    actor: &Actor,
    states: &[PatientState],
    action: &str,
    on_duplicate: Option<OnDuplicate>,
) -> Result<Vec<Registration>, Error> {
    scope(actor, Action::CreatePatient)?;
    let app = pieces.app;
    pieces.write(states, &Registering { app, actor, action, on_duplicate }).await
}

/// The actor of a bulk registration, its audit action, and what becomes of likely duplicates.
struct Registering<'a> {
    app: &'a App,
    actor: &'a Actor,
    action: &'a str,
    on_duplicate: Option<OnDuplicate>,
}

impl Step<PatientState> for Registering<'_> {
    type Outcome = Registration;

    async fn run(
        &self,
        conn: &mut Conn<'_>,
        step: &[PatientState],
    ) -> Result<Vec<Self::Outcome>, DbError> {
        let now = self.app.clock().now();
        let conflicts = sort_out(conn, step, &mut Identifiers::new()).await?;
        let mut graded = match self.on_duplicate {
            Some(on_duplicate) => {
                let verdicts = conflicts.iter().map(Result::is_ok).collect::<Vec<_>>();
                grade(conn, self.actor, (step, &verdicts), on_duplicate, None).await?
            }
            None => step.iter().map(|_| Graded::new()).collect(),
        };
        let is_fit = |(conflict, graded): (&Result<(), FieldErrors>, &Graded)| {
            conflict.is_ok() && graded.is_registered
        };
        // Those behind the last one are not graded.
        let fits: Vec<bool> = conflicts.iter().zip(&graded).map(is_fit).collect();
        let fit: Vec<_> =
            step.iter().zip(&fits).filter(|(_, fits)| **fits).map(|(state, _)| state).collect();
        let inserted = patients::insert_many(conn, &fit, self.actor.id(), now).await?;
        let event = |(state, (id, mrn)): (&&PatientState, &(PatientId, Mrn))| {
            registered(self.action, *id, mrn.as_str(), state)
        };
        let events = fit.iter().zip(&inserted).map(event).collect::<Result<Vec<_>, Error>>()?;
        audit::note_many(conn, AuditActor::Actor(self.actor), now, events).await?;
        if inserted.len() != fit.len() {
            return Err(Error::internal("a patient was not inserted").into());
        }
        let mut of_fit = inserted.iter();
        let inserted: Vec<_> =
            fits.iter().map(|fits| if *fits { of_fit.next() } else { None }).collect();
        patients::pairs::insert(conn, all_alike(&mut graded, &inserted)).await?;
        let mrns: Vec<_> = inserted.iter().map(|it| it.map(|(_, mrn)| mrn.as_str())).collect();
        for likely in graded.iter_mut().filter_map(|graded| graded.likely.as_mut()) {
            likely.resolve(&mrns);
        }
        let outcomes = conflicts.into_iter().zip(graded);
        Ok(outcomes.map(|(conflict, graded)| graded.outcome(conflict)).collect())
    }

    async fn lock(&self, conn: &mut Conn<'_>, step: &[PatientState]) -> Result<(), DbError> {
        match self.on_duplicate {
            Some(_) => patients::lock_alike(conn, &step.iter().collect::<Vec<_>>()).await,
            None => Ok(()),
        }
    }

    fn may_end(&self) -> bool {
        self.on_duplicate == Some(OnDuplicate::Stop)
    }

    fn is_last(&self, outcome: &Registration) -> bool {
        matches!(outcome, Registration::Stopped(_))
    }
}

/// The pairs for the work-list among patients who were compared, and of whom those in `inserted` were registered.
fn all_alike(graded: &mut [Graded], inserted: &[Option<&(PatientId, Mrn)>]) -> Vec<Alike> {
    let mut all = Vec::new();
    for (graded, new) in graded.iter_mut().zip(inserted) {
        let Some((id, _)) = new else { continue };
        let alike = take(&mut graded.alike).into_iter().filter_map(|(with, verdict)| match with {
            Compared::Stored(id) => Some((id, verdict)),
            Compared::Together(place) => Some((inserted.get(place).copied().flatten()?.0, verdict)),
            Compared::Earlier => None,
        });
        all.extend(super::pairs::alike(*id, alike.collect()));
    }
    all
}

/// What would become of each patient, up to the last one, who is compared with those who are stored or claimed.
/// Those without a conflict are claimed.
pub(crate) async fn check_many(
    app: &App,
    actor: &Actor,
    states: &[PatientState],
    claimed: &mut Claimed,
    on_duplicate: OnDuplicate,
) -> Result<Vec<Registration>, Error> {
    let mut read = app.db().read_at_length().await?;
    let mut conn = read.conn();
    let mut outcomes = Vec::with_capacity(states.len());
    for step in states.chunks(STEP) {
        let conflicts = sort_out(&mut conn, step, &mut claimed.identifiers).await?;
        let verdicts = conflicts.iter().map(Result::is_ok).collect::<Vec<_>>();
        let people = Some(&mut claimed.people);
        let graded = grade(&mut conn, actor, (step, &verdicts), on_duplicate, people).await?;
        let pairs = conflicts.into_iter().zip(graded);
        outcomes.extend(pairs.map(|(conflict, graded)| graded.outcome(conflict)));
        if matches!(outcomes.last(), Some(Registration::Stopped(_))) {
            break;
        }
    }
    Ok(outcomes)
}

/// Checks whether each patient conflicts with stored or claimed ones. Identifiers of patients without a
/// conflict are claimed. The check comes before the writes, because on PostgreSQL a refused row aborts the
/// whole transaction.
async fn sort_out(
    conn: &mut Conn<'_>,
    states: &[PatientState],
    claimed: &mut Identifiers,
) -> Result<Vec<Result<(), FieldErrors>>, DbError> {
    let all = states.iter().flat_map(|state| &state.fields.identifiers);
    let stored = patients::identified_now(conn, &all.collect::<Vec<_>>()).await?;
    let stored: HashSet<_> = stored.iter().map(|(_, identifier)| key(identifier)).collect();
    let verdict = |state: &PatientState| {
        let mut errors = FieldErrors::default();
        let own: Vec<_> = state.fields.identifiers.iter().map(key).collect();
        for (place, identifier) in own.iter().enumerate() {
            if stored.contains(identifier) || claimed.contains_key(identifier) {
                let (field, error) = super::taken(place);
                errors.add(field, error);
            }
        }
        errors.into_result()?;
        let claimant = claimed.len();
        claimed.extend(own.into_iter().map(|identifier| (identifier, claimant)));
        Ok(())
    };
    Ok(states.iter().map(verdict).collect())
}

/// Checks whether one patient, stored (archived or not) or claimed, has all identifiers of a list.
/// An empty list belongs to nobody.
pub(crate) async fn already_there(
    app: &App,
    lists: &[&[Identifier]],
    claimed: &Claimed,
) -> Result<Vec<bool>, Error> {
    let mut read = app.db().read().await?;
    let identifiers: Vec<_> = lists.iter().flat_map(|list| list.iter()).collect();
    let found = patients::identified_ever(&mut read.conn(), &identifiers).await?;
    let mut holders: HashMap<(String, String), HashSet<Holder>> = HashMap::new();
    for (id, held) in &found {
        for identifier in held {
            holders.entry(key(identifier)).or_default().insert(Holder::Stored(*id));
        }
    }
    let holders_of = |identifier: &Identifier| {
        let key = key(identifier);
        let mut all = holders.get(&key).cloned().unwrap_or_default();
        all.extend(claimed.identifiers.get(&key).copied().map(Holder::Claimant));
        all
    };
    let is_there = |list: &&[Identifier]| {
        let mut of_each = list.iter().map(holders_of);
        let first = of_each.next().unwrap_or_default();
        !of_each.fold(first, |all, of_one| &all & &of_one).is_empty()
    };
    Ok(lists.iter().map(is_there).collect())
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Stored(PatientId),
    Claimant(usize),
}
