//! Bulk operations on patients, for imports and samples.

use std::{
    collections::{HashMap, HashSet},
    mem::take,
};

use shared::{
    FieldError, FieldErrors, Mrn, PartialDate,
    id::PatientId,
    patient::{Identifier, PatientFields, PatientState, full_name},
    text::fold,
};

use super::{
    Action, Actor, App, AuditActor, Conn, audit,
    likely::{Compared, Earlier, Graded, Newcomer, OnDuplicate, Registration, grade},
    patients, registered,
};
use crate::{
    db::{
        DbError,
        patients::{Numbered, Provenance, pairs::Alike},
    },
    domain::{
        access::scope,
        batches::{Pieces, STEP, Step},
    },
    error::Error,
};

/// A patient who is to be registered, maybe with what the record keeps of another database.
#[derive(Debug)]
pub(crate) struct Arriving {
    pub(crate) state: PatientState,
    pub(crate) provenance: Provenance,
}

impl From<PatientState> for Arriving {
    fn from(state: PatientState) -> Self {
        Self { state, provenance: Provenance::default() }
    }
}

impl Arriving {
    /// The medical record numbers that the record brings, each with its member.
    fn mrns(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let own = self.provenance.mrn.iter().map(|mrn| ("mrn", mrn.as_str()));
        own.chain(self.provenance.former.mrns.iter().map(|mrn| ("former_mrns", mrn.as_str())))
    }
}

/// By what an import recognises a patient who is already there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PatientKey {
    /// The medical record number. It is somebody else's where neither the name nor the date of birth is the same.
    Mrn {
        mrn: String,
        full_name: String,
        date_of_birth: Option<PartialDate>,
    },
    Identifier(Identifier),
}

impl PatientKey {
    /// The medical record number of a patient.
    pub(crate) fn mrn(mrn: &Mrn, fields: &PatientFields) -> Self {
        let full_name = full_name(fields.first_name.as_deref(), fields.last_name.as_deref());
        let (mrn, full_name) = (mrn.as_str().to_owned(), fold(&full_name));
        Self::Mrn { mrn, full_name, date_of_birth: fields.date_of_birth }
    }

    /// Whether a stored patient is the one with this medical record number.
    fn is(&self, stored: &Numbered) -> bool {
        let Self::Mrn { mrn, full_name, date_of_birth } = self else { return false };
        let mut names = [&stored.full_name].into_iter().chain(&stored.former_names);
        let is_same_day = date_of_birth.is_some() && *date_of_birth == stored.date_of_birth;
        stored.mrns.contains(mrn) && (is_same_day || names.any(|name| fold(name) == *full_name))
    }
}

/// What was accepted but not written: the system and value of identifiers, with a number that the
/// identifiers of one patient share, and medical record numbers.
#[derive(Debug, Default)]
struct Taken {
    identifiers: HashMap<(String, String), usize>,
    mrns: HashSet<String>,
    keys: HashSet<PatientKey>,
}

/// Who was accepted but not written.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    taken: Taken,
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
    all: &[Arriving],
    action: &str,
    on_duplicate: Option<OnDuplicate>,
) -> Result<Vec<Registration>, Error> {
    scope(actor, Action::CreatePatient)?;
    let app = pieces.app;
    pieces.write(all, &Registering { app, actor, action, on_duplicate }).await
}

/// The actor of a bulk registration, its audit action, and what becomes of likely duplicates.
struct Registering<'a> {
    app: &'a App,
    actor: &'a Actor,
    action: &'a str,
    on_duplicate: Option<OnDuplicate>,
}

