//! Tests of admission control.

use super::*;
use crate::config::Config;
use crate::telemetry::Telemetry;

fn config() -> config::Admission {
    config::Admission {
        rank: 2,
        batch: 1,
        ingest: 1,
        ..Config::embedded().admission
    }
}

/// Returns a permit once the work may run.
async fn enter(
    admission: &Admission,
    work: Work,
    config: &config::Admission,
    patience: Duration,
) -> Result<RunPermit, Rejection> {
    let slot = admission.slot(work, None, config).await?;
    admission.permit(slot, patience).await
}

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_full_queue_rejects_its_own_kind_only() {
    let config = config();
    let admission = Admission::new(&config, &Telemetry::default().admission);
    let one = enter(&admission, Work::Rank, &config, LONG).await;
    let two = enter(&admission, Work::Rank, &config, LONG).await;
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(
        admission.check(Work::Rank, None, None, &config),
        Err(Rejection::Rank)
    );
    let three = enter(&admission, Work::Rank, &config, LONG).await;
    assert_eq!(three.err(), Some(Rejection::Rank));
    assert_eq!(admission.check(Work::Ingest, None, None, &config), Ok(()));
    assert!(enter(&admission, Work::Batch, &config, LONG).await.is_ok());
    drop(one);
    assert_eq!(admission.check(Work::Rank, None, None, &config), Ok(()));
    assert!(enter(&admission, Work::Rank, &config, LONG).await.is_ok());
}

#[tokio::test]
async fn a_permit_is_awaited_within_the_patience() {
    let config = config();
    let admission = Admission::new(&config, &Telemetry::default().admission);
    let first = enter(&admission, Work::Ingest, &config, LONG).await;
    let late = enter(&admission, Work::Ingest, &config, SHORT).await;
    assert_eq!(late.err(), Some(Rejection::Late));
    let second = enter(&admission, Work::Ingest, &config, LONG);
    let ends = async {
        tokio::task::yield_now().await;
        drop(first);
    };
    assert!(tokio::join!(second, ends).0.is_ok());
}

#[tokio::test]
async fn the_wait_queue_is_bounded() {
    let config = config();
    let admission = Admission::new(&config, &Telemetry::default().admission);
    let first = enter(&admission, Work::Ingest, &config, LONG).await;
    let mut waiting = tokio::task::JoinSet::new();
    let admission = Arc::new(admission);
    for _ in 0..WAITING {
        let (admission, config) = (Arc::clone(&admission), config.clone());
        waiting.spawn(async move { enter(&admission, Work::Ingest, &config, LONG).await.is_ok() });
    }
    while admission.check(Work::Ingest, None, None, &config).is_ok() {
        tokio::task::yield_now().await;
    }
    let beyond = enter(&admission, Work::Ingest, &config, LONG).await;
    assert_eq!(beyond.err(), Some(Rejection::Ingest));
    drop(first);
    assert_eq!(waiting.join_all().await, [true; WAITING]);
    assert_eq!(admission.check(Work::Ingest, None, None, &config), Ok(()));
}

#[tokio::test]
async fn reads_have_slots_of_their_own() {
    let config = config();
    let admission = Arc::new(Admission::new(&config, &Telemetry::default().admission));
    let _running = enter(&admission, Work::Read, &config, LONG).await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..WAITING {
        let (admission, config) = (Arc::clone(&admission), config.clone());
        waiting.spawn(async move { enter(&admission, Work::Read, &config, LONG).await.is_ok() });
    }
    while admission.check(Work::Read, None, None, &config).is_ok() {
        tokio::task::yield_now().await;
    }
    let beyond = enter(&admission, Work::Read, &config, LONG).await;
    assert_eq!(beyond.err(), Some(Rejection::Read));
    for work in [Work::Rank, Work::Batch, Work::Ingest] {
        assert!(enter(&admission, work, &config, LONG).await.is_ok());
    }
}

#[test]
fn large_answers_wait_until_one_is_taken() {
    let config = config();
    let admission = Admission::new(&config, &Telemetry::default().admission);
    let connection = ConnectionBytes::default();
    let check = |work| admission.check(work, None, Some(&connection), &config);
    let answer = || {
        let bytes = config.connection_answer_bytes;
        admission.answer(Some(Work::Batch), bytes, Some(&connection), &config)
    };
    let first = answer();
    assert_eq!(check(Work::Batch), Ok(()));
    assert!(first.is_ok() && answer().is_err());
    assert_eq!(check(Work::Batch), Err(Rejection::AnswerBytes));
    assert_eq!(check(Work::Rank), Ok(()), "small answers may fit");
    drop(first);
    assert_eq!(check(Work::Batch), Ok(()));
}

#[test]
fn bytes_of_bodies_are_counted_until_dropped() {
    let config = config::Admission {
        rank_bytes: 10,
        ..config()
    };
    let admission = Admission::new(&config, &Telemetry::default().admission);
    let (mut one, mut two) = (
        admission.body(Some(Work::Rank), &config),
        admission.body(Some(Work::Batch), &config),
    );
    assert_eq!(one.add(6), Ok(()));
    assert_eq!(two.add(5), Err(Rejection::RankBytes));
    assert_eq!(
        admission.check(Work::Rank, None, None, &config),
        Err(Rejection::RankBytes)
    );
    assert_eq!(admission.check(Work::Ingest, None, None, &config), Ok(()));
    drop(two);
    one.remove(2);
    assert_eq!(one.add(6), Ok(()));
    drop(one);
    assert_eq!(admission.rank_bytes.load(Ordering::Relaxed), 0);
}
