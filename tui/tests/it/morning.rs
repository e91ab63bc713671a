//! One invented morning: two desks at one server, from the first arrival to noon.

mod at_once;
mod clerk;
mod clinic;
mod keys;
mod ledger;
mod people;
mod sight;

use std::slice::Iter;

use self::{
    clerk::Clerk,
    clinic::{Clinic, LEAVING, OTHER, STAYING},
    people::Person,
};
use crate::server::Server;

/// Those who are known and come today, in the order in which they come.
type Queue<'a> = Iter<'a, Person>;

/// Who comes next.
fn next<'a>(queue: &mut Queue<'a>) -> &'a Person {
    queue.next().unwrap()
}

#[test]
fn one_invented_morning() {
    let mut clinic = Clinic::founded();
    let people = clinic.people.clone();
    let [known @ .., stranger, elder, namesake] = people.as_slice() else { panic!() };
    let mut queue = known.iter();
    let (mut anna, mut ben) =
        (clinic.sits_down("Anna Berg", (80, 24)), clinic.sits_down("Ben Cole", (132, 43)));

    the_doors_open(&mut anna, &mut ben, &mut queue);
    the_telephone_rings(&mut anna, &mut ben, &mut queue, known);
    three_walk_in(&mut anna, &mut ben, &mut queue, known);
    two_have_one_name(&mut ben, namesake, elder);
    the_wrong_one_has_arrived(&mut anna, stranger, next(&mut queue));
    both_desks_change_one_record(&mut anna, &mut ben, &mut queue, &known[3]);
    the_server_dies(&mut clinic.server, &mut anna, &mut ben, &mut queue, known);
    a_doctor_leaves_at_noon(&clinic, &mut anna, &mut ben, &mut queue, known);
    the_patients_go_in(&mut anna, &mut ben, &mut queue, known);

    assert_eq!(queue.len(), 0, "everybody has come");
    assert_eq!(anna.interruptions + ben.interruptions, 12);
    ledger::visits_add_up(&clinic, &mut [&mut anna, &mut ben]);
    ledger::no_word_is_lost(&clinic, &[&anna, &ben], &[("city", "Salem")]);
    ledger::nobody_is_without_a_doctor(&clinic);
    ledger::every_entry_bears_the_right_name(&clinic, &[&anna, &ben]);
}

/// Eleven people arrive, and are found by what they say or carry.
fn the_doors_open(anna: &mut Clerk, ben: &mut Clerk, queue: &mut Queue<'_>) {
    for _ in 0..3 {
        anna.receives(next(queue));
        ben.receives(next(queue));
    }
    let person = next(queue);
    anna.finds(person, &person.mrn);
    anna.lets_in(person);
    let person = next(queue);
    let digits = person.phone.replace(' ', "");
    anna.finds(person, &digits[digits.len() - 7..]);
    anna.lets_in(person);
    let person = next(queue);
    anna.finds(person, &format!("{} {}", person.born, person.last));
    anna.lets_in(person);

    let person = next(queue);
    ben.finds(person, &person.name());
    ben.gives_reason("visit", &person.mrn, "chest pain");
    ben.keys("<insert>");
    ben.sees("! urgent");
    ben.lets_in(person);
    let person = next(queue);
    ben.finds(person, &person.name());
    ben.sees("no doctor yet");
    ben.keys("<down><down><down><enter>");
    ben.sees("For which doctor?");
    ben.keys(&format!("{}<enter>", OTHER.name.to_lowercase()));
    ben.sees(&format!("› {}", OTHER.name));
    ben.lets_in(person);
}

/// Forms are left for those who stand at the desk, and finished later: five times.
fn the_telephone_rings(anna: &mut Clerk, ben: &mut Clerk, queue: &mut Queue<'_>, known: &[Person]) {
    anna.edits(&known[0]);
    anna.types("phone_number", "+1 555 765 4321");
    anna.is_called_away(|anna| anna.receives(next(queue)));
    anna.saves(&known[0]);

    anna.edits(&known[2]);
    anna.types("address", "12 Bridge Street");
    anna.types("city", "Spring");
    anna.is_called_away(|anna| anna.receives(next(queue)));
    anna.types("city", "Springfield");
    anna.types("zip_code", "01103");
    anna.saves(&known[2]);

    ben.edits(&known[1]);
    ben.types("email", "one@example.com");
    ben.is_called_away(|ben| {
        ben.edits(&known[5]);
        ben.types("emergency_contact", "a sister, 555 0199");
        ben.is_called_away(|ben| ben.receives(next(queue)));
        ben.saves(&known[5]);
    });
    ben.types("allergies", "Penicillin");
    ben.saves(&known[1]);

    ben.edits_doctor(&OTHER);
    ben.types("phone_number", "+1 555 300 4000");
    ben.is_called_away(|ben| ben.receives(next(queue)));
    ben.types("email", "novak@example.com");
    ben.keys("<ctrl-s>");
    ben.has_saved("doctor.updated", OTHER.name);
}