impl Step<Arriving> for Registering<'_> {
    type Outcome = Registration;

    async fn run(
        &self,
        conn: &mut Conn<'_>,
        step: &[Arriving],
    ) -> Result<Vec<Self::Outcome>, DbError> {
        let now = self.app.clock().now();
        let conflicts = sort_out(conn, step, &mut Taken::default()).await?;
        let mut graded = match self.on_duplicate {
            Some(on_duplicate) => {
                grade(conn, self.actor, &newcomers(step, &conflicts), on_duplicate, None).await?
            }
            None => step.iter().map(|_| Graded::new()).collect(),
        };
        let is_fit = |(conflict, graded): (&Result<(), FieldErrors>, &Graded)| {
            conflict.is_ok() && graded.is_registered
        };
        // Those behind the last one are not graded.
        let fits: Vec<bool> = conflicts.iter().zip(&graded).map(is_fit).collect();
        let fit = step.iter().zip(&fits).filter(|(_, fits)| **fits);
        let fit: Vec<_> = fit.map(|(it, _)| (&it.state, &it.provenance)).collect();
        let inserted = patients::insert_many(conn, &fit, self.actor.id(), now).await?;
        let event =
            |((state, _), (id, mrn)): (&(&PatientState, &Provenance), &(PatientId, Mrn))| {
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

    async fn lock(&self, conn: &mut Conn<'_>, step: &[Arriving]) -> Result<(), DbError> {
        let states: Vec<_> = step.iter().map(|it| &it.state).collect();
        match self.on_duplicate {
            Some(_) => patients::lock_alike(conn, &states).await,
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

/// Patients with their conflicts, as they are compared.
fn newcomers<'a>(step: &'a [Arriving], conflicts: &[Result<(), FieldErrors>]) -> Vec<Newcomer<'a>> {
    let newcomer = |(it, conflict): (&'a Arriving, &Result<(), FieldErrors>)| Newcomer {
        state: &it.state,
        is_free: conflict.is_ok(),
        is_numbered: it.provenance.mrn.is_some(),
    };
    step.iter().zip(conflicts).map(newcomer).collect()
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
    all: &[Arriving],
    claimed: &mut Claimed,
    on_duplicate: OnDuplicate,
) -> Result<Vec<Registration>, Error> {
    let mut read = app.db().read_at_length().await?;
    let mut conn = read.conn();
    let mut outcomes = Vec::with_capacity(all.len());
    for step in all.chunks(STEP) {
        let conflicts = sort_out(&mut conn, step, &mut claimed.taken).await?;
        let newcomers = newcomers(step, &conflicts);
        let people = Some(&mut claimed.people);
        let graded = grade(&mut conn, actor, &newcomers, on_duplicate, people).await?;
        let pairs = conflicts.into_iter().zip(graded);
        outcomes.extend(pairs.map(|(conflict, graded)| graded.outcome(conflict)));
        if matches!(outcomes.last(), Some(Registration::Stopped(_))) {
            break;
        }
    }
    Ok(outcomes)
}

/// Checks whether each patient conflicts with stored or claimed ones. What patients without a
/// conflict bring is claimed. The check comes before the writes, because on PostgreSQL a refused row aborts the
/// whole transaction.
async fn sort_out(
    conn: &mut Conn<'_>,
    step: &[Arriving],
    claimed: &mut Taken,
) -> Result<Vec<Result<(), FieldErrors>>, DbError> {
    let identifiers = step.iter().flat_map(|it| &it.state.fields.identifiers);
    let stored = patients::identified_now(conn, &identifiers.collect::<Vec<_>>()).await?;
    let stored: HashSet<_> = stored.iter().map(|(_, identifier)| key(identifier)).collect();
    let mrns: Vec<_> = step.iter().flat_map(|it| it.mrns().map(|(_, mrn)| mrn)).collect();
    let numbered = patients::numbered(conn, &mrns).await?;
    let numbered: HashSet<_> = numbered.into_iter().flat_map(|it| it.mrns).collect();
    let verdict = |arriving: &Arriving| {
        let mut errors = FieldErrors::default();
        let own: Vec<_> = arriving.state.fields.identifiers.iter().map(key).collect();
        for (place, identifier) in own.iter().enumerate() {
            if stored.contains(identifier) || claimed.identifiers.contains_key(identifier) {
                let (field, error) = super::taken(place);
                errors.add(field, error);
            }
        }
        for (field, mrn) in arriving.mrns() {
            if numbered.contains(mrn) || claimed.mrns.contains(mrn) {
                let message = format!("has {mrn}, which is the number of another patient");
                errors.add(field, FieldError::new("not_unique", message));
            }
        }
        errors.into_result()?;
        let claimant = claimed.identifiers.len();
        claimed.identifiers.extend(own.into_iter().map(|identifier| (identifier, claimant)));
        claimed.mrns.extend(arriving.mrns().map(|(_, mrn)| mrn.to_owned()));
        let mrn = arriving.provenance.mrn.as_ref();
        claimed.keys.extend(mrn.map(|mrn| PatientKey::mrn(mrn, &arriving.state.fields)));
        Ok(())
    };
    Ok(step.iter().map(verdict).collect())
}

/// Checks whether one patient, stored (archived or not) or claimed, has the medical record number or all identifiers
/// of a list. An empty list belongs to nobody.
pub(crate) async fn already_there(
    app: &App,
    lists: &[&[PatientKey]],
    claimed: &Claimed,
) -> Result<Vec<bool>, Error> {
    let mut read = app.db().read().await?;
    let all = || lists.iter().flat_map(|list| list.iter());
    let identifiers = all().filter_map(|key| match key {
        PatientKey::Identifier(identifier) => Some(identifier),
        PatientKey::Mrn { .. } => None,
    });
    let mrns = all().filter_map(|key| match key {
        PatientKey::Mrn { mrn, .. } => Some(mrn.as_str()),
        PatientKey::Identifier(_) => None,
    });
    let mut numbered: HashMap<String, Vec<Numbered>> = HashMap::new();
    for one in patients::numbered(&mut read.conn(), &mrns.collect::<Vec<_>>()).await? {
        for mrn in &one.mrns {
            numbered.entry(mrn.clone()).or_default().push(one.clone());
        }
    }
    let identifiers: Vec<_> = identifiers.collect();
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
        all.extend(claimed.taken.identifiers.get(&key).copied().map(Holder::Claimant));
        all
    };
    let has_number = |key: &PatientKey, mrn: &String| {
        numbered.get(mrn).is_some_and(|all| all.iter().any(|stored| key.is(stored)))
            || claimed.taken.keys.contains(key)
    };
    let is_there = |list: &&[PatientKey]| {
        let mut of_each = Vec::with_capacity(list.len());
        for key in *list {
            match key {
                PatientKey::Mrn { mrn, .. } => return has_number(key, mrn),
                PatientKey::Identifier(identifier) => of_each.push(holders_of(identifier)),
            }
        }
        let mut of_each = of_each.into_iter();
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
