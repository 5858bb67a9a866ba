//! The rules of the house, checked on the source itself: layers, circles of imports, machinery, the size of functions, and the content of
//! doors (`mod.rs` files).

mod imports;
mod source;

use std::fs;

use imports::{Graph, paths};
use source::{Source, files, sources, without_comments};

/// One row of the table of layers in `src/lib.rs`.
struct Layer {
    /// Rooms: top-level modules.
    rooms: &'static [&'static str],
    /// The rooms may import every layer below this one.
    below: usize,
    /// Further rooms that they may import.
    also: &'static [&'static str],
}

/// The words of the service; they may import each other.
const WORDS: &[&str] = &[
    "allocator",
    "binary",
    "bits",
    "chunked",
    "clock",
    "corpus",
    "decay",
    "digest",
    "expression",
    "forest",
    "id",
    "json",
    "model",
    "money",
    "number",
    "objective",
    "prefetch",
    "random",
    "rule",
    "spelling",
    "threads",
];

/// The layers, lowest first. Rooms of one layer never import each other unless `also` says so.
const LAYERS: &[Layer] = &[
    row(WORDS, 0, WORDS),
    row(&["config", "telemetry"], 1, &[]),
    row(
        &[
            "feature",
            "race",
            "exposure",
            "experiment",
            "journal",
            "selection",
            "support",
            "derived",
            "decision",
        ],
        2,
        &[],
    ),
    row(&["rank", "state"], 3, &[]),
    row(&["ingest"], 3, &["state"]),
    row(&["engine"], 5, &[]),
    row(&["http"], 1, &["engine", "config", "telemetry"]),
    row(&["cli", "main"], 7, &["cli"]),
];

const fn row(rooms: &'static [&'static str], below: usize, also: &'static [&'static str]) -> Layer {
    Layer { rooms, below, also }
}

/// Maximum number of lines of a function.
const LINES: usize = 60;

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.rooms.contains(&room))
}

/// Returns whether a room may import another.
fn may(room: &str, other: &str) -> bool {
    match (layer(room), layer(other)) {
        (Some(own), Some(place)) => {
            let Layer { below, also, .. } = LAYERS[own];
            room == other || place < below || also.contains(&other)
        }
        _ => false,
    }
}

/// Returns the rooms that some code imports.
fn rooms(code: &str) -> Vec<String> {
    let paths = paths(code, "crate::")
        .into_iter()
        .chain(paths(code, "saima::"));
    paths.filter_map(|path| path.into_iter().nth(1)).collect()
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_go_strictly_down() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.path != "lib.rs") {
        let (path, room) = (&source.path, source.room());
        assert!(layer(room).is_some(), "{path} is in no layer");
        for other in rooms(&source.code) {
            if !may(room, &other) {
                wrong.push(format!("{path} imports {other}"));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources = sources();
    let circles = Graph::of(&sources).circles();
    let shown = circles.iter().map(|circle| format!("{circle:?}"));
    assert_none(&shown.collect::<Vec<_>>());
}

/// Returns whether a room is pure: it uses no async runtime, no log and no files.
fn is_pure(room: &str) -> bool {
    [
        "rank",
        "race",
        "feature",
        "exposure",
        "experiment",
        "support",
        "state",
        "ingest",
    ]
    .contains(&room)
}

fn may_use(room: &str, machinery: &str) -> bool {
    match machinery {
        "axum" => room == "http",
        "std::fs" | "File" => ["config", "cli", "journal", "decision"].contains(&room),
        _ => !is_pure(room),
    }
}

#[test]
fn each_kind_of_machinery_has_its_rooms() {
    let mut wrong = Vec::new();
    for source in sources() {
        for machinery in ["axum", "std::fs", "File", "tokio", "tracing"] {
            let used = source.code.contains(&format!("{machinery}::"));
            if used && !may_use(source.room(), machinery) {
                wrong.push(format!("{} uses {machinery}", source.path));
            }
        }
    }
    assert_none(&wrong);
}

/// Linear searches of the rooms that read input, by file, with the reason why each searched list is short whatever the input.
const SHORT_LISTS: &[(&str, usize, &str)] = &[
    ("model/read.rs", 1, "names of an enum"),
    ("model/schema/shape.rs", 1, "fields of an object"),
    ("model/view/check.rs", 1, "views, in tests"),
    (
        "model/diagnose/rules.rs",
        1,
        "known fields, each at most once",
    ),
    (
        "model/diagnose/walk.rs",
        2,
        "known fields, each at most once",
    ),
    ("http/call.rs", 1, "path parameters of a route"),
    (
        "http/dispatch.rs",
        2,
        "methods and path parameters of a route",
    ),
    ("http/error.rs", 1, "causes"),
    ("http/query.rs", 2, "query parameters of a route"),
    ("http/assets/article.rs", 1, "a guide"),
    ("http/body/packing.rs", 1, "content encodings"),
    (
        "http/openapi/document.rs",
        1,
        "path parameters of the service",
    ),
];

#[test]
fn input_is_never_searched_in_a_loop() {
    let searches = [
        ".iter().any(",
        ".iter().find(",
        ".iter().position(",
        ".iter_mut().find(",
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        let code: String = source.code.split_whitespace().collect();
        let found: usize = searches
            .iter()
            .map(|search| code.matches(search).count())
            .sum();
        let known = SHORT_LISTS.iter().find(|(path, ..)| *path == source.path);
        let known = known.map_or(0, |(_, count, _)| *count);
        if ["model", "ingest", "http"].contains(&source.room()) && found != known {
            wrong.push(format!(
                "{} has {found} linear searches; SHORT_LISTS says {known}",
                source.path
            ));
        }
    }
    assert_none(&wrong);
}

#[test]
fn no_lint_is_allowed_silently() {
    let attribute = ["allow", "("].concat();
    let mut wrong = Vec::new();
    for file in ["src", "tests", "benches"].map(files).concat() {
        let code = without_comments(&fs::read_to_string(&file).unwrap());
        for (number, line) in code.lines().enumerate() {
            let line = line.trim_start();
            let inner = line.trim_start_matches(['#', '!', '[']);
            if line.starts_with('#') && inner.starts_with(&attribute) {
                wrong.push(format!("{}:{}", file.display(), number + 1));
            }
        }
    }
    assert_none(&wrong);
}

/// Returns the functions of some formatted code, each with its first line and its number of lines.
fn functions(code: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let begins = |line: &str| {
        let words = line.split_whitespace();
        let mut words = words.skip_while(|word| {
            ["pub", "const", "async", "unsafe"].contains(word) || word.starts_with("pub(")
        });
        words.next() == Some("fn") && !line.trim_end().ends_with(';')
    };
    let starts = lines.iter().enumerate().filter(|(_, line)| begins(line));
    let ends = |start: usize| {
        let closing = |line: &&&str| indent(line) == indent(lines[start]) && line.trim() == "}";
        let own = lines[start..].iter();
        1 + own.take_while(|line| !closing(line)).count()
    };
    starts
        .filter(|(_, line)| !line.trim_end().ends_with('}'))
        .map(|(start, _)| (start + 1, ends(start)))
        .collect()
}

#[test]
fn functions_are_short() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (line, lines) in functions(&source.code) {
            if lines > LINES {
                wrong.push(format!("{}:{line} has {lines} lines", source.path));
            }
        }
    }
    assert_none(&wrong);
}

