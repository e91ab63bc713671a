//! House rules that the compiler does not check.

use std::{collections::BTreeSet, fs, path::Path};

pub(crate) fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!files.is_empty(), "{folder} has no sources");
    files
}

#[track_caller]
fn nobody_says(folder: &str, words: &[&str], but: &[&str]) {
    for (name, text) in sources(folder) {
        if but
            .iter()
            .any(|allowed| name.ends_with(allowed) || name.contains(&format!("/{allowed}/")))
        {
            continue;
        }
        for word in words {
            assert!(!text.contains(word), "{name} says {word}");
        }
    }
}

#[test]
fn layers_know_only_those_below_them() {
    nobody_says("server/src/domain", &["poem", "sqlx", "rusqlite", "api::"], &[]);
    nobody_says("server/src/db", &["poem", "api::", "domain::"], &[]);
    nobody_says("server/src/api", &["sqlx", "rusqlite", "db::", ".db()"], &[]);
    nobody_says(
        "shared/src",
        &["tokio", "sqlx", "reqwest", "Utc::now", "std::env", "std::fs"],
        &[],
    );
}

#[test]
fn everything_that_is_printed_passes_the_filter() {
    let ways = ["println!", "print!(", "io::stdout", "io::stderr"];
    nobody_says("server/src", &ways, &["output.rs"]);
    nobody_says("tui/src", &["println!", "print!(", "io::stderr"], &["main.rs"]);
}

#[test]
fn only_the_dialect_files_know_that_there_are_two_databases() {
    let dialects = [
        "mod.rs",
        "conn.rs",
        "image.rs",
        "sql.rs",
        "migrate.rs",
        "sqlite.rs",
        "sqlite",
        "postgres.rs",
        "postgres",
    ];
    nobody_says("server/src/db", &["::Sqlite", "::Postgres"], &dialects);
}

#[test]
fn the_clients_core_and_shared_drag_in_no_server() {
    for package in ["tui-core", "shared"] {
        let output = std::process::Command::new(env!("CARGO"))
            .args([
                "tree",
                "--offline",
                "--locked",
                "-p",
                package,
                "-e",
                "normal",
                "--prefix",
                "none",
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let tree = String::from_utf8_lossy(&output.stdout);
        assert!(tree.contains(package), "{}", String::from_utf8_lossy(&output.stderr));
        for heavy in
            ["poem ", "poem-openapi ", "rusqlite ", "sqlx ", "tokio ", "reqwest ", "crossterm "]
        {
            assert!(!tree.lines().any(|line| line.starts_with(heavy)), "{package} has {heavy}");
        }
    }
}

/// The codes of field errors and of conflicts in a source file.
fn error_codes_in(name: &str, text: &str) -> Vec<String> {
    let first = text.split("FieldError::new(").skip(1);
    let second = text.split("Error::conflict(").skip(1);
    let second = second.map(|arguments| arguments.split_once(',').unwrap().1);
    let arguments = first.chain(second).map(str::trim_start);
    // `conflict` creates its field error there.
    let arguments = arguments.filter(|it| name != "server/src/error.rs" || it.starts_with('"'));
    let literal = |it: &str| {
        let (code, _) = it.strip_prefix('"')?.split_once('"')?;
        Some(code.to_owned())
    };
    arguments
        .map(|it| literal(it).unwrap_or_else(|| panic!("{name}: no code in {it:.60}")))
        .collect()
}

#[test]
fn every_error_code_is_listed_and_every_listed_code_is_used() {
    let listed: Vec<_> = shared::error_codes::ALL.iter().map(|code| code.name).collect();
    assert!(listed.is_sorted_by(|a, b| a < b), "{listed:?}");
    let mut used = BTreeSet::new();
    for (name, text) in sources("shared/src").into_iter().chain(sources("server/src")) {
        let mut code = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
        if name == "shared/src/problem.rs" {
            code = code.replace("Self::new(\"", "FieldError::new(\"");
        }
        used.extend(error_codes_in(&name, &code));
    }
    assert_eq!(used.iter().collect::<Vec<_>>(), listed);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let entries = fs::read_dir(root.join("migrations").join(folder)).unwrap().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn every_dependency_has_a_reason_and_every_reason_a_dependency() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("\n[workspace.dependencies]\n").unwrap();
    let (dependencies, _) = rest.split_once("\n[").unwrap();
    let names = dependencies.lines().filter(|line| !line.contains("{ path = "));
    let names = names.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned()));
    let names = names.filter(|name| !name.starts_with('#')).collect::<BTreeSet<String>>();
    let contributing = read("CONTRIBUTING.md");
    let (_, rest) = contributing.split_once("\n## Dependencies\n").unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let named = rows.flat_map(|(names, _)| names.split("`, `").map(str::to_owned));
    assert_eq!(names, named.collect::<BTreeSet<String>>());
}