/// Three people come whom a search does not find. They are registered with what was searched.
fn three_walk_in(anna: &mut Clerk, ben: &mut Clerk, queue: &mut Queue<'_>, known: &[Person]) {
    let [mut pan, mut wren, mut ahab] = people::walk_ins();
    anna.begins_with(&pan);
    anna.types("phone_number", &pan.phone);
    anna.registers(&mut pan);
    anna.receives(&pan);

    ben.begins_with(&wren);
    ben.types("phone_number", &wren.phone);
    ben.is_called_away(|ben| ben.receives(next(queue)));
    ben.types("city", "Chicopee");
    ben.registers(&mut wren);
    ben.receives(&wren);

    anna.begins_with(&ahab);
    anna.types("phone_number", &ahab.phone);
    anna.is_called_away(|anna| anna.receives(next(queue)));
    anna.types("address", "1 Harbour Road");
    anna.is_called_away(|anna| {
        anna.edits(&known[4]);
        anna.types("phone_number", "+1 555 222 3333");
        anna.saves(&known[4]);
    });
    anna.registers(&mut ahab);
    anna.receives(&ahab);
}

/// Two people have one name. The date of birth tells them apart.
fn two_have_one_name(ben: &mut Clerk, person: &Person, other: &Person) {
    assert_eq!(person.name(), other.name());
    ben.keys(&format!("<f2>{}<enter>", person.name().to_lowercase()));
    ben.sees(&person.born);
    ben.sees(&other.born);
    ben.selects_born(&person.born, &other.born);
    ben.keys("<enter>");
    ben.sees(&format!("MRN {}", person.mrn));
    ben.sees_line(&["born", &person.born]);
    ben.sees("1 other with this name");
    ben.met.insert(person.mrn.clone());
    ben.keys("<ctrl-a>");
    ben.sees("The patient has arrived");
    ben.lets_in(person);
}

/// An arrival is entered for somebody who has not come, and corrected.
fn the_wrong_one_has_arrived(anna: &mut Clerk, wrong: &Person, right: &Person) {
    anna.receives(wrong);
    anna.opens_visit(wrong);
    anna.keys("<ctrl-p>correct<enter>");
    anna.sees("Which patient is it?");
    anna.keys(&format!("{}<enter>", right.name().to_lowercase()));
    anna.sees("Change the patient of this visit?");
    anna.sees(&right.mrn);
    anna.keys("<right><enter>");
    anna.sees_line(&["Changed: ", &right.mrn]);
    anna.gives(wrong, right);
}

/// While one desk has a form parked, the other one changes the same record: first another field, then the
/// same one.
fn both_desks_change_one_record(
    anna: &mut Clerk,
    ben: &mut Clerk,
    queue: &mut Queue<'_>,
    person: &Person,
) {
    anna.edits(person);
    anna.types("address", "7 Mill Lane");
    anna.is_called_away(|anna| {
        ben.edits(person);
        ben.types("phone_number", "+1 555 111 2222");
        ben.saves(person);
        anna.receives(next(queue));
    });
    anna.keys("<ctrl-s>");
    anna.sees("Changed in the meantime");
    anna.sees("Saved by Ben Cole");
    anna.sees("Enter saves the merged record.");
    anna.keys("<enter>");
    anna.has_saved("patient.updated", &person.name());

    anna.edits(person);
    anna.types("city", "Dover");
    ben.edits(person);
    ben.types("city", "Salem");
    ben.saves(person);
    anna.keys("<ctrl-s>");
    anna.sees("Choose ← theirs or → mine: 1 left.");
    anna.keys("<right>");
    anna.sees("yours is kept");
    anna.keys("<ctrl-s>");
    anna.has_saved("patient.updated", &person.name());
}

