//! Reloads of the configuration: a valid change goes live, an invalid one is rejected and the old one stays.

use serde_json::json;

use super::near;
use crate::service::{Service, ids};

const BY_QUALITY: &str = "[scene.default.weights]\nquality = 1\n";
const BY_ITS_OPPOSITE: &str = "[scene.default.weights]\nquality = -1\n[scene.feed]\nlimit = 1\n";

fn order(service: &Service) -> Vec<String> {
    service.order("u", &["a", "b"])
}

fn generation(service: &Service) -> u64 {
    service.get("/config").ok()["generation"].as_u64().unwrap()
}

#[test]
fn only_a_valid_change_goes_live() {
    let service = Service::with_config(BY_QUALITY);
    service.items(&[
        json!({"id": "a", "quality": 0.9}),
        json!({"id": "b", "quality": 0.1}),
    ]);
    let first = generation(&service);
    assert_eq!(order(&service), ["a", "b"]);
    service.reconfigure(BY_ITS_OPPOSITE);
    service.wait("the change is live", |service| generation(service) > first);
    assert_eq!(order(&service), ["b", "a"]);
    let feed = json!({"user_id": "u", "candidates": ["a", "b"], "scene": "feed"});
    let ranking = service.rank(&feed);
    assert_eq!(
        (ids(&ranking), ranking["generation"].as_u64()),
        (vec!["b".to_owned()], Some(first + 1))
    );
    for (count, bad) in (1..).zip([
        "[scene.default.weights]\nquality = 0\n",
        "[scene",
        "[store]\nevent_ids = 7\n",
        "[race]\nutc_offset = \"+01:00\"\n",
    ]) {
        service.reconfigure(bad);
        service.wait("the rejection is counted", |service| {
            service.metric("saima_config_refused_total") >= f64::from(count)
        });
        near(
            service.metric("saima_config_refused_total"),
            f64::from(count),
        );
        assert_eq!(
            (order(&service), generation(&service)),
            (vec!["b".to_owned(), "a".to_owned()], first + 1)
        );
    }
    service.reconfigure(&format!("{BY_QUALITY}[scene.feed]\nretired = true\n"));
    service.wait("the valid file is live", |service| {
        generation(service) > first + 1
    });
    assert_eq!(order(&service), ["a", "b"]);
    let unknown = json!({"user_id": "u", "candidates": ["a"], "scene": "elsewhere"});
    let answer = service.json("POST", "/rank", &unknown);
    assert_eq!(answer.problem(422), ["scene"]);
    near(
        service.metric("saima_config_generation"),
        f64::from(u32::try_from(first + 2).unwrap()),
    );
}

#[test]
fn the_effective_configuration_is_returned() {
    let service = Service::with_config("[limits]\ncandidates = 77\n");
    let shown = service.get("/config").ok();
    assert_eq!(shown["config"]["limits"]["candidates"], 77);
    assert_eq!(shown["config"]["limits"]["tags"], 64);
    assert_eq!(shown["config"]["clock"]["mode"], "event");
}
