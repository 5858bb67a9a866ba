//! The overrides of the configuration, as answers list them.

use serde_json::{Map, Value, json};

use crate::config::Generation;

/// Returns the overrides of a generation by key.
pub(super) fn shown(generation: &Generation) -> Value {
    let each = generation.overrides.iter().map(|shown| {
        let mut about = Map::new();
        about.extend(
            shown
                .over
                .value
                .clone()
                .map(|value| ("value".to_owned(), value)),
        );
        about.insert("file".to_owned(), json!(shown.file));
        about.insert("author".to_owned(), json!(shown.over.by.author));
        if shown.over.by.claimed {
            about.insert("claimed".to_owned(), true.into());
        }
        about.insert("at".to_owned(), json!(shown.over.at));
        about.insert("reason".to_owned(), json!(shown.over.by.reason));
        (shown.key.to_string(), Value::Object(about))
    });
    Value::Object(each.collect())
}
