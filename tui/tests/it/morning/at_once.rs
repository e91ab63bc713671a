//! What two desks do to one record at the same moment.

use super::{clerk::Clerk, clinic::Clinic};

fn two_desks(clinic: &Clinic) -> (Clerk, Clerk) {
    (clinic.sits_down("Anna Berg", (80, 24)), clinic.sits_down("Ben Cole", (132, 43)))
}

/// How often an action is in the audit log.
fn count(clinic: &Clinic, action: &str) -> usize {
    clinic.all(&format!("/api/audit?action={action}")).len()
}

#[test]
fn of_two_arrivals_and_two_calls_of_one_patient_at_once_one_is_done() {
    let clinic = Clinic::founded();
    let (mut anna, mut ben) = two_desks(&clinic);
    let person = &clinic.people[1];
    for clerk in [&mut anna, &mut ben] {
        clerk.finds(person, &person.mrn);
        clerk.sees_no("loading");
    }
    clinic.server.freeze();
    for clerk in [&mut anna, &mut ben] {
        clerk.keys("<enter>");
        clerk.sees("Saving …");
    }
    clinic.server.is_asked_on(2);
    clinic.server.go_on();
    let desks = [&anna, &ben];
    let refused = desks.map(|clerk| clerk.sees_one_of(&["Arrived: ", "in the clinic already"]));
    assert!(refused == [0, 1] || refused == [1, 0], "{refused:?}");
    assert_eq!(count(&clinic, "visit.created"), 1);

    for clerk in [&mut anna, &mut ben] {
        clerk.opens_visit(person);
    }
    clinic.server.freeze();
    for clerk in [&mut anna, &mut ben] {
        clerk.keys("<ctrl-a>");
        clerk.sees("Saving …");
    }
    clinic.server.is_asked_on(2);
    clinic.server.go_on();
    let desks = [&anna, &ben];
    let refused = desks.map(|clerk| clerk.sees_one_of(&["Changed: ", "Look again"]));
    assert!(refused == [0, 1] || refused == [1, 0], "{refused:?}");
    for clerk in [&anna, &ben] {
        clerk.sees(" · called · ");
    }
    assert_eq!(count(&clinic, "visit.updated"), 1);
}

#[test]
fn words_typed_over_a_patient_whom_the_other_desk_archives_stay_and_are_saved_after_all() {
    let clinic = Clinic::founded();
    let (mut anna, mut ben) = two_desks(&clinic);
    let person = &clinic.people[1];
    anna.edits(person);
    anna.types("phone_number", "+1 555 765 4321");
    ben.keys(&format!("<f2>{}<enter>", person.mrn));
    ben.sees("Last changed");
    ben.keys("<ctrl-x>");
    ben.sees("Archive this patient?");
    ben.keys("<tab><enter>");
    ben.sees("Archived: ");
    anna.keys("<ctrl-s>");
    anna.sees("Not saved");
    anna.sees("+1 555 765 4321");
    ben.keys("<ctrl-k>");
    ben.sees("Restore");
    ben.keys("<right><enter>");
    ben.sees("Brought back: ");
    anna.keys("<ctrl-s>");
    anna.sees("Changed in the meantime");
    anna.keys("<enter>");
    anna.has_saved("patient.updated", &person.name());
    assert_eq!(clinic.all("/api/patients?search=7654321").len(), 1);
}
