//! `saima evaluate`: queries as `/rank` takes them, and two scenes on the same queries.

use std::fs;

use serde_json::{Value, json};

use crate::service::{Service, program};

fn evaluate(service: &Service, queries: &str, args: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("q.ndjson");
    fs::write(&file, queries).unwrap();
    let mut command = program();
    command.args(["evaluate", "--url", service.base(), "--json"]);
    let output = command.args(args).arg(&file).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().unwrap();
    (code, text(&output.stdout), text(&output.stderr))
}

#[test]
fn scenes_are_compared_on_the_same_queries() {
    let text = "[scene.up.weights]\npctr = 5\n[scene.down.weights]\npctr = -5\n";
    let service = Service::with_config(text);
    service.items(&[json!({"id": "a"}), json!({"id": 2})]);
    let query = r#"{"user_id":7,"candidates":[{"id":"a","predictions":{"pctr":0.9}},{"id":2,"predictions":{"pctr":0.1}}],"relevant":{"a":10}}"#;
    let (code, printed, errors) = evaluate(&service, query, &["--scene", "down", "--scene", "up"]);
    assert_eq!(code, 0, "{errors}");
    let found: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (&found["a"]["scene"], &found["b"]["scene"]),
        (&json!("down"), &json!("up"))
    );
    assert_eq!(found["b"]["ndcg@10"]["mean"], 1.0);
    assert!(
        found["difference"]["ndcg@10"]["low"].as_f64().unwrap() > 0.3,
        "{printed}"
    );
    let plain = r#"{"user_id":7,"candidates":["a",2],"relevant":{"a":10}}"#;
    let (code, _, errors) = evaluate(
        &service,
        plain,
        &["--scene", "up", "--against", service.base()],
    );
    assert_eq!(code, 0, "{errors}");
    assert!(errors.contains("scene up: pctr has no data"), "{errors}");
    let (code, _, errors) = evaluate(&service, r#"{"user_id":7,"candidates":[],"when":1}"#, &[]);
    assert_eq!((code, errors.lines().count()), (1, 3), "{errors}");
}
