//! Mixed traffic: a task that waits for the workers must not hold what the workers wait for.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::service::Service;

const ITEMS: usize = 1_500;
/// Duration of the traffic.
const TIME: Duration = Duration::from_secs(2);

fn item(number: usize) -> Value {
    json!({"id": format!("i{number}"), "merchant_id": format!("m{}", number % 9), "tags": [format!("t{}", number % 5)], "price": 3})
}

/// Repeats an action until [`TIME`] is over. Returns the number of repetitions.
fn repeat(what: impl Fn(usize)) -> usize {
    let start = Instant::now();
    (0..)
        .inspect(|turn| what(*turn))
        .take_while(|_| start.elapsed() < TIME)
        .count()
}

#[test]
fn mixed_traffic_does_not_deadlock() {
    let service = Service::with_config("[server]\nparallel_candidates = 1\n");
    service.items(&(0..ITEMS).map(item).collect::<Vec<_>>());
    let candidates: Vec<String> = (0..ITEMS).map(|number| format!("i{number}")).collect();
    let request = json!({"user_id": "u", "candidates": candidates, "timeout_ms": 60_000});
    let batch = json!({"requests": vec![request.clone(); 8]});
    let service = &service;
    thread::scope(|scope| {
        let workers = [
            scope.spawn(|| repeat(|_| drop(service.rank(&request)))),
            scope.spawn(|| repeat(|_| drop(service.rank(&request)))),
            scope.spawn(|| repeat(|_| drop(service.json("POST", "/rank/batch", &batch).ok()))),
            scope.spawn(|| {
                repeat(|turn| {
                    assert!(
                        [204, 404].contains(&service.delete(&format!("/items/i{}", turn % 200)))
                    )
                })
            }),
            scope.spawn(|| {
                repeat(|turn| {
                    assert!(
                        [204, 404].contains(&service.delete(&format!("/merchants/m{}", turn % 9)))
                    )
                })
            }),
            scope.spawn(|| repeat(|turn| service.items(&[item(turn % 200)]))),
        ];
        for worker in workers {
            assert!(worker.join().unwrap() > 0);
        }
    });
    assert_eq!(service.get("/healthz").ok()["status"], "ok");
}
