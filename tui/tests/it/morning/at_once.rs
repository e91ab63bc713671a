//! What one desk does to a record over which somebody types at the other.

use super::{clerk::Clerk, clinic::Clinic};

fn two_desks(clinic: &Clinic) -> (Clerk, Clerk) {
    (clinic.sits_down("Anna Berg", (80, 24)), clinic.sits_down("Ben Cole", (132, 43)))
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
    ben.sees("Restored: ");
    anna.keys("<ctrl-s>");
    anna.sees("Changed in the meantime");
    anna.keys("<enter>");
    anna.has_saved("patient.updated", &person.name());
    assert_eq!(clinic.all("/api/patients?search=7654321").len(), 1);
}
