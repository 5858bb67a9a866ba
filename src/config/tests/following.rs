//! Generations: changes that go live, changes that are rejected, and the watch of the file.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::{Config, ConfigFaults, LastAsked, Live, Watcher, watch};
use super::parse;
use super::sharing::{edit, set};
use crate::threads::Threads;

#[test]
fn an_equal_configuration_keeps_the_generation() {
    let live = Live::new(Config::embedded());
    let first = live.load();
    assert_eq!(live.replace(parse("# a comment").unwrap()), Ok(1));
    assert!(Arc::ptr_eq(&first, &live.load()));
}

#[test]
fn old_readers_keep_their_generation() {
    let live = Live::new(Config::embedded());
    let before = live.load();
    assert_eq!(
        live.replace(parse("[scene.default]\nlimit = 7").unwrap()),
        Ok(2)
    );
    assert_eq!(before.config.scenes["default"].limit, 50);
    assert_eq!(live.peek().config.scenes["default"].limit, 7);
    assert_eq!(live.load().number, 2);
}

#[test]
fn keys_that_need_a_restart_are_rejected() {
    let live = Live::new(Config::embedded());
    let text = "
        server = { listen = '127.0.0.1:1', drain_seconds = 1 }
        tls = { certificate = 'c.pem', key = 'k.pem', handshake_seconds = 2 }
        admission = { rank = 1, batch = 1, ingest = 1 }
        store = { unknown_items = 'stub', event_ids = 1 }
        clock = { mode = 'event' }
        profile = { half_life_days = 1, declared_gain = 1 }
        race = { utc_offset = '+08:00', level = 1 }
        log = { level = 'debug' }";
    let rejected = live.replace(parse(text).unwrap()).unwrap_err();
    let mut paths: Vec<_> = rejected.iter().map(|fault| fault.path.as_str()).collect();
    paths.sort_unstable();
    let right = [
        "admission.batch",
        "admission.ingest",
        "clock.mode",
        "log.level",
        "profile.half_life_days",
        "race.utc_offset",
        "server.listen",
        "store.event_ids",
        "store.unknown_items",
        "tls.certificate",
        "tls.handshake_seconds",
        "tls.key",
    ];
    assert_eq!(paths, right);
    let restart = |message: &str| message.starts_with("needs a restart: ");
    assert!(rejected.iter().all(|fault| restart(&fault.message)));
    assert_eq!(live.load().number, 1);
}

#[test]
fn a_scene_in_use_cannot_be_removed() {
    let with = |scene: &str| parse(&format!("[scene.default]\nlimit = 9\n{scene}")).unwrap();
    let live = Live::new(with("[scene.feed]\nlimit = 3"));
    let ask = || live.load().config.scenes["feed"].asked.note(Instant::now());
    ask();
    assert_eq!(live.replace(with("[scene.feed]\nlimit = 4")), Ok(2));
    let faults = live.replace(with("")).unwrap_err();
    assert_eq!((faults.len(), &*faults[0].path), (1, "scene.feed"));
    assert_eq!(live.replace(with("[scene.feed]\nretired = true")), Ok(3));
    let retired = live.load();
    assert_eq!(retired.config.answering("feed").unwrap().name, "default");
    ask();
    assert_eq!(live.replace(with("")), Ok(4));
    assert_eq!(live.replace(with("[scene.feed]")), Ok(5));
    assert_eq!(live.replace(with("")), Ok(6), "nobody asked for it since");
    assert!(parse("scene.default.retired = true").is_err());
}

#[test]
fn a_request_counts_for_an_hour() {
    let (asked, hour) = (LastAsked::default(), Duration::from_secs(3_600));
    let now = Instant::now();
    assert!(!asked.within(hour, now));
    asked.note(now);
    assert!(asked.within(hour, now + hour / 2));
    assert!(!asked.within(hour, now + hour + Duration::from_secs(1)));
}

#[test]
fn concurrent_replacements_lose_no_number() {
    let live = Live::new(Config::embedded());
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let live = &live;
            scope.spawn(move || {
                for step in 0..25 {
                    let limit = 100 + worker * 100 + step;
                    let text = format!("[scene.default]\nlimit = {limit}");
                    live.replace(parse(&text).unwrap()).unwrap();
                }
            });
        }
    });
    assert_eq!(live.load().number, 101);
}

/// A followed file and its results.
pub(super) struct Followed {
    pub(super) live: Arc<Live>,
    results: Receiver<Result<u64, ConfigFaults>>,
    watcher: Watcher,
}

pub(super) fn follow(path: &Path) -> Followed {
    follow_while(path, |_| {})
}

/// Follows a file; lets others do something within each read.
fn follow_while(path: &Path, others: impl Fn(&Live) + Send + 'static) -> Followed {
    let live = Arc::new(Live::new(Config::load(path).unwrap()));
    let shared = Arc::clone(&live);
    let (sender, results) = channel();
    let on_result = move |result| sender.send(result).unwrap();
    let watcher = watch(
        "",
        path,
        Arc::clone(&live),
        &Threads::default(),
        move |_| others(&shared),
        Box::new(|_, go_live| go_live()),
        on_result,
    )
    .unwrap();
    Followed {
        live,
        results,
        watcher,
    }
}

impl Followed {
    pub(super) fn next(&self) -> Result<u64, ConfigFaults> {
        self.results
            .recv_timeout(Duration::from_secs(60))
            .expect("no result arrived")
    }
}

/// Replaces a file as editors do: writes another one and renames it.
pub(super) fn rename_over(path: &Path, text: &str) {
    let other = path.with_extension("new");
    fs::write(&other, text).unwrap();
    fs::rename(other, path).unwrap();
}

