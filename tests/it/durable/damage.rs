//! Files that are torn, flipped, missing, or somebody else's.

use std::fs;
use std::path::Path;

use super::{Changes, Data, everything, refused, same};
use saima::random::Random;

/// A data directory with some segments and no checkpoint.
fn filled() -> Data {
    let (data, mut changes) = (
        Data::new("[store]\nsegment_bytes = 4096\n"),
        Changes::new(6),
    );
    let service = data.start();
    (0..60).for_each(|_| assert!(changes.next().send(&service)));
    data
}

/// The last segment that has records; one after it that a start only began goes.
fn last_written(data: &Data) -> std::path::PathBuf {
    let mut files = data.files("journal");
    while fs::metadata(files.last().unwrap()).unwrap().len() <= 8 {
        fs::remove_file(files.pop().unwrap()).unwrap();
    }
    files.pop().unwrap()
}

#[test]
fn a_torn_end_is_cut_off_and_the_service_goes_on() {
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
fn damage_is_refused_with_its_file_and_place() {
    let (data, mut numbers) = (filled(), Random::new(2));
    let files = data.files("journal");
    for _ in 0..10 {
        let path = &files[numbers.below(u32::try_from(files.len() - 1).unwrap()) as usize];
        let whole = fs::read(path).unwrap();
        let at = numbers.below(u32::try_from(whole.len()).unwrap()) as usize;
        let mut bytes = whole.clone();
        bytes[at] ^= 64;
        fs::write(path, bytes).unwrap();
        let said = data.refused();
        assert!(
            said.contains(path.to_str().unwrap()) && said.contains("byte"),
            "{said}"
        );
        fs::write(path, whole).unwrap();
    }
    data.start();
}

#[test]
fn missing_journal_is_refused() {
    let data = filled();
    let files = data.files("journal");
    fs::remove_file(&files[1]).unwrap();
    let said = data.refused();
    assert!(said.contains("are missing"), "{said}");
}

#[test]
fn directories_of_others_are_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("thesis.tex"), "x").unwrap();
    assert!(refused(home.path()).contains("not a data directory of saima"));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);

    let data = filled();
    fs::write(data.path().join("saima-data"), "99\n").unwrap();
    assert!(data.refused().contains("\"99\""));

    assert!(refused(Path::new("/dev/null/data")).contains("/dev/null/data"));
}

#[test]
fn a_second_process_is_refused_by_the_first_ones_number() {
    let data = filled();
    let first = data.start();
    let said = data.refused();
    assert!(said.contains(&format!("process {}", first.pid())), "{said}");
    assert_eq!(first.get("/readyz").status, 200);
}
