//! Bulk operations on patients, for imports and samples.

use std::collections::{HashMap, HashSet};

use shared::{
    FieldErrors, Mrn,
    id::PatientId,
    patient::{Identifier, PatientState},
};

use super::{Action, Actor, App, AuditActor, Conn, audit, patients, registered};
use crate::{
    db::DbError,
    domain::{
        access::scope,
        batches::{Step, in_pieces},
    },
    error::Error,
};

/// The system and value of identifiers that were accepted but not written, with a number that the
/// identifiers of one patient share.
pub(crate) type Claimed = HashMap<(String, String), usize>;

fn key(identifier: &Identifier) -> (String, String) {
    (identifier.system.clone(), identifier.value.clone())
}

/// Registers many patients, in pieces (see [`in_pieces`]). Returns the id of each patient, or its
/// conflicts; a refused patient does not affect the others.
///
/// Fails if the database does. Pieces that were committed earlier stay.
pub(crate) async fn register_many(
    app: &App,
    actor: &Actor,
    states: &[PatientState],
    action: &str,
) -> Result<Vec<Result<PatientId, FieldErrors>>, Error> {
    scope(actor, Action::CreatePatient)?;
    in_pieces(app, states, &Registering { app, actor, action }).await
}

/// The actor of a bulk registration, and its audit action.
struct Registering<'a> {
    app: &'a App,
    actor: &'a Actor,
    action: &'a str,
}

impl Step<PatientState> for Registering<'_> {
    type Outcome = Result<PatientId, FieldErrors>;

    async fn run(
        &self,
        conn: &mut Conn<'_>,
        step: &[PatientState],
    ) -> Result<Vec<Self::Outcome>, DbError> {
        let now = self.app.clock().now();
        let verdicts = sort_out(conn, step, &mut Claimed::new()).await?;
        let fit: Vec<_> =
            step.iter().zip(&verdicts).filter(|(_, v)| v.is_ok()).map(|(state, _)| state).collect();
        let inserted = patients::insert_many(conn, &fit, self.actor.id(), now).await?;
        let event = |(state, (id, mrn)): (&&PatientState, &(PatientId, Mrn))| {
            registered(self.action, *id, mrn.as_str(), state)
        };
        let events = fit.iter().zip(&inserted).map(event).collect::<Result<Vec<_>, Error>>()?;
        audit::note_many(conn, AuditActor::Actor(self.actor), now, events).await?;
        let mut ids = inserted.into_iter().map(|(id, _)| id);
        let missing = || DbError::from(Error::internal("a patient was not inserted"));
        let outcome = |verdict: Result<(), FieldErrors>| match verdict {
            Ok(()) => ids.next().map(Ok).ok_or_else(missing),
            Err(errors) => Ok(Err(errors)),
        };
        verdicts.into_iter().map(outcome).collect()
    }
}

/// Checks whether each patient conflicts with stored or claimed ones. Identifiers of patients
/// without a conflict are claimed.
pub(crate) async fn find_taken(
    app: &App,
    states: &[PatientState],
    claimed: &mut Claimed,
) -> Result<Vec<Result<(), FieldErrors>>, Error> {
    let mut read = app.db().read().await?;
    Ok(sort_out(&mut read.conn(), states, claimed).await?)
}

/// Like [`find_taken`], on a connection. The check comes before the writes, because on PostgreSQL
/// a refused row aborts the whole transaction.
async fn sort_out(
    conn: &mut Conn<'_>,
    states: &[PatientState],
    claimed: &mut Claimed,
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
        all.extend(claimed.get(&key).copied().map(Holder::Claimant));
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
