//! The names of the records that audit events mention by their ids.

use std::collections::{BTreeMap, BTreeSet};

use shared::history::{Change, RecordName, entity_of_field};

use super::access::{Action, may, scope};
use crate::{
    db::{
        Conn,
        names::{self, Named},
    },
    error::Error,
    services::actor::Actor,
};

/// A record that an audit event mentions.
type Mention = (Named, i64);

/// The records that an audit event mentions: its own, and those whose ids its changes hold.
pub(super) fn mentions(own: Option<(&str, i64)>, changes: &[Change]) -> BTreeSet<Mention> {
    let own = own.and_then(|(entity, id)| Some((Named::of_entity(entity)?, id)));
    let changed = changes.iter().flat_map(|change| {
        let kind = entity_of_field(&change.field).and_then(Named::of_entity);
        let ids = [&change.old, &change.new].into_iter().filter_map(serde_json::Value::as_i64);
        ids.filter_map(move |id| Some((kind?, id)))
    });
    own.into_iter().chain(changed).collect()
}

/// The names of records that the caller may read.
pub(super) struct Names(BTreeMap<Mention, String>);

impl Names {
    /// Reads the names of these records, as they are now.
    pub(super) async fn read(
        conn: &mut Conn<'_>,
        actor: &Actor,
        mentions: impl IntoIterator<Item = Mention>,
    ) -> Result<Self, Error> {
        let mut ids: BTreeMap<Named, BTreeSet<i64>> = BTreeMap::new();
        for (kind, id) in mentions {
            ids.entry(kind).or_default().insert(id);
        }
        let visible = scope(actor, Action::ReadPatient)?;
        let mut known = BTreeMap::new();
        for (kind, ids) in ids {
            if kind == Named::User && !may(actor, Action::ReadUsers) {
                continue;
            }
            for (id, name) in names::list(conn, kind, &ids, visible).await? {
                known.insert((kind, id), name);
            }
        }
        Ok(Self(known))
    }

    /// The names among these records that are known.
    pub(super) fn of(&self, mentions: BTreeSet<Mention>) -> Vec<RecordName> {
        let named = mentions.into_iter().filter_map(|(kind, id)| {
            let name = self.0.get(&(kind, id))?.clone();
            Some(RecordName { entity: kind.entity().to_owned(), id, name })
        });
        named.collect()
    }
}
