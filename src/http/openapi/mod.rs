//! `GET /openapi.json`: the contract as an OpenAPI 3.1 document.
//!
//! Nothing of it is written twice: paths, roles and parameters come from the table of routes, bodies from the table of
//! objects, statuses from the table of causes, names of objectives from theirs, and limits, scenes and predictions from
//! the live configuration. It is made anew for each caller, because the last of these may change.

mod answers;
mod shapes;

use serde_json::{Map, Value, json};

use super::assets::Page;
use super::auth::Role;
use super::body::Media;
use super::call::Call;
use super::error::{CAUSES, Problem, Row};
use super::ops;
use super::reply::Reply;
use super::route::{Answer, Param, Route, Tag, Takes};
use super::routes::{PATH_PARAMS, ROUTES};
use crate::model::Vocabulary;
use crate::model::schema::{self, Object, Shape};

/// The document for the live configuration.
pub(super) fn reply(call: &Call<'_>) -> Result<Reply, Problem> {
    let generation = call.app.engine.generation();
    let secured = !call.app.tokens.is_open();
    ops::json(call, &document(&generation.config.vocabulary, secured))
}

/// The whole document; `secured` where there are tokens.
fn document(vocabulary: &Vocabulary, secured: bool) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Saima",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Multi-objective ranking for marketplaces. Ids are strings of 1 to 128 bytes of UTF-8 without control characters; a JSON integer is taken as its decimal string. Null means not given. Bodies may be packed with gzip or zstd. Every answer carries `X-Request-Id`, taken from the request when given, and `Server-Timing`.",
            "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [{"url": "/"}],
        "tags": Tag::ALL.map(|tag| json!({"name": tag.name(), "description": tag.doc()})),
        "paths": paths(vocabulary, secured),
        "components": {
            "schemas": schemas(vocabulary),
            "responses": problems(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token of the role, or of one that includes it: `write` includes `read` and `rank`, `ops` includes all."},
            },
        },
    })
}

fn paths(vocabulary: &Vocabulary, secured: bool) -> Value {
    let mut paths = Map::new();
    for routes in ROUTES.chunk_by(|one, other| one.path == other.path) {
        let methods = routes.iter().map(|route| {
            let method = route.method.as_str().to_ascii_lowercase();
            (method, operation(route, vocabulary, secured))
        });
        paths.insert(routes[0].path.to_owned(), methods.collect());
    }
    Value::Object(paths)
}

fn operation(route: &Route, vocabulary: &Vocabulary, secured: bool) -> Value {
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.tag.name()],
        "x-role": route.role.name(),
        "parameters": parameters(route, vocabulary),
        "responses": responses(route),
    });
    if secured && route.role != Role::Open {
        operation["security"] = json!([{"token": []}]);
    }
    if let Some(body) = request_body(route.takes, secured) {
        operation["requestBody"] = body;
    }
    operation
}

fn parameters(route: &Route, vocabulary: &Vocabulary) -> Vec<Value> {
    let path = route.path_params().filter_map(|name| {
        let param = PATH_PARAMS.iter().find(|param| param.name == name)?;
        Some(parameter(param, "path", shapes::text_id()))
    });
    let query = route.params.iter().map(|param| {
        let schema = if matches!(param.shape, Shape::Id) {
            json!({"type": "string"})
        } else {
            shapes::schema(&param.shape, vocabulary, false)
        };
        parameter(param, "query", schema)
    });
    path.chain(query).collect()
}

fn parameter(param: &Param, place: &str, schema: Value) -> Value {
    let mut parameter = json!({
        "name": param.name, "in": place, "required": place == "path", "description": param.doc, "schema": schema,
    });
    if let Some(example) = param.example {
        parameter["example"] = example.into();
    }
    parameter
}

/// Without tokens even a body that says nothing must be there, for the sake of its content type.
fn request_body(takes: Takes, secured: bool) -> Option<Value> {
    match takes {
        Takes::Nothing => None,
        Takes::Trifle => Some(json!({
            "required": !secured,
            "description": "Nothing, or an empty object.",
            "content": {"application/json": {"schema": {"type": "object", "maxProperties": 0}, "example": {}}},
        })),
        Takes::One(object) => Some(json!({
            "required": true,
            "content": {"application/json": {"schema": reference(object.name), "example": example(object)}},
        })),
        Takes::Many(object) => Some(bulk(object, object.name)),
        Takes::Patches(object) => Some(bulk(object, &shapes::patch_name(object))),
    }
}

/// A body of many objects. One that is faulty is rejected on its own, so that the array as such takes anything.
fn bulk(object: &Object, name: &str) -> Value {
    let example = example(object);
    json!({
        "required": true,
        "description": "A JSON array, or one JSON object on each line. Each is accepted or rejected on its own.",
        "content": {
            (Media::Json.name()): {
                "schema": {"type": "array", "items": {"anyOf": [reference(name), {}]}},
                "example": [example],
            },
            (Media::Lines.name()): {
                "schema": {"type": "string", "description": format!("One {name} on each line; blank lines are skipped.")},
            },
        },
    })
}

