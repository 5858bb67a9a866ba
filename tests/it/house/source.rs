//! The source files of the crate, as the rules of the house read them: without comments and tests.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
pub(super) struct Source {
    /// Its path under `src`.
    pub(super) path: String,
    /// Its module path: `config`, `scene`.
    pub(super) module: Vec<String>,
    /// Its code without comments and tests.
    pub(super) code: String,
}

impl Source {
    /// Returns the room: the top-level module.
    pub(super) fn room(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    /// Returns whether the file is the door of a folder: it declares the files in it and re-exports their items.
    pub(super) fn is_door(&self) -> bool {
        self.path == "lib.rs" || self.path.ends_with("mod.rs")
    }
}

/// Returns every Rust file under a folder of the repository.
pub(super) fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn is_test(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "tests" || part.ends_with("tests.rs"))
}

/// Returns every source file of the crate that is not a test.
pub(super) fn sources() -> Vec<Source> {
    let root = root().join("src");
    let sources = files("src").into_iter().filter_map(|file| {
        let path = file
            .strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let code = without_comments(&fs::read_to_string(&file).unwrap());
        let code = match code.find("#[cfg(test)]\nmod tests {") {
            Some(tests) => code[..tests].to_owned(),
            None => code,
        };
        let module = module(&path);
        (!is_test(&path)).then_some(Source { path, module, code })
    });
    sources.collect()
}

/// Returns the module path of a file: `rank/slate.rs` and `rank/slate/mod.rs` are `rank`, `slate`.
fn module(path: &str) -> Vec<String> {
    let path = path.trim_end_matches(".rs");
    let path = path.trim_end_matches("/mod");
    let names = path.split('/').filter(|name| *name != "lib");
    names.map(str::to_owned).collect()
}

/// Returns a text without its line comments.
pub(super) fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| match line.find("//") {
        Some(start) if !line[..start].contains('"') => &line[..start],
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}
