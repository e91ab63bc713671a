//! Dependencies go one way and without circles between files: in the server from the settings and the
//! database up to the commands, in the core of the terminal client from the text up to the view.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::sources;

/// The sources of a package, with its rooms from the bottom up. A room imports from itself and from
/// those below it.
struct House {
    folder: &'static str,
    rooms: &'static [&'static [&'static str]],
    /// An import that is known to exist: a reader that finds nothing would pass every check.
    known: (&'static str, &'static str),
    /// Fewest imports that the reader finds.
    imports_min: usize,
}

const HOUSES: &[House] = &[
    House {
        folder: "server/src",
        rooms: &[
            &[
                "beside", "clock", "config", "digest", "error", "finding", "lock", "metrics",
                "output",
            ],
            &["keys"],
            &["db"],
            &["services"],
            &["app"],
            &["domain"],
            &["api"],
            &["backup", "check", "export", "import", "sample"],
            &["cli", "desk"],
            &["main"],
        ],
        known: ("api::patients", "domain::records::patients"),
        imports_min: 500,
    },
    House {
        folder: "tui/core/src",
        rooms: &[
            &["text", "theme", "session", "date", "key", "kept", "share", "copies"],
            &["paint", "input"],
            &["world", "sentences"],
            &["cursor", "form"],
            &["resource"],
            &["api", "live"],
            &["effect", "shelf"],
            &["msg", "notice"],
            &["intent"],
            &["search", "person", "namesakes", "likely", "presence", "login"],
            &["finder", "panels"],
            &["layers"],
            &["screens"],
            &["app"],
            &["view"],
        ],
        known: ("screens::list", "layers::filter"),
        imports_min: 300,
    },
];

/// The modules that each module names, in its imports and elsewhere.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn module(file: &str, folder: &str) -> String {
    let path = file.trim_start_matches(folder).trim_matches('/').trim_end_matches(".rs");
    path.trim_end_matches("/mod").replace('/', "::")
}

/// Names, `::`, braces, commas and semicolons, without comments, strings and the tests of a file.
fn tokens(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut tokens: Vec<String> = Vec::new();
    for line in code.lines() {
        let line = line.split("//").next().unwrap();
        let mut is_string = false;
        let mut name = String::new();
        for c in line.chars().chain([' ']) {
            match c {
                '"' => is_string = !is_string,
                _ if is_string => {}
                _ if c.is_alphanumeric() || c == '_' => {
                    name.push(c);
                    continue;
                }
                _ => {}
            }
            if !name.is_empty() {
                tokens.push(std::mem::take(&mut name));
            }
            if !is_string && "{},;:*".contains(c) {
                tokens.push(c.to_string());
            }
        }
    }
    tokens
}

/// Reads the paths that begin with `prefix`. Returns the position of the next token.
fn paths(
    tokens: &[String],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = prefix.to_vec();
    loop {
        let follows = tokens.get(at).is_some_and(|t| t == ":")
            && tokens.get(at + 1).is_some_and(|t| t == ":");
        if !follows {
            found.push(path);
            return at;
        }
        at += 2;
        match tokens.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    let mut inner = path.clone();
                    inner.push(tokens[at].clone());
                    at = paths(tokens, at + 1, &inner, found);
                    while tokens.get(at).is_some_and(|token| token != "," && token != "}") {
                        at += 1;
                    }
                    at += usize::from(tokens.get(at).is_some_and(|token| token == ","));
                }
                return at + 1;
            }
            Some(name) => path.push(name.to_owned()),
            None => return at,
        }
        at += 1;
    }
}

/// The module to which a path leads from another one.
fn target(path: &[String], from: &str, modules: &BTreeSet<String>) -> Option<String> {
    let mut base: Vec<&str> = match path[0].as_str() {
        "crate" => Vec::new(),
        _ => from.split("::").collect(),
    };
    let mut rest = path.iter().map(String::as_str).peekable();
    while let Some(word) = rest.next_if(|word| ["crate", "self", "super"].contains(word)) {
        if word == "super" {
            base.pop();
        }
    }
    base.extend(rest);
    (1..=base.len())
        .rev()
        .map(|length| base[..length].join("::"))
        .find(|name| modules.contains(name))
}

fn imports(folder: &str) -> Imports {
    let mut files = sources(folder);
    files.retain(|(file, _)| !module(file, folder).starts_with("tests"));
    let modules: BTreeSet<String> = files.iter().map(|(file, _)| module(file, folder)).collect();
    let mut imports = Imports::new();
    for (file, text) in &files {
        let (from, tokens) = (module(file, folder), tokens(text));
        let mut found = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            if ["crate", "super", "self"].contains(&token.as_str()) {
                paths(&tokens, at + 1, std::slice::from_ref(token), &mut found);
            }
        }
        let known = found.iter().filter_map(|path| target(path, &from, &modules));
        let others = known.filter(|to| *to != from && *to != "lib").collect();
        imports.insert(from, others);
    }
    imports
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap()
}

#[test]
fn every_folder_imports_only_from_those_below_it() {
    for House { folder, rooms, known, imports_min } in HOUSES {
        let imports = imports(folder);
        let floor = |module: &str| rooms.iter().position(|names| names.contains(&room(module)));
        for (from, to) in &imports {
            if from == "lib" {
                continue;
            }
            let own = floor(from).unwrap_or_else(|| panic!("{folder}: {from} is in no room"));
            for to in to {
                let other = floor(to).unwrap_or_else(|| panic!("{folder}: {to} is in no room"));
                assert!(other <= own, "{folder}: {from} imports from {to}, which is above it");
            }
        }
        assert!(imports[known.0].contains(known.1), "{:?}", imports[known.0]);
        assert!(imports.values().map(BTreeSet::len).sum::<usize>() > *imports_min);
    }
}

#[test]
fn no_files_import_from_one_another_in_a_circle() {
    // A module and its submodules count as one: it declares them, and they may use its items.
    let is_family =
        |a: &str, b: &str| a.starts_with(&format!("{b}::")) || b.starts_with(&format!("{a}::"));
    for house in HOUSES {
        let imports = imports(house.folder);
        let mut done = BTreeSet::new();
        for start in imports.keys() {
            visit(start, &imports, &is_family, &mut Vec::new(), &mut done);
        }
    }
}

fn visit<'a>(
    module: &'a str,
    imports: &'a Imports,
    is_family: &dyn Fn(&str, &str) -> bool,
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) {
    if let Some(start) = way.iter().position(|seen| *seen == module) {
        panic!("a circle: {} -> {module}", way[start..].join(" -> "));
    }
    if done.contains(module) {
        return;
    }
    way.push(module);
    for to in imports[module].iter().filter(|to| !is_family(module, to)) {
        visit(to, imports, is_family, way, done);
    }
    way.pop();
    done.insert(module);
}