fn example(object: &Object) -> Value {
    serde_json::from_str(object.example).unwrap_or(Value::Null)
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn responses(route: &Route) -> Value {
    let (status, good) = good(route.answer);
    let mut responses = Map::new();
    responses.insert(status.to_owned(), good);
    for status in statuses(route) {
        let problem = json!({"$ref": format!("#/components/responses/{status}")});
        responses.insert(status.to_string(), problem);
    }
    Value::Object(responses)
}

/// The statuses of the problems that a route may answer.
fn statuses(route: &Route) -> Vec<u16> {
    const BODY: [u16; 4] = [400, 408, 413, 415];
    let names_one = route.path_params().next().is_some();
    let takes_body = !matches!(route.takes, Takes::Nothing);
    let mut statuses: Vec<u16> = CAUSES.iter().map(|row| row.status).collect();
    statuses.dedup();
    statuses.retain(|status| match status {
        401 => route.role != Role::Open,
        429 => route.work.is_some(),
        404 => names_one || route.problems.contains(&404),
        409 => route.problems.contains(&409),
        status if BODY.contains(status) => takes_body,
        _ => true,
    });
    statuses
}

/// The status and the content of a good answer.
fn good(answer: Answer) -> (&'static str, Value) {
    let text = json!({"type": "string"});
    let content = |media: &str, schema: Value| {
        let content = json!({media: {"schema": schema}});
        ("200", json!({"description": "Done.", "content": content}))
    };
    match answer {
        Answer::Nothing => ("204", json!({"description": "Deleted."})),
        Answer::Json(name) => content(Media::Json.name(), reference(name)),
        Answer::File(media) => content(media, text),
        Answer::Page(Page::Root) => {
            let headers = json!({"Location": {"schema": text}});
            let answer = json!({"description": "Leads to the guides.", "headers": headers});
            ("307", answer)
        }
        Answer::Page(page) => {
            let media = page.media().into_iter().map(|media| {
                let name = media.split(';').next().unwrap_or_default();
                (name.to_owned(), json!({"schema": text}))
            });
            let content: Map<String, Value> = media.collect();
            ("200", json!({"description": "Done.", "content": content}))
        }
    }
}

fn schemas(vocabulary: &Vocabulary) -> Map<String, Value> {
    let mut schemas = answers::schemas(vocabulary);
    for object in schema::OBJECTS {
        schemas.insert(
            object.name.to_owned(),
            shapes::object(object, vocabulary, false),
        );
    }
    for object in ROUTES.iter().filter_map(|route| match route.takes {
        Takes::Patches(object) => Some(object),
        Takes::Nothing | Takes::Trifle | Takes::One(_) | Takes::Many(_) => None,
    }) {
        schemas.insert(
            shapes::patch_name(object),
            shapes::object(object, vocabulary, true),
        );
    }
    schemas
}

/// One answer for each status from 400 up, of whichever cause.
fn problems() -> Map<String, Value> {
    let problem = |rows: &[Row]| {
        let row = &rows[0];
        let titles: Vec<&str> = rows.iter().map(|row| row.title).collect();
        let mut answer = json!({
            "description": titles.join("; or: "),
            "content": {"application/problem+json": {"schema": reference("Problem")}},
        });
        if row.retry_after.is_some() {
            answer["headers"] = json!({"Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}}});
        }
        (row.status.to_string(), answer)
    };
    let statuses = CAUSES.chunk_by(|one, other| one.status == other.status);
    statuses.map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        let vocabulary = Vocabulary {
            scenes: vec!["default".to_owned()],
            predictions: vec!["pctr".to_owned()],
            ..Vocabulary::default()
        };
        document(&vocabulary, true)
    }

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                let reference = members.get("$ref").and_then(Value::as_str);
                found.extend(reference.map(str::to_owned));
                members
                    .values()
                    .for_each(|member| references(member, found));
            }
            Value::Array(elements) => elements.iter().for_each(|one| references(one, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let (document, mut found) = (sample(), Vec::new());
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_route_is_described() {
        let document = sample();
        for route in &ROUTES {
            let operation =
                &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
            assert_eq!(operation["x-role"], route.role.name(), "{}", route.path);
            assert_eq!(
                operation.get("security").is_some(),
                route.role != Role::Open
            );
            assert_eq!(
                operation.get("requestBody").is_some(),
                !matches!(route.takes, Takes::Nothing)
            );
        }
    }

    #[test]
    fn what_must_be_admitted_may_be_refused_and_says_when_to_try_again() {
        let document = sample();
        for route in &ROUTES {
            let method = route.method.as_str().to_ascii_lowercase();
            let responses = &document["paths"][route.path][method]["responses"];
            let admitted = route.work.is_some();
            assert_eq!(responses.get("429").is_some(), admitted, "{}", route.path);
            assert!(responses.get("503").is_some(), "{}", route.path);
            let conflicts = route.problems.contains(&409);
            assert_eq!(responses.get("409").is_some(), conflicts, "{}", route.path);
        }
        for status in ["429", "503"] {
            let answer = &document["components"]["responses"][status];
            assert!(answer["headers"]["Retry-After"].is_object(), "{status}");
        }
    }

    #[test]
    fn fields_follow_the_table() {
        let document = sample();
        for object in schema::OBJECTS {
            let properties = document["components"]["schemas"][object.name]["properties"]
                .as_object()
                .unwrap();
            let names: Vec<&str> = object.fields.iter().map(|field| field.name).collect();
            assert!(names.iter().all(|name| properties.contains_key(*name)));
            assert_eq!(properties.len(), names.len(), "{}", object.name);
        }
    }
}