/// Returns the faults of a `mod.rs`, which may hold docs, `mod`, `use`, constants and at most one function.
fn door_faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    let (path, mut functions) = (&source.path, 0);
    for line in source.code.lines() {
        let item = line
            .trim_start_matches("pub ")
            .trim_start_matches("const fn");
        let word = item.split([' ', '<', '!']).next().unwrap_or_default();
        functions += usize::from(word == "fn");
        if [
            "struct",
            "enum",
            "trait",
            "impl",
            "type",
            "macro_rules",
            "static",
        ]
        .contains(&word)
        {
            faults.push(format!("{path} defines: {line}"));
        }
    }
    if functions > 1 {
        faults.push(format!("{path} has {functions} functions"));
    }
    faults
}

#[test]
fn a_mod_file_is_only_a_door() {
    let sources = sources();
    let doors = sources.iter().filter(|source| source.is_door());
    assert_none(&doors.flat_map(door_faults).collect::<Vec<_>>());
}

#[test]
fn imports_are_read_from_code() {
    let read = |code: &str| rooms(&without_comments(code));
    assert_eq!(read("use crate::engine::Engine;"), ["engine"]);
    assert_eq!(
        read("use crate::{clock::Time, race::{Money, lane}, rank};"),
        ["clock", "race", "race", "rank"]
    );
    assert_eq!(read("// crate::engine"), Vec::<String>::new());
    assert_eq!(read("fn f() -> crate::http::Role {}"), ["http"]);
}

#[test]
fn forbidden_imports_are_found() {
    for (room, other) in [
        ("rank", "engine"),
        ("rank", "ingest"),
        ("rank", "state"),
        ("feature", "race"),
        ("race", "feature"),
        ("config", "telemetry"),
        ("model", "config"),
        ("engine", "http"),
        ("http", "race"),
        ("http", "rank"),
        ("rank", "nowhere"),
    ] {
        assert!(!may(room, other), "{room} may import {other}");
    }
    for (room, other) in [
        ("ingest", "feature"),
        ("ingest", "state"),
        ("model", "clock"),
        ("http", "engine"),
        ("http", "model"),
        ("cli", "http"),
        ("main", "cli"),
    ] {
        assert!(may(room, other), "{room} may not import {other}");
    }
}

fn file(module: &[&str], path: &str, code: &str) -> Source {
    Source {
        path: path.to_owned(),
        module: module.iter().map(|name| (*name).to_owned()).collect(),
        code: code.to_owned(),
    }
}

#[test]
fn a_circle_through_a_door_is_found() {
    let door = file(&["a"], "a/mod.rs", "mod b;\nmod c;\npub use c::{C, D};");
    let b = file(
        &["a", "b"],
        "a/b.rs",
        "use super::{C, c::E};\npub struct B;",
    );
    let c = file(&["a", "c"], "a/c.rs", "use super::b::B;\npub struct C;");
    let sources = [door, b, c];
    let circles = Graph::of(&sources).circles();
    assert_eq!(circles.len(), 1);
    assert_eq!(
        circles[0].iter().collect::<Vec<_>>(),
        [&"a/b.rs", &"a/c.rs"]
    );
    assert!(Graph::of(&sources[..2]).circles().is_empty());
}

#[test]
fn long_functions_and_full_doors_are_found() {
    let long = format!("fn f(\n) {{\n{}}}\nfn g() {{}}\n", "    x;\n".repeat(LINES));
    assert_eq!(functions(&long), [(1, LINES + 3)]);
    let door = file(&["a"], "a/mod.rs", "pub struct A;\nfn b() {}\nfn c() {}\n");
    assert_eq!(door_faults(&door).len(), 2);
}
