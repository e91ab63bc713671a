//! The programs of this package as they are called. That these tests exist also makes cargo build both
//! programs with the tests of the workspace, and `.ci/run` starts them then.

use std::process::{Command, Output};

fn run(program: &str, words: &[&str]) -> (bool, String) {
    #[expect(clippy::unwrap_used, reason = "a program that does not start fails the test")]
    let Output { status, stderr, .. } = Command::new(program).args(words).output().unwrap();
    (status.success(), String::from_utf8_lossy(&stderr).into_owned())
}

#[test]
fn a_number_of_patients_that_cannot_be_measured_is_refused() {
    for (words, why) in [("7", "at least 100"), ("many", "invalid digit"), ("3g", "invalid digit")]
    {
        let (is_done, said) = run(env!("CARGO_BIN_EXE_bench"), &["--patients", words]);
        assert!(!is_done && said.contains(why), "{words}: {said}");
    }
}

#[test]
fn nothing_is_compared_with_as_many_patients() {
    let (is_done, said) = run(env!("CARGO_BIN_EXE_bench"), &["--only-scale"]);
    assert!(!is_done && said.contains("not more patients"), "{said}");
}

#[test]
fn the_bare_program_says_what_it_serves() {
    let (is_done, said) = run(env!("CARGO_BIN_EXE_bare"), &["sqlite"]);
    assert!(!is_done && said.contains("sqlite FILE"), "{said}");
}
