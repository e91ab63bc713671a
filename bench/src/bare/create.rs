//! Creating a patient: the same rows as Frontdesk's, in the fewest statements that sqlx takes.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use server::db::patients::{NewRows, new_rows};
use shared::{
    Mrn,
    patient::{Patient, PatientFields, PatientState},
};
use sqlx::{PgPool, QueryBuilder, SqlitePool};

use crate::{Outcome, USER, read};

/// Salt, content and hash of an audit event.
fn sealed(mrn: &Mrn, fields: &PatientFields) -> Outcome<(String, String, String)> {
    let mut changes = vec![json!({"field": "mrn", "old": null, "new": mrn.as_str()})];
    let Value::Object(members) = serde_json::to_value(fields)? else {
        return Err("a patient that is no object".into());
    };
    let given = members.into_iter().filter(|(_, value)| !value.is_null());
    changes.extend(given.map(|(field, new)| json!({"field": field, "old": null, "new": new})));
    let content = json!({"changes": changes}).to_string();
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| "no random numbers")?;
    let salt = URL_SAFE_NO_PAD.encode(random);
    let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, format!("{salt}\n{content}").as_bytes()));
    Ok((salt, content, hash))
}

/// Creates a patient on a database whose driver differs in its types only.
macro_rules! create {
    ($name:ident, $pool:ty, $next:literal, $begin:literal) => {
        pub(crate) async fn $name(
            pool: &$pool,
            fields: PatientFields,
            now: DateTime<Utc>,
        ) -> Outcome<Patient> {
            let mut tx = pool.begin_with($begin).await?;
            let place: i64 = sqlx::query_scalar($next).fetch_one(&mut *tx).await?;
            let mrn = Mrn::from_sequence(place);
            let state = PatientState { fields, date_of_birth_estimated: false };
            let NewRows { columns, terms } = new_rows(&mrn, &state)?;
            let fields = state.fields;
            let name = columns.iter().find(|(column, _)| *column == "sort_name");
            let name = name.and_then(|(_, name)| name.as_str()).unwrap_or_default().to_owned();

            let mut sql = QueryBuilder::new("INSERT INTO patients (");
            for (column, _) in &columns {
                sql.push(column).push(", ");
            }
            sql.push("created_by, changed_by, created_at, updated_at, version) VALUES (");
            for (_, value) in columns {
                match value {
                    Value::Bool(value) => sql.push_bind(value),
                    Value::String(value) => sql.push_bind(value),
                    _ => sql.push_bind(None::<String>),
                };
                sql.push(", ");
            }
            sql.push_bind(USER).push(", ").push_bind(USER).push(", ").push_bind(now).push(", ");
            sql.push_bind(now).push(", 1) RETURNING id");
            let id: i64 = sql.build_query_scalar().fetch_one(&mut *tx).await?;

            let mut sql = QueryBuilder::new(
                "INSERT INTO patient_terms (term, sort_name, patient_id, shared) ",
            );
            sql.push_values(terms, |mut row, entry| {
                row.push_bind(entry.term).push_bind(&name).push_bind(id).push_bind(entry.shared);
            });
            sql.build().execute(&mut *tx).await?;
            if !fields.identifiers.is_empty() {
                let mut sql =
                    QueryBuilder::new("INSERT INTO patient_identifiers (system, value, patient_id) ");
                sql.push_values(&fields.identifiers, |mut row, it| {
                    row.push_bind(it.system.clone()).push_bind(it.value.clone()).push_bind(id);
                });
                sql.build().execute(&mut *tx).await?;
            }

            let (salt, content, hash) = sealed(&mrn, &fields)?;
            let audit: i64 = sqlx::query_scalar(
                "INSERT INTO audit_log (at, actor_id, actor_name, actor_role, action, entity, \
                 entity_id, version, address, request_id, token_id, values_hash) \
                 VALUES ($1, $2, 'bare', 'admin', 'patient.created', 'patient', $3, 1, '127.0.0.1', \
                 $4, NULL, $5) RETURNING id",
            )
            .bind(now)
            .bind(USER)
            .bind(id)
            .bind(&salt)
            .bind(&hash)
            .fetch_one(&mut *tx)
            .await?;
            sqlx::query("INSERT INTO audit_values (audit_id, salt, content) VALUES ($1, $2, $3)")
                .bind(audit)
                .bind(&salt)
                .bind(&content)
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "INSERT INTO changes (event, entity, entity_id, version, at, patient_id, doctor_id, \
                 owner_id) VALUES ('patient.created', 'patient', $1, 1, $2, $1, NULL, $3)",
            )
            .bind(id)
            .bind(now)
            .bind(USER)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            let (id, mrn) = (shared::id::PatientId(id), mrn.as_str().to_owned());
            Ok(Patient { id, mrn, created_at: now, updated_at: now, ..read::new(fields) })
        }
    };
}

create!(
    on_sqlite,
    SqlitePool,
    "UPDATE sequences SET last = last + 1 WHERE name = 'mrn' RETURNING last",
    "BEGIN IMMEDIATE"
);
create!(on_postgres, PgPool, "SELECT nextval('mrn')", "BEGIN");