fn limit(live: &Live) -> usize {
    live.load().config.scenes["default"].limit
}

#[test]
fn the_first_read_reports_no_change_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saima.toml");
    fs::write(&path, "scene.default.limit = 5").unwrap();
    let followed = follow_while(&path, |live| {
        let limit = json!({"scene": {"default": {"limit": 7}}});
        edit(live, set(limit)).unwrap();
    });
    while limit(&followed.live) != 7 {
        std::thread::sleep(Duration::from_millis(1));
    }
    rename_over(&path, "scene.default.limt = 6");
    followed.next().unwrap_err();
}

#[test]
fn a_renamed_file_goes_live_if_valid() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saima.toml");
    fs::write(&path, "scene.default.limit = 5").unwrap();
    let followed = follow(&path);
    rename_over(&path, "scene.default.limit = 6");
    assert_eq!(followed.next(), Ok(2));
    assert_eq!(limit(&followed.live), 6);

    rename_over(&path, "\nscene.default.limt = 7");
    let faults = followed.next().unwrap_err();
    assert_eq!((faults.faults.len(), faults.faults[0].line), (1, 2));
    assert_eq!((followed.live.load().number, limit(&followed.live)), (2, 6));

    rename_over(&path, "\n[clock]\nmode = 'event'");
    let faults = followed.next().unwrap_err();
    assert_eq!(
        (faults.faults.len(), faults.faults[0].line),
        (1, 3),
        "{faults}"
    );

    fs::write(&path, "scene.default.limit = 8 # in place").unwrap();
    let mut result = followed.next();
    while result != Ok(3) {
        result = followed.next();
    }
    assert_eq!(limit(&followed.live), 8);

    fs::remove_file(&path).unwrap();
    let gone = followed.next().unwrap_err().to_string();
    assert!(gone.contains("cannot be read"), "{gone}");
    assert_eq!(limit(&followed.live), 8);
}

#[test]
fn overrides_of_the_command_line_survive_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saima.toml");
    fs::write(&path, "scene.default.limit = 5").unwrap();
    let adjust = |config: &mut Config| config.server.listen.set_port(9);
    let mut config = Config::load(&path).unwrap();
    adjust(&mut config);
    let live = Arc::new(Live::new(config));
    let (sender, results) = channel();
    let on_result = move |result| sender.send(result).unwrap();
    let _watcher = watch(
        "",
        &path,
        Arc::clone(&live),
        &Threads::default(),
        adjust,
        Box::new(|_, go_live| go_live()),
        on_result,
    )
    .unwrap();
    rename_over(&path, "scene.default.limit = 6");
    assert_eq!(
        results.recv_timeout(Duration::from_secs(60)).unwrap(),
        Ok(2)
    );
    assert_eq!(live.load().config.server.listen.port(), 9);
}

#[test]
fn an_emptied_file_keeps_the_generation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saima.toml");
    fs::write(&path, "scene.default.limit = 5").unwrap();
    let followed = follow(&path);
    rename_over(&path, "\n");
    let empty = followed.next().unwrap_err().to_string();
    assert!(empty.contains("is empty"), "{empty}");
    assert_eq!((followed.live.load().number, limit(&followed.live)), (1, 5));
    rename_over(&path, "# every default");
    assert_eq!(followed.next(), Ok(2));
}

#[test]
fn a_reread_reports_unchanged_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saima.toml");
    fs::write(&path, "scene.default.limit = 5").unwrap();
    let followed = follow(&path);
    followed.watcher.reread().now();
    assert_eq!(followed.next(), Ok(1));
}

#[test]
fn a_panic_of_the_watcher_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saima.toml");
    fs::write(&path, "scene.default.limit = 5").unwrap();
    let live = Arc::new(Live::new(Config::load(&path).unwrap()));
    let (sender, results) = channel();
    let on_result = move |result| sender.send(result).unwrap();
    let left = AtomicU64::new(2);
    let adjust = move |config: &mut Config| {
        let panics = config.scenes["default"].limit == 6 && left.load(Ordering::Relaxed) > 0;
        left.fetch_sub(panics.into(), Ordering::Relaxed);
        assert!(!panics, "on purpose");
    };
    let threads = Threads::default();
    let _watcher = watch(
        "",
        &path,
        Arc::clone(&live),
        &threads,
        adjust,
        Box::new(|_, go_live| go_live()),
        on_result,
    )
    .unwrap();
    rename_over(&path, "scene.default.limit = 6");
    assert_eq!(
        results.recv_timeout(Duration::from_secs(60)).unwrap(),
        Ok(2)
    );
    threads.failures(|thread, count| assert_eq!((thread, count), ("config", 2)));
}

#[test]
fn a_dropped_watcher_ends_its_thread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saima.toml");
    fs::write(&path, "").unwrap();
    let followed = follow(&path);
    drop(followed.watcher);
    assert!(
        followed.results.recv().is_err(),
        "the callback is dropped and was not called"
    );
}

/// Mounted configuration: the file is a link through a directory link; an update swaps the directory link.
#[cfg(unix)]
#[test]
fn a_swapped_directory_link_is_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (version, limit) in [("one", 5), ("two", 6)] {
        fs::create_dir(at(version)).unwrap();
        let text = format!("scene.default.limit = {limit}");
        fs::write(at(version).join("saima.toml"), text).unwrap();
    }
    symlink("one", at("data")).unwrap();
    symlink("data/saima.toml", at("saima.toml")).unwrap();
    let followed = follow(&at("saima.toml"));
    symlink("two", at("next")).unwrap();
    fs::rename(at("next"), at("data")).unwrap();
    assert_eq!(followed.next(), Ok(2));
    assert_eq!(limit(&followed.live), 6);
}
