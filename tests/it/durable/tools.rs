//! `saima backup`, `restore`, `repair` and `rebuild`.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::full::Small;
use super::{Changes, Data, SMALL, everything, program, same};
use crate::service::{JSON, Service};

/// Runs a command; returns its standard error and exit code.
fn run(args: &[&str]) -> (String, i32) {
    let output = program().args(args).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    (message, output.status.code().unwrap())
}

fn done(args: &[&str]) -> String {
    let (message, code) = run(args);
    assert_eq!(code, 0, "{args:?}: {message}");
    message
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Starts a service on small files and sends it `count` changes.
fn filled(config: &str, count: usize) -> (Data, Service, Changes) {
    let (data, mut changes) = (Data::new(config), Changes::new(12));
    let service = data.start();
    (0..count).for_each(|_| assert!(changes.next().send(&service)));
    (data, service, changes)
}

#[test]
fn a_backup_restores_a_whole_marketplace() {
    let (data, service, mut changes) = filled(SMALL, 120);
    let before = everything(&service);
    let backup = data.home.path().join("backup");
    done(&["backup", text(&backup), "--url", service.base()]);
    // Later changes are not in the backup.
    (0..30).for_each(|_| assert!(changes.next().send(&service)));
    assert_ne!(everything(&service), before);

    let fresh = data.home.path().join("fresh");
    let message = done(&["restore", text(&backup), text(&fresh)]);
    assert!(message.contains("users"), "{message}");
    let restored = Service::launch(None, &["--clock", "event", "--data", text(&fresh)], &[]);
    same(&everything(&restored), &before);

    drop(restored);
    let (message, code) = run(&["rebuild", text(&fresh)]);
    assert!(code == 1 && message.contains("--forget"), "{message}");
    let restored = Service::launch(None, &["--clock", "event", "--data", text(&fresh)], &[]);
    same(&everything(&restored), &before);
    drop(restored);
    done(&["rebuild", text(&fresh), "--forget"]);

    let (message, code) = run(&["backup", text(&backup), "--url", service.base()]);
    assert!(code == 1 && message.contains("not empty"), "{message}");
    let memory = Service::start();
    let nowhere = data.home.path().join("nowhere");
    let (message, code) = run(&["backup", text(&nowhere), "--url", memory.base()]);
    assert!(code == 1 && message.contains("memory only"), "{message}");
    assert!(!nowhere.exists(), "a failed backup must not look like one");
}

/// Sets the limit of the default scene over the file.
fn set_limit(service: &Service, generation: &str, limit: u32) {
    let body = json!({"set": {"scene": {"default": {"limit": limit}}}, "reason": "a test"});
    let headers = [("Content-Type", JSON), ("If-Match", generation)];
    let answer = service.send("PUT", "/config", &headers, body.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_backup_holds_the_shared_configuration() {
    for journal in [&["--with-journal"][..], &[]] {
        let (data, service, _) = filled(SMALL, 20);
        set_limit(&service, "1", 3);
        let shared = |service: &Service| {
            let paths = ["/config/overrides", "/config/history/2"];
            paths.map(|path| service.get(path).text())
        };
        let before = shared(&service);
        assert!(before[1].contains("a test"), "{before:?}");
        let backup = data.home.path().join("backup");
        let taking = ["backup", text(&backup), "--url", service.base()];
        done(&[&taking, journal].concat());
        set_limit(&service, "2", 4);
        let after = shared(&service);
        assert!(before[0].contains("limit = 3") && after[0].contains("limit = 4"));
        drop(service);

        let fresh = data.home.path().join("fresh");
        done(&["restore", text(&backup), text(&fresh)]);
        let restored = data.serve(&fresh);
        assert_eq!(shared(&restored), before);
        drop(restored);
        done(&["restore", text(&backup), text(&data.path()), "--replace"]);
        assert_eq!(shared(&data.start()), after, "those of the service stay");
    }
}

#[test]
fn a_read_only_backup_can_be_restored() {
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
    let (message, code) = run(&["rebuild", text(&backup), "--forget"]);
    assert!(code == 1 && message.contains("Read-only"), "{message}");
}

#[test]
fn restore_reports_users_deleted_since_the_backup() {
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
    let (message, code) = run(&["restore", text(&backup), text(&path)]);
    assert!(code == 1 && message.contains("--replace"), "{message}");
    let message = done(&["restore", text(&backup), text(&path), "--replace"]);
    assert!(
        message.contains("1 of them were deleted since and stay deleted"),
        "{message}"
    );
    assert!(
        message.contains("  leaver\n") && !message.contains("  returner"),
        "{message}"
    );
    let service = data.start();
    assert_eq!(service.get("/users/leaver").status, 404);
    assert_eq!(service.get("/users/returner").status, 200);
    drop(service);

    let message = done(&[
        "restore",
        text(&backup),
        text(&path),
        "--replace",
        "--with-deleted",
    ]);
    assert!(message.contains("are restored"), "{message}");
    assert_eq!(data.start().get("/users/leaver").status, 200);
    assert!(data.home.path().join("data.before-2").is_dir());
}

#[test]
fn repair_reports_losses_and_keeps_readable_records() {
    let (data, service, _) = filled("[store]\nsegment_bytes = 4096\n", 80);
    drop(service);
    let path = data.path();
    assert!(done(&["repair", text(&path)]).contains("nothing is wrong"));

    let segment = &data.files("journal")[1];
    let mut bytes = fs::read(segment).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    fs::write(segment, &bytes).unwrap();
    data.start_error();
    let (message, code) = run(&["repair", text(&path)]);
    assert!(
        code == 1 && message.contains("cannot be read") && message.contains("are lost"),
        "{message}"
    );
    assert!(message.contains("Nothing was changed"), "{message}");
    assert_eq!(fs::read(segment).unwrap(), bytes);

    done(&["repair", text(&path), "--apply"]);
    assert_eq!(data.files("damaged").len(), 1);
    assert!(done(&["repair", text(&path)]).contains("nothing is wrong"));
    let service = data.start();
    assert!(
        service.metric("saima_journal_sequence ") >= 80.0,
        "later records are kept"
    );
}

#[test]
fn repair_replaces_a_missing_segment() {
    let (data, service, _) = filled("[store]\nsegment_bytes = 4096\n", 80);
    drop(service);
    let path = data.path();
    fs::remove_file(&data.files("journal")[1]).unwrap();
    assert!(data.start_error().contains("are missing"));
    done(&["repair", text(&path), "--apply"]);
    data.start();
}

#[test]
fn a_damaged_or_lone_checkpoint_is_rejected() {
    let (data, service, _) = filled(&format!("{SMALL}history_days = 0\n"), 300);
    service.wait("a checkpoint is written", |it| {
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
    assert!(data.start_error().contains("is damaged at byte"));
    let path = data.path();
    let (message, code) = run(&["repair", text(&path), "--apply"]);
    assert!(
        code == 1 && message.contains("restore a backup"),
        "{message}"
    );
    assert_eq!(message.matches(text(&checkpoint)).count(), 1, "{message}");
    assert!(!message.contains("saima repair"), "{message}");
    fs::write(&checkpoint, whole).unwrap();

    for segment in data.files("journal") {
        fs::remove_file(segment).unwrap();
    }
    assert!(data.start_error().contains("not the journal after it"));
    done(&["repair", text(&path), "--apply"]);
    data.start();
}

#[test]
fn rebuild_applies_new_settings_to_all_history() {
    let other = "[profile]\nhalf_life_days = 20\n[profile.gains]\nview = 5\npurchase = 2\n";
    // Checkpoints in between leave only what the race needs of deleted users.
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
    let message = done(&["rebuild", text(&path), "--config", text(&config)]);
    assert!(message.contains("Relearnt from records 1 to"), "{message}");
    let again = Data {
        config: format!("{small}{other}"),
        ..data
    };

    let model = Service::with_config(other);
    let mut changes = Changes::new(12);
    (0..150).for_each(|_| assert!(changes.next().send(&model)));
    same(&everything(&again.start()), &everything(&model));
}

#[test]
fn rebuild_learns_what_a_new_rule_or_objective_asks_for() {
    let mut data = Data::new("[scene.default.weights]\nquality = 1\n");
    let service = data.start();
    service.merchants(&[json!({"id": "m", "goal": "acquisition"})]);
    service.items(&[
        json!({"id": "a", "quality": 0.9}),
        json!({"id": "b", "merchant_id": "m"}),
    ]);
    let at = 1_743_984_000_000_i64;
    let shown = |user: &str, item: &str| json!({"user_id": user, "item_id": item, "kind": "impression", "at": at});
    service.events(&[shown("u", "a"), shown("u", "b"), shown("v", "b")]);
    assert_eq!(service.order("u", &["a", "b"]), ["a", "b"]);
    drop(service);

    data.config = "[scene.default]\nweights = { quality = 1, goal = 1 }\n\
                   rules = [{ name = \"worn\", rule = \"seen\", after = 1, days = 7, then = \"hide\" }]\n"
        .to_owned();
    let service = data.start();
    assert_eq!(service.order("u", &["a", "b"]), ["a", "b"], "not known yet");
    assert_eq!(service.objective("v", "b", "goal")["missing"], true);
    drop(service);
    let config = data.home.path().join("rebuild.toml");
    let event_time = "[clock]\nmode = \"event\"\n";
    fs::write(&config, format!("{}{event_time}", data.config)).unwrap();
    done(&["rebuild", text(&data.path()), "--config", text(&config)]);
    let service = data.start();
    assert_eq!(service.order("u", &["a", "b"]), Vec::<String>::new());
    assert_eq!(service.order("new", &["a", "b"]), ["a", "b"]);
    let goal = service.objective("new", "b", "goal");
    assert_eq!(
        (goal["raw"].as_f64(), goal["value"].as_f64()),
        (Some(0.0), Some(0.5))
    );
    assert!(goal.get("missing").is_none());
}

#[test]
fn a_restored_backup_with_journal_can_be_rebuilt() {
    let (data, service, _) = filled(SMALL, 60);
    let backup = data.home.path().join("backup");
    done(&[
        "backup",
        text(&backup),
        "--url",
        service.base(),
        "--with-journal",
    ]);
    let before = everything(&service);
    assert!(
        !service
            .json("POST", "/backup?journal=maybe", &json!({}))
            .problem(422)
            .is_empty()
    );
    drop(service);
    assert!(done(&["repair", text(&backup)]).contains("nothing is wrong"));
    let fresh = data.home.path().join("fresh");
    done(&["restore", text(&backup), text(&fresh)]);
    let config = data.home.path().join("small.toml");
    fs::write(&config, format!("{SMALL}[clock]\nmode = \"event\"\n")).unwrap();
    let message = done(&["rebuild", text(&fresh), "--config", text(&config)]);
    assert!(message.contains("from records 1 to"), "{message}");
    let restored = Data {
        home: data.home,
        config: SMALL.to_owned(),
    };
    fs::rename(restored.path(), restored.home.path().join("old")).unwrap();
    fs::rename(&fresh, restored.path()).unwrap();
    same(&everything(&restored.start()), &before);
}
