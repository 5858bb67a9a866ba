//! Files that are torn, corrupted, missing or foreign.

use std::fs;
use std::path::Path;

use super::{Change, Changes, Data, everything, same, start_error};
use saima::random::Random;

/// Creates a data directory with some segments and no checkpoint. No user is deleted: the next start would write a checkpoint to erase them.
fn filled() -> Data {
    let (data, mut changes) = (
        Data::new("[store]\nsegment_bytes = 4096\n"),
        Changes::new(6),
    );
    let service = data.start();
    let is_kept = |change: &Change| change.method != "DELETE" || !change.path.starts_with("/users");
    let changes = std::iter::repeat_with(|| changes.next()).filter(is_kept);
    changes
        .take(60)
        .for_each(|change| assert!(change.send(&service)));
    data
}

/// Returns the last segment with records, after removing empty ones behind it and the note of them, as if they had not begun yet.
fn last_written(data: &Data) -> std::path::PathBuf {
    fs::remove_file(data.path().join("newest")).unwrap();
    let mut files = data.files("journal");
    while fs::metadata(files.last().unwrap()).unwrap().len() <= 8 {
        fs::remove_file(files.pop().unwrap()).unwrap();
    }
    files.pop().unwrap()
}

#[test]
fn a_torn_end_is_truncated_at_start() {
    let (data, mut numbers) = (filled(), Random::new(1));
    for _ in 0..5 {
        let path = last_written(&data);
        let bytes = fs::read(&path).unwrap();
        let cut = 8 + numbers.below(u32::try_from(bytes.len() - 8).unwrap()) as usize;
        fs::write(&path, &bytes[..cut]).unwrap();
        let service = data.start();
        assert_eq!(service.get("/readyz").status, 200);
        assert!(Changes::new(9).next().send(&service));
        let before = everything(&service);
        drop(service);
        same(&everything(&data.start()), &before);
    }
}

#[test]
fn damage_is_reported_with_file_and_offset() {
    let (data, mut numbers) = (filled(), Random::new(2));
    let files = data.files("journal");
    for _ in 0..10 {
        let path = &files[numbers.below(u32::try_from(files.len() - 1).unwrap()) as usize];
        let whole = fs::read(path).unwrap();
        let at = numbers.below(u32::try_from(whole.len()).unwrap()) as usize;
        let mut bytes = whole.clone();
        bytes[at] ^= 64;
        fs::write(path, bytes).unwrap();
        let message = data.start_error();
        assert!(
            message.contains(path.to_str().unwrap()) && message.contains("byte"),
            "{message}"
        );
        fs::write(path, whole).unwrap();
    }
    data.start();
}

#[test]
fn a_missing_segment_is_reported() {
    let data = filled();
    let files = data.files("journal");
    fs::remove_file(&files[1]).unwrap();
    let message = data.start_error();
    assert!(message.contains("are missing"), "{message}");
}

#[test]
fn foreign_directories_are_rejected_unchanged() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("thesis.tex"), "x").unwrap();
    assert!(start_error(home.path()).contains("not a data directory of saima"));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);

    let data = filled();
    fs::write(data.path().join("saima-data"), "99\n").unwrap();
    assert!(data.start_error().contains("\"99\""));

    assert!(start_error(Path::new("/dev/null/data")).contains("/dev/null/data"));
}

#[test]
fn a_second_process_is_rejected_by_pid() {
    let data = filled();
    let first = data.start();
    let message = data.start_error();
    assert!(
        message.contains(&format!("process {}", first.pid())),
        "{message}"
    );
    assert_eq!(first.get("/readyz").status, 200);
}
