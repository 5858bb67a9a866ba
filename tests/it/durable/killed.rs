//! `kill -9` at any instant of ingest, segment rotation and checkpoints.

use std::time::Duration;

use super::{Changes, Data, SMALL, everything, same};
use saima::random::Random;

use crate::service::Service;

/// Number of kills; `SAIMA_KILLS` overrides it.
const ROUNDS: u32 = 200;

#[test]
fn acknowledged_facts_count_exactly_once() {
    let rounds = std::env::var("SAIMA_KILLS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let (data, mut changes, mut moments) = (Data::new(SMALL), Changes::new(7), Random::new(11));
    let (mut done, mut under_way, mut checkpoints) = (Vec::new(), None, 0);
    for _ in 0..rounds {
        let service = data.start();
        let before = service.metric("saima_checkpoint_sequence ");
        let patience = Duration::from_micros(u64::from(moments.below(40_000)));
        let killer = service.kill_after(patience);
        loop {
            // An unacknowledged change is sent again, as a client would.
            let change = under_way.take().unwrap_or_else(|| changes.next());
            if !change.send(&service) {
                under_way = Some(change);
                break;
            }
            done.push(change);
        }
        killer.join().unwrap();
        checkpoints += u32::from(before > 0.0);
    }
    done.extend(under_way);
    let service = data.start();
    assert!(done.last().unwrap().send(&service));
    assert!(
        checkpoints > 0 || rounds < ROUNDS,
        "no start used a checkpoint"
    );

    let model = Service::with_config("");
    for change in &done {
        assert!(change.send(&model));
    }
    same(&everything(&service), &everything(&model));
    drop(service);
    same(&everything(&data.start()), &everything(&model));
}
