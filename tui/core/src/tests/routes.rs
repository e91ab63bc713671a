//! The page to which a known record leads, wherever it was found.

use super::{
    audit::entry,
    fixtures::{at, jose},
};
use crate::{
    intent::Route,
    resource::{Record, RecordKind},
};

#[test]
fn a_record_that_the_api_has_no_page_of_is_shown_as_it_is_known() {
    let record = Record::from(entry(1, "patient.create", "patient", Vec::new()));
    assert_eq!(Route::of(&record), Route::Shown(record.clone()));
    assert_eq!(Route::of(&record).to_edit(), Route::Shown(record), "it has no form");
}

#[test]
fn any_other_record_is_read_where_it_is_now() {
    let mut patient = jose();
    for archived_at in [None, Some(at("2026-11-01T08:30:00Z"))] {
        patient.archived_at = archived_at;
        let Route::Record { kind, id, is_archived, to_edit, .. } =
            Route::of(&patient.clone().into()).to_edit()
        else {
            panic!()
        };
        assert_eq!((kind, id, to_edit), (RecordKind::Patient, 9, Some(Vec::new())));
        assert_eq!(is_archived, archived_at.is_some());
    }
}
