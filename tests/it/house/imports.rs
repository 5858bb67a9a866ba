//! Imports between the files of the crate. An item that a folder's door re-exports counts as an import of the file that defines it.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

type Path = Vec<String>;

/// Returns every path in some code that begins with `start`, such as `crate::`; groups in braces are expanded.
pub(super) fn paths(code: &str, start: &str) -> Vec<Path> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(start) {
        let before = code[..at].chars().next_back();
        if !before.is_some_and(|letter| is_word(letter) || letter == ':') {
            expand(&code[at..], Vec::new(), &mut found);
        }
    }
    found
}

fn expand(text: &str, mut path: Path, found: &mut Vec<Path>) {
    let text = text.trim_start();
    let word: String = text.chars().take_while(|letter| is_word(*letter)).collect();
    let rest = text[word.len()..].trim_start();
    if !word.is_empty() && word != "self" || path.is_empty() {
        path.push(word);
    }
    let Some(rest) = rest.strip_prefix("::") else {
        found.push(path);
        return;
    };
    match rest.trim_start().strip_prefix('{') {
        Some(group) => {
            for member in members(group) {
                expand(member, path.clone(), found);
            }
        }
        None => expand(rest, path, found),
    }
}

/// Returns the members of a group of imports, up to the brace that closes it.
fn members(group: &str) -> Vec<&str> {
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
    members.retain(|member| !member.trim().is_empty());
    members
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The imports between files, doors left out.
pub(super) struct Graph<'s> {
    files: BTreeMap<&'s [String], &'s Source>,
}

impl<'s> Graph<'s> {
    /// Reads the imports of these files.
    pub(super) fn of(sources: &'s [Source]) -> Self {
        let files = sources.iter().map(|source| (&*source.module, source));
        Self {
            files: files.collect(),
        }
    }

    /// Returns the groups of files that import each other in a circle.
    pub(super) fn circles(&self) -> Vec<BTreeSet<&'s str>> {
        let all = self.files.values().filter(|file| !file.is_door());
        let edges: BTreeMap<&str, BTreeSet<&str>> = all
            .map(|file| (file.path.as_str(), self.imports(file)))
            .collect();
        let reach: BTreeMap<&str, BTreeSet<&str>> = edges
            .keys()
            .map(|from| (*from, reachable(from, &edges)))
            .collect();
        let mut circles = BTreeSet::new();
        for (from, reached) in &reach {
            if reached.contains(from) {
                let back = reached.iter().filter(|to| reach[*to].contains(from));
                circles.insert(back.copied().collect::<BTreeSet<_>>());
            }
        }
        circles.into_iter().collect()
    }

    /// Returns the files that a file imports.
    fn imports(&self, file: &Source) -> BTreeSet<&'s str> {
        let starts = ["crate::", "super::", "self::"];
        let paths = starts.iter().flat_map(|start| paths(&file.code, start));
        let found = paths.filter_map(|path| self.resolve(&file.module, &path, 0));
        let others = found.filter(|path| *path != file.path);
        others.collect()
    }

    /// Returns the file that defines the item of a path that is written in a module.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<&'s str> {
        let mut absolute = match path.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            _ => module.to_vec(),
        };
        for name in path {
            match name.as_str() {
                "crate" | "self" => {}
                "super" => {
                    absolute.pop();
                }
                name => absolute.push(name.to_owned()),
            }
        }
        let known = (0..=absolute.len()).rev();
        let known = known.map(|end| absolute.split_at(end));
        let (owner, rest) = known
            .into_iter()
            .find(|(owner, _)| self.files.contains_key(owner))?;
        let file = self.files[owner];
        match rest.first() {
            Some(name) if file.is_door() && depth < 8 => {
                let exports = paths_of_uses(&file.code);
                let export = exports.iter().find(|path| path.last() == Some(name))?;
                let export = if ["crate", "super", "self"].contains(&export[0].as_str()) {
                    export.clone()
                } else {
                    [&["self".to_owned()], export.as_slice()].concat()
                };
                self.resolve(owner, &export, depth + 1)
            }
            _ => (!file.is_door()).then_some(file.path.as_str()),
        }
    }
}

/// Returns the paths of the `use` declarations of a door.
fn paths_of_uses(code: &str) -> Vec<Path> {
    let mut found = Vec::new();
    for (at, word) in code.match_indices("use ") {
        if !code[..at].chars().next_back().is_some_and(is_word) {
            expand(&code[at + word.len()..], Vec::new(), &mut found);
        }
    }
    found
}

fn reachable<'s>(from: &'s str, edges: &BTreeMap<&'s str, BTreeSet<&'s str>>) -> BTreeSet<&'s str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        for to in edges.get(file).into_iter().flatten() {
            if reached.insert(*to) {
                next.push(to);
            }
        }
    }
    reached
}
