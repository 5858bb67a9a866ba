//! The README and the guides: every block of code is run or parsed, and every name and link in the text must exist.
//!
//! A comment before a block says how it is tested: `<!-- demo -->` (run against `saima demo`), `<!-- map -->` (a map of an
//! import), `<!-- not run: reason -->` (only its form and its commands are checked).

mod assignment;
mod block;
mod commands;
mod examples;
mod form;
mod mentions;
mod session;

use std::collections::BTreeMap;

use block::{Block, Page, pages};
use serde_json::Value;
use session::Session;

use crate::service::{Service, program};

/// Runs blocks of a page and compares each output with the block that shows it.
fn run(page: &Page, wanted: impl Fn(&Block) -> bool, address: &str) {
    let blocks = page.blocks();
    let scripts: Vec<usize> = (0..blocks.len())
        .filter(|place| blocks[*place].language == "sh" && wanted(&blocks[*place]))
        .collect();
    let mut session = Session::new(address);
    for place in &scripts {
        session.add(&blocks[*place]);
    }
    let outputs = session.run();
    for (place, (out, err)) in scripts.into_iter().zip(outputs) {
        let Some(shown) = blocks.get(place + 1).filter(|next| next.follows) else {
            continue;
        };
        match shown.language.as_str() {
            "json" => assert_eq!(comparable(&out), comparable(&shown.text), "{}", shown.place),
            "text" => assert_eq!((out + &err).trim(), shown.text.trim(), "{}", shown.place),
            _ => {}
        }
    }
}

/// Parses JSON values and removes the fields that differ from run to run.
fn comparable(text: &str) -> Vec<Value> {
    let mut values = form::json(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    values.iter_mut().for_each(without_counters);
    values
}

fn without_counters(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| name != "request_id" && name != "standings");
            members.values_mut().for_each(without_counters);
        }
        Value::Array(elements) => elements.iter_mut().for_each(without_counters),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn demo_blocks_print_the_shown_output() {
    let mut demo = program();
    demo.args(["demo", "--listen", "127.0.0.1:0"]);
    demo.stderr(std::process::Stdio::null());
    let service = Service::run(demo, None);
    let address = service.base().trim_start_matches("http://");
    for page in pages() {
        run(&page, Block::is_demo, address);
    }
}

#[test]
fn shell_blocks_succeed() {
    for page in pages() {
        let free = session::free_address();
        run(
            &page,
            |block| !block.is_demo() && !block.is_not_run(),
            &free,
        );
    }
}

#[test]
fn blocks_have_a_known_language_and_form() {
    let mut faults = Vec::new();
    for block in pages().iter().flat_map(Page::blocks) {
        if let Err(fault) = form::check(&block) {
            faults.push(format!("{}: {fault}", block.place));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn commands_and_flags_exist() {
    let mut helps = BTreeMap::new();
    for block in pages().iter().flat_map(Page::blocks) {
        if !["sh", "ini"].contains(&block.language.as_str()) {
            continue;
        }
        for (command, flags) in commands::of(&block.text) {
            let help = helps
                .entry(command.clone())
                .or_insert_with(|| commands::help(&command));
            let unknown: Vec<&String> = flags.iter().filter(|flag| !help.contains(*flag)).collect();
            assert!(unknown.is_empty(), "{}: {command} {unknown:?}", block.place);
        }
    }
    assert!(helps.len() > 3);
}

#[test]
fn the_readme_is_short() {
    let pages = pages();
    let readme = pages.last().unwrap();
    assert_eq!(readme.path, "README.md");
    assert!(
        readme.text.len() <= 10 * 1024,
        "{} bytes",
        readme.text.len()
    );
    assert!(readme.text.lines().count() <= 200);
}