/// The server is killed while both desks wait for an answer, and started again.
fn the_server_dies(
    server: &mut Server,
    anna: &mut Clerk,
    ben: &mut Clerk,
    queue: &mut Queue<'_>,
    known: &[Person],
) {
    let person = next(queue);
    anna.edits(&known[6]);
    anna.types("address", "3 Station Road");
    anna.is_called_away(|anna| {
        anna.finds(person, &person.name());
        anna.sees_no("loading");
        anna.gives_reason("visit", &person.mrn, "a cough for two weeks");
        ben.edits(&known[7]);
        ben.types("phone_number", "+1 555 888 9999");

        server.freeze();
        ben.keys("<ctrl-s>");
        anna.keys("<enter>");
        ben.sees("Saving …");
        anna.sees("Saving …");
        server.is_asked_on(2);
        server.kill();
        ben.sees("Was it saved?");
        anna.sees("Was it done?");
        // Nobody answers yet.
        anna.keys("<right><enter>");
        anna.sees("Send it again?");
        anna.sees("Typed: “a cough for two weeks”");
        ben.keys("<esc>");
        ben.sees_no("Was it saved?");
        ben.types("city", "Holyoke");

        server.start_again();
        anna.keys("<right>");
        anna.lets_in(person);
    });
    anna.types("city", "Amherst");
    anna.saves(&known[6]);
    ben.keys("<ctrl-s>");
    ben.sees("Was it saved?");
    ben.keys("<right><enter>");
    ben.sees("The record was not saved. Ctrl-S saves it.");
    ben.saves(&known[7]);
}

/// A doctor leaves. The patients are transferred to a colleague, together with the archiving.
fn a_doctor_leaves_at_noon(
    clinic: &Clinic,
    anna: &mut Clerk,
    ben: &mut Clerk,
    queue: &mut Queue<'_>,
    known: &[Person],
) {
    anna.receives(next(queue));
    let is_here = |code: &&String| anna.has_let_in(code) || ben.has_let_in(code);
    let waiting: Vec<_> = clinic.in_care.iter().filter(is_here).collect();
    ben.edits(&known[9]);
    ben.types("phone_number", "+1 555 444 5555");
    ben.is_called_away(|ben| {
        ben.finds_doctor(&LEAVING);
        ben.keys("<ctrl-x>");
        ben.sees("Archive this doctor?");
        ben.gives_reason("doctor", LEAVING.name, "leaves the clinic at noon");
        ben.keys("<enter>");
        ben.sees("› Archive ‹");
        ben.keys("<enter>");
        ben.sees("This doctor has patients");
        ben.keys("<right><enter>");
        ben.sees("Transfer all to which doctor?");
        ben.keys(&format!("{}<enter>", STAYING.name.to_lowercase()));
        ben.sees("Transfer all and archive?");
        ben.keys("<right><enter>");
        ben.sees(&format!("Archived: {}", LEAVING.name));
        ben.has("doctor.archived", LEAVING.name);
        for code in &clinic.in_care {
            ben.has("assignment.transferred", code);
            ben.has("assignment.created", code);
        }
        ben.sees("Open visits of this doctor");
        ben.keys("<right>");
        ben.sees(&format!("› To {} ‹", STAYING.name));
        ben.keys("<enter>");
        ben.sees(&format!("{0} of {0} done.", waiting.len()));
        ben.keys("<esc>");
        ben.sees_no(" done.");
        for code in &waiting {
            ben.has("visit.updated", code);
        }
    });
    ben.saves(&known[9]);
    anna.receives(next(queue));
}

/// Some are called, some go in, some have been seen, and one leaves.
fn the_patients_go_in(anna: &mut Clerk, ben: &mut Clerk, queue: &mut Queue<'_>, known: &[Person]) {
    anna.edits_visit(&known[8]);
    anna.types("reason", "a letter from the school");
    anna.is_called_away(|anna| anna.receives(next(queue)));
    anna.keys("<ctrl-s>");
    anna.has_saved("visit.updated", &known[8].name());
    for _ in 0..3 {
        ben.receives(next(queue));
    }
    let seen = ["called", "with a doctor", "seen"];
    for person in &known[..2] {
        anna.takes_on(person, &seen);
    }
    for person in &known[2..4] {
        ben.takes_on(person, &seen);
    }
    anna.takes_on(&known[4], &seen[..2]);
    ben.takes_on(&known[5], &seen[..2]);
    ben.takes_on(&known[6], &seen[..1]);

    let person = &known[7];
    anna.opens_visit(person);
    anna.keys("<ctrl-x>");
    anna.sees("Change the status of this visit?");
    anna.keys("<right>");
    anna.sees("› Left unseen ‹");
    anna.keys("<enter>");
    anna.sees_line(&["Changed: ", &person.mrn, "left unseen"]);
    anna.has("visit.updated", &person.mrn);
}
