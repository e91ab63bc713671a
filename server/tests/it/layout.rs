//! Dependencies go one way: from the settings and the database up to the commands, and without
//! circles between the files of a folder.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::sources;

/// The layers of the server, from the bottom up. A layer imports from itself and from those below
/// it.
const ROOMS: &[&[&str]] = &[
    &["clock", "config", "digest", "error", "finding", "lock", "metrics", "output"],
    &["keys"],
    &["db"],
    &["services"],
    &["app"],
    &["domain"],
    &["api"],
    &["check", "import", "sample"],
    &["cli", "desk"],
    &["main"],
];

/// The modules that each module names, in its imports and elsewhere.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn module(file: &str) -> String {
    let path = file.trim_start_matches("server/src/").trim_end_matches(".rs");
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

fn imports() -> Imports {
    let files = sources("server/src");
    let modules: BTreeSet<String> = files.iter().map(|(file, _)| module(file)).collect();
    let mut imports = Imports::new();
    for (file, text) in &files {
        let (from, tokens) = (module(file), tokens(text));
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
    let imports = imports();
    let floor = |module: &str| ROOMS.iter().position(|rooms| rooms.contains(&room(module)));
    for (from, to) in &imports {
        if from == "lib" {
            continue;
        }
        let own = floor(from).unwrap_or_else(|| panic!("{from} is in no room"));
        for to in to {
            assert!(floor(to).unwrap() <= own, "{from} imports from {to}, which is above it");
        }
    }
    // A check of the reader: a graph without edges would pass.
    assert!(
        imports["api::patients"].contains("domain::records::patients"),
        "{:?}",
        imports["api::patients"]
    );
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 500);
}

#[test]
fn no_files_import_from_one_another_in_a_circle() {
    let imports = imports();
    // A module and its submodules count as one: it declares them, and they may use its items.
    let is_family =
        |a: &str, b: &str| a.starts_with(&format!("{b}::")) || b.starts_with(&format!("{a}::"));
    let mut done = BTreeSet::new();
    for start in imports.keys() {
        visit(start, &imports, &is_family, &mut Vec::new(), &mut done);
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
