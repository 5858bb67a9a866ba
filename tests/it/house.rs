//! The rules of the house, held over the source itself: imports go strictly down, and each kind of machinery has its rooms.

use std::fs;
use std::path::{Path, PathBuf};

/// The layers, lowest first; a module may import what lies below its own layer.
const LAYERS: &[(&str, u8)] = &[
    ("prefetch", 0),
    ("allocator", 0),
    ("chunked", 0),
    ("binary", 0),
    ("model", 0),
    ("objective", 0),
    ("rule", 0),
    ("id", 0),
    ("clock", 0),
    ("number", 0),
    ("random", 0),
    ("config", 1),
    ("telemetry", 1),
    ("feature", 2),
    ("race", 2),
    ("journal", 2),
    ("rank", 3),
    ("state", 3),
    ("ingest", 4),
    ("engine", 5),
    ("http", 6),
    ("cli", 7),
    ("main", 7),
];
/// Layers whose modules may import each other: the words of the service.
const TOGETHER: [u8; 2] = [0, 7];

/// One source file without its test modules.
struct Source {
    /// Its path under `src`.
    path: String,
    /// Its top-level module.
    module: String,
    /// Its code, without comments and tests.
    code: String,
}

fn layer(module: &str) -> Option<u8> {
    let row = LAYERS.iter().find(|(name, _)| *name == module);
    row.map(|(_, layer)| *layer)
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn is_test(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "tests" || part.ends_with("tests.rs"))
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    let sources = paths.iter().filter_map(|path| {
        let path = path.strip_prefix(&root).unwrap();
        let name = path.to_str().unwrap().to_owned();
        let first = name.split('/').next().unwrap();
        let module = first.trim_end_matches(".rs").to_owned();
        let code = without_comments(&fs::read_to_string(root.join(path)).unwrap());
        let code = match code.find("#[cfg(test)]\nmod tests {") {
            Some(tests) => code[..tests].to_owned(),
            None => code,
        };
        (!is_test(&name)).then_some(Source {
            path: name,
            module,
            code,
        })
    });
    sources.collect()
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| match line.find("//") {
        Some(start) if !line[..start].contains('"') => &line[..start],
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules of the crate that a file names: `crate::x`, and each of `crate::{x, y}`.
fn imports(code: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for (_, rest) in code
        .match_indices("crate::")
        .map(|(at, word)| (at, &code[at + word.len()..]))
    {
        let named = match rest.strip_prefix('{') {
            Some(group) => top_level(group),
            None => vec![rest],
        };
        modules.extend(named.into_iter().map(first_word));
    }
    modules
}

/// The members of a group of imports, up to the brace that closes it, those of inner groups left out.
fn top_level(group: &str) -> Vec<&str> {
    let (mut members, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    members
}

fn first_word(path: &str) -> String {
    let word = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    path.trim_start().chars().take_while(word).collect()
}

/// Whether a module may import another.
fn may(module: &str, other: &str) -> bool {
    match (layer(module), layer(other)) {
        (Some(own), Some(below)) => {
            module == other || below < own || (below == own && TOGETHER.contains(&own))
        }
        _ => false,
    }
}

#[test]
fn imports_go_strictly_down() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.module != "lib") {
        assert!(
            layer(&source.module).is_some(),
            "{} is in no layer",
            source.path
        );
        for other in imports(&source.code) {
            if !other.is_empty() && !may(&source.module, &other) {
                wrong.push(format!("{} imports {other}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a module is one of those below the engine that know neither threads of others nor the log.
fn is_pure(module: &str) -> bool {
    ["rank", "race", "feature", "state", "ingest"].contains(&module)
}

/// Whether a module may use some kind of machinery.
fn may_use(module: &str, what: &str) -> bool {
    match what {
        "axum" => module == "http",
        "std::fs" | "File" => ["config", "cli", "journal"].contains(&module),
        _ => !is_pure(module),
    }
}

#[test]
fn each_kind_of_machinery_has_its_rooms() {
    let mut wrong = Vec::new();
    for source in sources() {
        for what in ["axum", "std::fs", "File", "tokio", "tracing"] {
            let used = source.code.contains(&format!("{what}::"));
            if used && !may_use(&source.module, what) {
                wrong.push(format!("{} uses {what}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_rules_can_be_broken() {
    let read = |code: &str| imports(&without_comments(code));
    assert_eq!(read("use crate::engine::Engine;"), ["engine"]);
    assert_eq!(
        read("use crate::{clock::Time, race::{Money, lane}, rank};"),
        ["clock", "race", "rank"]
    );
    assert_eq!(read("// crate::engine"), Vec::<String>::new());
    assert_eq!(read("fn f() -> crate::http::Role {}"), ["http"]);
    for (module, other) in [
        ("rank", "engine"),
        ("rank", "ingest"),
        ("feature", "race"),
        ("race", "feature"),
        ("config", "telemetry"),
        ("model", "config"),
        ("engine", "http"),
        ("rank", "nowhere"),
    ] {
        assert!(!may(module, other), "{module} may import {other}");
    }
    for (module, other) in [
        ("ingest", "feature"),
        ("ingest", "race"),
        ("model", "clock"),
        ("http", "engine"),
        ("cli", "http"),
    ] {
        assert!(may(module, other), "{module} may not import {other}");
    }
}
