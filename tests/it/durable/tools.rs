//! `saima backup`, `restore`, `repair` and `rebuild`, as their users type them.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::full::Small;
use super::{Changes, Data, SMALL, everything, program, same};
use crate::service::Service;

/// What a command says on standard error, and its exit code.
fn run(args: &[&str]) -> (String, i32) {
    let output = program().args(args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (said, output.status.code().unwrap())
}

fn done(args: &[&str]) -> String {
    let (said, code) = run(args);
    assert_eq!(code, 0, "{args:?}: {said}");
    said
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A service on small files with some hundred changes.
fn filled(config: &str, count: usize) -> (Data, Service, Changes) {
    let (data, mut changes) = (Data::new(config), Changes::new(12));
    let service = data.start();
    (0..count).for_each(|_| assert!(changes.next().send(&service)));
    (data, service, changes)
}

#[test]
fn a_back_up_is_a_marketplace_of_its_own() {
    let (data, service, mut changes) = filled(SMALL, 120);
    let before = everything(&service);
    let backup = data.home.path().join("backup");
    done(&["backup", text(&backup), "--url", service.base()]);
    // What comes later is not in it.
    (0..30).for_each(|_| assert!(changes.next().send(&service)));
    assert_ne!(everything(&service), before);

    let fresh = data.home.path().join("fresh");
    let said = done(&["restore", text(&backup), text(&fresh)]);
    assert!(said.contains("users"), "{said}");
    let restored = Service::launch(None, &["--clock", "event", "--data", text(&fresh)], &[]);
    same(&everything(&restored), &before);

    drop(restored);
    let (said, code) = run(&["rebuild", text(&fresh)]);
    assert!(code == 1 && said.contains("--forget"), "{said}");
    let restored = Service::launch(None, &["--clock", "event", "--data", text(&fresh)], &[]);
    same(&everything(&restored), &before);
    drop(restored);
    done(&["rebuild", text(&fresh), "--forget"]);

    let (said, code) = run(&["backup", text(&backup), "--url", service.base()]);
    assert!(code == 1 && said.contains("not empty"), "{said}");
    let memory = Service::start();
    let nowhere = data.home.path().join("nowhere");
    let (said, code) = run(&["backup", text(&nowhere), "--url", memory.base()]);
    assert!(code == 1 && said.contains("memory only"), "{said}");
    assert!(
        !nowhere.exists(),
        "what failed must not look like a back-up"
    );
}

#[test]
fn a_back_up_that_cannot_be_written_to_is_restored() {
    let (data, service, _) = filled(SMALL, 20);
    let before = everything(&service);
    let mounted = data.home.path().join("mounted");
    let Some(small) = Small::mount(&mounted) else {
        return;
    };
    let backup = mounted.join("backup");
    done(&["backup", text(&backup), "--url", service.base()]);
    small.protect();
    let fresh = data.home.path().join("fresh");
    done(&["restore", text(&backup), text(&fresh)]);
    let restored = Service::launch(None, &["--clock", "event", "--data", text(&fresh)], &[]);
    same(&everything(&restored), &before);
    let (said, code) = run(&["rebuild", text(&backup), "--forget"]);
    assert!(code == 1 && said.contains("Read-only"), "{said}");
}

#[test]
fn an_older_back_up_says_whom_it_would_bring_back() {
    let (data, service, _) = filled(SMALL, 20);
    service.users(&[
        json!({"id": "leaver", "tags": ["t1"]}),
        json!({"id": "returner"}),
    ]);
    let backup = data.home.path().join("backup");
    done(&["backup", text(&backup), "--url", service.base()]);
    assert_eq!(service.delete("/users/leaver"), 204);
    assert_eq!(service.delete("/users/returner"), 204);
    service.users(&[json!({"id": "returner"})]);
    drop(service);

    let path = data.path();
    done(&["rebuild", text(&path)]);
    let (said, code) = run(&["restore", text(&backup), text(&path)]);
    assert!(code == 1 && said.contains("--replace"), "{said}");
    let said = done(&["restore", text(&backup), text(&path), "--replace"]);
    assert!(
        said.contains("1 of them were deleted since and stay deleted"),
        "{said}"
    );
    assert!(
        said.contains("  leaver\n") && !said.contains("  returner"),
        "{said}"
    );
    let service = data.start();
    assert_eq!(service.get("/users/leaver").status, 404);
    assert_eq!(service.get("/users/returner").status, 200);
    drop(service);

    let said = done(&[
        "restore",
        text(&backup),
        text(&path),
        "--replace",
        "--with-deleted",
    ]);
    assert!(said.contains("are restored"), "{said}");
    assert_eq!(data.start().get("/users/leaver").status, 200);
    assert!(data.home.path().join("data.before-2").is_dir());
}

#[test]
fn repair_shows_what_is_lost_and_keeps_all_that_can_be_read() {
    let (data, service, _) = filled("[store]\nsegment_bytes = 4096\n", 80);
    drop(service);
    let path = data.path();
    assert!(done(&["repair", text(&path)]).contains("nothing is wrong"));

    let segment = &data.files("journal")[1];
    let mut bytes = fs::read(segment).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    fs::write(segment, &bytes).unwrap();
    data.refused();
    let (said, code) = run(&["repair", text(&path)]);
    assert!(
        code == 1 && said.contains("cannot be read") && said.contains("are lost"),
        "{said}"
    );
    assert!(said.contains("Nothing was changed"), "{said}");
    assert_eq!(fs::read(segment).unwrap(), bytes);

    done(&["repair", text(&path), "--apply"]);
    assert_eq!(data.files("damaged").len(), 1);
    assert!(done(&["repair", text(&path)]).contains("nothing is wrong"));
    let service = data.start();
    assert!(
        service.metric("saima_journal_sequence ") >= 80.0,
        "what came later is kept"
    );
}

#[test]
fn repair_fills_in_for_a_segment_that_is_gone() {
    let (data, service, _) = filled("[store]\nsegment_bytes = 4096\n", 80);
    drop(service);
    let path = data.path();
    fs::remove_file(&data.files("journal")[1]).unwrap();
    assert!(data.refused().contains("are missing"));
    done(&["repair", text(&path), "--apply"]);
    data.start();
}

#[test]
fn a_checkpoint_that_is_damaged_or_alone_is_not_started_from() {
    let (data, service, _) = filled(&format!("{SMALL}history_days = 0\n"), 300);
    service.wait("no checkpoint", |it| {
        it.metric("saima_checkpoint_sequence ") > 0.0
    });
    drop(service);
    let mut checkpoints = data.files("checkpoint");
    checkpoints.retain(|path| path.extension().is_some_and(|end| end == "ckpt"));
    let checkpoint = checkpoints.pop().unwrap();
    let whole = fs::read(&checkpoint).unwrap();
    let mut bytes = whole.clone();
    bytes[100] ^= 4;
    fs::write(&checkpoint, bytes).unwrap();
    assert!(data.refused().contains("is damaged at byte"));
    let path = data.path();
    let (said, code) = run(&["repair", text(&path), "--apply"]);
    assert!(code == 1 && said.contains("restore a back-up"), "{said}");
    assert_eq!(said.matches(text(&checkpoint)).count(), 1, "{said}");
    assert!(!said.contains("saima repair"), "{said}");
    fs::write(&checkpoint, whole).unwrap();

    for segment in data.files("journal") {
        fs::remove_file(segment).unwrap();
    }
    assert!(data.refused().contains("not the journal after it"));
    done(&["repair", text(&path), "--apply"]);
    data.start();
}

#[test]
fn rebuild_learns_as_if_the_settings_had_always_been_these() {
    let other = "[profile]\nhalf_life_days = 20\n[profile.gains]\nview = 5\npurchase = 2\n";
    // With checkpoints on the way, so that of deleted users only what the race needs is left to learn from.
    let small = SMALL;
    let (data, service, _) = filled(small, 150);
    drop(service);
    let path = data.path();
    let config = data.home.path().join("other.toml");
    fs::write(
        &config,
        format!("{small}{other}[clock]\nmode = \"event\"\n"),
    )
    .unwrap();
    let said = done(&["rebuild", text(&path), "--config", text(&config)]);
    assert!(said.contains("Relearnt from records 1 to"), "{said}");
    let again = Data {
        config: format!("{small}{other}"),
        ..data
    };

    let model = Service::with_config(other);
    let mut changes = Changes::new(12);
    (0..150).for_each(|_| assert!(changes.next().send(&model)));
    same(&everything(&again.start()), &everything(&model));
}
