//! Arguments, exit statuses, and the one sentence on stderr.

use std::process::{Command, Output};

use super::program;

fn run(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(program())
        .args(args)
        .env_clear()
        .env("HOME", folder.path())
        .env("FRONTDESK_CONFIG_DIR", folder.path())
        .output()
        .unwrap()
}

fn sentence(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn wrong_usage_is_status_2() {
    for args in [
        &["--sever", "http://localhost"][..],
        &["--server"],
        &["--server", "ftp://clinic"],
        &["--server", "http://localhost", "--ephemeral"],
        &["--server", "http://localhost", "--data", "x"],
        &["patients"],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(sentence(&output).starts_with("error: "), "{args:?}: {}", sentence(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_version_is_said_without_a_terminal() {
    let output = run(&["--version"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, concat!("frontdesk ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn without_a_terminal_it_says_so_in_one_sentence() {
    let output = run(&["--server", "http://127.0.0.1:9"]);
    assert_eq!(output.status.code(), Some(1));
    let text = sentence(&output);
    assert_eq!(text, "frontdesk: the screens need a terminal for input and output\n");
}

#[test]
fn a_certificate_that_is_none_is_named() {
    let output = run(&["--server", "https://clinic.example", "--ca-cert", "/nowhere/ca.pem"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(sentence(&output).contains("/nowhere/ca.pem"), "{}", sentence(&output));
}

#[test]
fn what_it_quotes_acts_on_no_terminal() {
    let hostile = "a\u{1b}[2J\u{7}\u{9b}2J\u{202e}b";
    for (args, status) in [
        (&[hostile][..], 2),
        (&["--server", hostile], 2),
        (&["--server", "https://clinic.example", "--ca-cert", hostile], 1),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(status), "{args:?}");
        let said = sentence(&output);
        let acts = |c: &char| (c.is_control() && *c != '\n') || *c == '\u{202e}';
        assert_eq!(said.chars().find(acts), None, "{said:?}");
        assert!(said.contains("‹U+202E›b") || args.len() == 2, "{said}");
    }
}
