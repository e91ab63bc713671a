//! What comes in at the keyboard: pastes, scanners, sizes that change while somebody types.

use serde_json::json;
use vt100::Screen;

use super::{
    desk::served_at,
    person::{EMAIL, PASSWORD, log_in, quit, set_up, shell, start},
    program,
    pty::{Home, key},
    users::{ask, token},
};

#[test]
fn a_paste_of_two_thousand_characters_is_one_edit_and_submits_nothing() {
    let home = Home::new();
    let mut program = start(&home);
    set_up(&mut program);
    let url = served_at(&home);
    program.keys(&key::ctrl('n'));
    program.wait_for("First name");
    program.keys("Ana");
    // Line breaks, tabs and the keys that save are text.
    let pasted = format!("{}\r\tomicron\x13\x11\r\n", "abcdefgh\r\n".repeat(200));
    assert!(pasted.len() > 2_000);
    program.paste(&pasted);
    program.wait_for("omicron");
    program.keys("omega");
    program.wait_for("omega");
    assert!(program.shown().contains("First name"), "{}", program.shown());
    let count = ask(&url, "GET", "/api/patients", &token(&url), None)["count"].clone();
    assert_eq!(count, 0, "the paste has saved something");
    program.keys(&key::ctrl('z'));
    program.wait_without("omega");
    program.keys(&key::ctrl('z'));
    program.wait("the name without the paste", |screen| {
        let text = screen.contents();
        text.contains("Ana") && !text.contains("abcdefgh") && !text.contains("omicron")
    });
    program.keys("\tGomez");
    program.keys(&key::ctrl('s'));
    program.wait_for("Registered: Ana Gomez");
    quit(program);
}

#[test]
fn a_pasted_password_with_its_line_break_waits_for_enter() {
    let home = Home::new();
    let mut program = start(&home);
    set_up(&mut program);
    quit(program);
    let mut program = start(&home);
    program.wait_for("Log in to local desk");
    program.paste(&format!("{EMAIL}\r\n"));
    program.wait_for(EMAIL);
    program.keys(key::TAB);
    program.paste(&format!("{PASSWORD}\n"));
    program.wait_for("•");
    assert!(program.shown().contains("Log in to local desk"), "{}", program.shown());
    program.keys(key::ENTER);
    program.wait_for("Recent");
    quit(program);
}

#[test]
fn sizes_that_change_while_somebody_types_lose_no_word() {
    let home = Home::new();
    let mut program = start(&home);
    set_up(&mut program);
    program.keys(&key::ctrl('n'));
    program.wait_for("First name");
    program.keys("Ana\tGomez\t");
    program.wait_for("Gomez");
    for step in 0..60_u16 {
        program.resize(1 + (step * 37) % 300, 1 + (step * 13) % 100);
    }
    program.resize(60, 15);
    program.wait("the form in 60 columns", |screen| {
        let text = screen.contents();
        text.contains("Gomez") && text.contains("›Born")
    });
    // The cursor is where it was.
    program.keys("1989-05-25");
    program.wait_for("1989-05-25");
    program.resize(80, 24);
    program.keys(&key::ctrl('s'));
    program.wait_for("Registered: Ana Gomez");
    program.wait_for("1989-05-25");
    quit(program);
}

#[test]
fn control_z_takes_an_edit_back_where_a_field_has_the_focus_and_stops_nothing() {
    let home = Home::new();
    let mut first = start(&home);
    set_up(&mut first);
    quit(first);
    let mut shell = shell(&home);
    shell.keys(&format!("{} --data {}\r", program().display(), home.data().display()));
    log_in(&mut shell, PASSWORD);
    shell.wait_for("No patients yet.");
    shell.keys(&key::ctrl('n'));
    shell.wait_for("First name");
    shell.paste("Ottokar");
    shell.wait_for("Ottokar");
    shell.keys(&key::ctrl('z'));
    shell.wait_without("Ottokar");
    shell.keys("Ana\tGomez");
    shell.keys(&key::ctrl('s'));
    shell.wait_for("Registered: Ana Gomez");
    // The page of a patient has no field: here it stops the program.
    shell.keys(&key::ctrl('z'));
    shell.wait("the shell", |screen| {
        !screen.alternate_screen() && screen.contents().contains("Stopped")
    });
    shell.keys("fg\r");
    shell.wait_for("Ana Gomez");
    shell.keys(&key::ctrl('q'));
    shell.wait("the shell again", |screen| {
        !screen.alternate_screen() && screen.contents().matches("ready>").count() == 3
    });
}

#[test]
fn a_scanner_opens_one_patient_and_then_the_next() {
    let home = Home::new();
    let mut program = start(&home);
    set_up(&mut program);
    let url = served_at(&home);
    let admin = token(&url);
    let mrn = |last: &str| {
        let body = json!({"first_name": "Ana", "last_name": last});
        let patient = ask(&url, "POST", "/api/patients", &admin, Some(body));
        patient["mrn"].as_str().unwrap().to_owned()
    };
    let [first, second] = ["Firstborn", "Secondborn"].map(mrn);
    let page_of = |name: &'static str| {
        move |screen: &Screen| {
            let text = screen.contents();
            text.contains("History") && text.contains(name)
        }
    };
    // The second time the first patient lies below, and nothing has the focus.
    for start in [key::F2, key::F3] {
        program.keys(start);
        program.wait_for("Ctrl-N new patient");
        program.keys(&format!("{first}\r"));
        program.wait("the page of the first", page_of("Ana Firstborn"));
        program.keys(&format!("{second}\r"));
        program.wait("the page of the second", page_of("Ana Secondborn"));
        // Faster than the server answers: the last one counts.
        program.keys(&format!("{second}\r{first}\r"));
        program.wait("the page of the first again", page_of("Ana Firstborn"));
    }
    quit(program);
}
