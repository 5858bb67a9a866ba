//! The names and links in the text: metrics, tests, files and headings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Tag, TagEnd};
use serde_json::json;

use super::block::{Page, pages};
use crate::service::Service;

/// A configuration that has one of everything of which each has metrics of its own.
const NAMED: &str = "[selection.s]\nwhere = 'true'\n[audience.a]\nwhere = 'true'\n[experiment.e]\nlayer = 'l'\nrange = [0.0, 1.0]\n\
                     primary = 'ctr'\nfind = 0.1\ncontrol = 'a'\narms = { a = { share = 0.5 }, b = { share = 0.5 } }\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Lists every series of a service's metrics; those of a step appear with the first ranking.
fn series(service: &Service) -> BTreeSet<String> {
    service.rank(&json!({"user_id": "u", "candidates": ["x"]}));
    let page = service.get("/metrics").text();
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let families = types.map(|line| line.split_once(' ').unwrap());
    let names = families.flat_map(|(name, kind)| {
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count", ""],
            _ => &[""],
        };
        suffixes.iter().map(move |suffix| format!("{name}{suffix}"))
    });
    names.collect()
}

/// Returns the words of a text whose characters all satisfy `letter`.
fn words(text: &str, letter: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    text.split(move |other: char| !letter(other))
        .filter(|word| !word.is_empty())
}

#[test]
fn metrics_of_the_text_exist() {
    let known = series(&Service::with_config(NAMED));
    let mut count = 0;
    for page in pages() {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || "_./".contains(letter);
        let metric = |word: &&str| word.starts_with("saima_") && !word.starts_with("saima_client.");
        for name in words(&page.text, letter).filter(metric) {
            let name = name.trim_end_matches(['.', '/', '_']);
            assert!(
                name == "saima" || known.contains(name),
                "{}: {name}",
                page.path
            );
            count += 1;
        }
    }
    assert!(count > 20);
}

#[test]
fn the_table_of_metrics_is_whole() {
    let known = series(&Service::with_config(NAMED));
    let pages = pages();
    let operate = pages.iter().find(|page| page.path.ends_with("operate.md"));
    let section = operate
        .unwrap()
        .text
        .split("\n## Metrics\n")
        .nth(1)
        .unwrap();
    let rows = section.split("\n## ").next().unwrap().lines();
    let cells = rows.filter_map(|row| row.strip_prefix("| `")?.split(" | ").next());
    let codes = cells.flat_map(|cell| cell.split('`').step_by(2));
    let listed: BTreeSet<String> = codes
        .map(|code| format!("saima_{}", code.split('{').next().unwrap()))
        .collect();
    let unknown: Vec<&String> = listed.difference(&known).collect();
    assert!(unknown.is_empty(), "no such metrics: {unknown:?}");
    let part = |name: &&&String| {
        ["_bucket", "_sum", "_count"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    let missing: Vec<&String> = known
        .difference(&listed)
        .filter(|name| !part(&name))
        .collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
}

/// Returns the source file of a module, if there is one.
fn module(path: &[&str]) -> Option<PathBuf> {
    let joined = path.join("/");
    let files = ["tests/it", "src"].into_iter().flat_map(|base| {
        [
            format!("{base}/{joined}.rs"),
            format!("{base}/{joined}/mod.rs"),
        ]
    });
    files
        .map(|file| root().join(file))
        .find(|file| file.exists())
}

/// Returns whether a module, an inner module or a function of that path exists.
fn exists(path: &str) -> bool {
    let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
    let Some((last, parents)) = parts.split_last() else {
        return false;
    };
    let named = |file: PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        text.contains(&format!("fn {last}(")) || text.contains(&format!("mod {last} {{"))
    };
    module(&parts).is_some() || module(parents).is_some_and(named)
}

/// Returns the test names on a page: those in tables with the column "held by the test", and every path with `::`.
fn tests(page: &Page) -> Vec<String> {
    let letter = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_:".contains(letter)
    };
    let paths = words(&page.text, letter).filter(|word| word.contains("::"));
    let mut found: Vec<String> = paths.map(str::to_owned).collect();
    let promises = page.text.split("held by the test |\n").skip(1);
    for table in promises {
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let cells = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next());
        found.extend(cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned)));
    }
    found
}

#[test]
fn tests_of_the_text_exist() {
    let mut count = 0;
    for page in pages() {
        for test in tests(&page) {
            assert!(exists(&test), "{}: there is no test {test}", page.path);
            count += 1;
        }
    }
    assert!(count > 10);
    assert!(!exists("durable::nothing") && !exists("nothing::at_all"));
}

/// Returns every link of a page.
fn links(page: &Page) -> Vec<String> {
    let mut links = Vec::new();
    for event in page.parser() {
        if let Event::Start(Tag::Link { dest_url, .. }) = event {
            links.push(dest_url.into_string());
        }
    }
    links
}

/// Returns whether the page of a guide has a heading of that id.
fn has_heading(service: &Service, guide: &str, id: &str) -> bool {
    let answer = service.get(&format!("/docs/{guide}"));
    answer.status == 200 && answer.text().contains(&format!(" id=\"{id}\""))
}

#[test]
fn links_lead_somewhere() {
    let service = Service::start();
    for page in pages() {
        for link in links(&page)
            .iter()
            .filter(|link| !link.starts_with("https://"))
        {
            let place = format!("{}: {link}", page.path);
            if link.starts_with('/') {
                assert_eq!(service.get(link).status, 200, "{place}");
                continue;
            }
            let (file, id) = link.split_once('#').unwrap_or((link, ""));
            let folder = root().join(&page.path);
            let target = if file.is_empty() {
                folder
            } else {
                folder.with_file_name("").join(file)
            };
            assert!(target.exists(), "{place}");
            let guide = target.file_stem().unwrap().to_str().unwrap();
            assert!(id.is_empty() || has_heading(&service, guide, id), "{place}");
        }
    }
}

#[test]
fn every_guide_is_served_and_listed() {
    let service = Service::start();
    let overview = service.get("/docs").text();
    for page in pages().iter().filter(|page| page.path != "README.md") {
        let file = page.path.strip_prefix("src/docs/").unwrap();
        let address = format!("/docs/{}", file.strip_suffix(".md").unwrap());
        assert!(
            overview.contains(&format!("href=\"{address}\"")),
            "{address}"
        );
        let html = service.get(&address).text();
        let headings = page
            .parser()
            .filter(|event| matches!(event, Event::End(TagEnd::Heading(_))));
        assert!(
            headings.count() > 0 && html.contains("<h1 id="),
            "{address}"
        );
        let language = if file.ends_with(".zh.md") { "zh" } else { "en" };
        assert!(
            html.contains(&format!("<html lang=\"{language}\">")),
            "{address}"
        );
    }
}
