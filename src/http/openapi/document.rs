//! `GET /openapi.json`: the contract as an OpenAPI 3.1 document.
//!
//! Paths, roles and parameters come from the table of routes, bodies from the table of objects, statuses from the table of causes. The
//! document does not depend on the configuration, so that generated clients stay valid when it changes; `GET /config` shows the live
//! values. The document has two forms, with and without the requirement of a token, each built once.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::shapes::{example, reference};
use super::{answers, shapes};
use crate::http::assets::Page;
use crate::http::auth::Role;
use crate::http::body::Media;
use crate::http::error::{CAUSES, Problem, Row};
use crate::http::param::Param;
use crate::http::report::MARKDOWN;
use crate::http::route::{Answer, Route, Tag, Takes};
use crate::http::routes::{PATH_PARAMS, ROUTES};
use crate::model::Fault;
use crate::model::schema::{self, Object, Shape};

/// Returns the text of the document; `secured` if the service has tokens.
pub(in crate::http) fn text(secured: bool) -> &'static [u8] {
    static OPEN: LazyLock<Vec<u8>> = LazyLock::new(|| document(false).to_string().into_bytes());
    static SECURED: LazyLock<Vec<u8>> = LazyLock::new(|| document(true).to_string().into_bytes());
    if secured { &SECURED } else { &OPEN }
}

const DESCRIPTION: &str = "Multi-objective ranking for marketplaces. The service re-ranks candidates that the caller already has. Null means \
    not given. Bodies may be compressed with gzip or zstd. Every answer carries `X-Request-Id`, taken from the request if given, and \
    `Server-Timing`. Bounds in this document are those of the default configuration; `GET /config` shows the live limits, scenes and predictions.";

/// Returns the whole document; `secured` if the service has tokens.
fn document(secured: bool) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Saima",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [{"url": "/"}],
        "tags": Tag::ALL.map(|tag| json!({"name": tag.name(), "description": tag.doc()})),
        "paths": paths(secured),
        "components": {
            "schemas": schemas(),
            "responses": problems(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token of the role `x-role` of the operation, or of a role that includes it: `write` includes `read` and `rank`, `ops` includes all."},
            },
        },
    })
}

fn paths(secured: bool) -> Value {
    let mut paths = Map::new();
    for routes in ROUTES.chunk_by(|one, other| one.path == other.path) {
        let methods = routes.iter().map(|route| {
            let method = route.method.as_str().to_ascii_lowercase();
            (method, operation(route, secured))
        });
        paths.insert(routes[0].path.to_owned(), methods.collect());
    }
    Value::Object(paths)
}

fn operation(route: &Route, secured: bool) -> Value {
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.tag.name()],
        "x-role": route.role.name(),
        "parameters": parameters(route),
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

fn parameters(route: &Route) -> Vec<Value> {
    let path = route.path_params().filter_map(|name| {
        let param = PATH_PARAMS.iter().find(|param| param.name == name)?;
        Some(parameter(param, "path", shapes::id()))
    });
    let query = route.params.iter().map(|param| {
        let schema = if matches!(param.shape, Shape::Id) {
            json!({"type": "string"})
        } else {
            shapes::schema(&param.shape, false)
        };
        parameter(param, "query", schema)
    });
    let seen = (route.problems.contains(&428)).then(|| {
        json!({
            "name": "If-Match", "in": "header", "required": true, "example": "12",
            "description": "The generation that the change was made for, as `GET /config` names it; quotes are allowed.",
            "schema": {"type": "string", "pattern": "^([0-9]{1,19}|\"[0-9]{1,19}\")$"},
        })
    });
    path.chain(query).chain(seen).collect()
}

fn parameter(param: &Param, location: &str, schema: Value) -> Value {
    let mut parameter = json!({
        "name": param.name, "in": location, "required": location == "path" || param.required, "description": param.doc, "schema": schema,
    });
    if let Some(example) = param.example {
        parameter["example"] = example.into();
    }
    parameter
}

/// Returns the schema of the body. Without tokens even an empty body needs a content type, so the document requires it.
fn request_body(takes: Takes, secured: bool) -> Option<Value> {
    match takes {
        Takes::Nothing => None,
        Takes::Empty => Some(json!({
            "required": !secured,
            "description": "Empty, or an empty object.",
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

/// Returns the schema of a body of many objects.
fn bulk(object: &Object, name: &str) -> Value {
    let example = example(object);
    json!({
        "required": true,
        "description": "A JSON array, or one JSON object per line. Each object is accepted or rejected on its own.",
        "content": {
            (Media::Json.name()): {
                "schema": {"type": "array", "items": reference(name)},
                "example": [example],
            },
            (Media::Lines.name()): {
                "schema": {"type": "string", "description": format!("One {name} per line; blank lines are skipped.")},
            },
        },
    })
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

/// Returns the statuses of the problems that a route may answer with.
fn statuses(route: &Route) -> Vec<u16> {
    const BODY: [u16; 4] = [400, 408, 413, 415];
    let names_one = route.path_params().next().is_some();
    let takes_body = !matches!(route.takes, Takes::Nothing);
    let mut statuses: Vec<u16> = CAUSES.iter().map(|row| row.status).collect();
    statuses.dedup();
    statuses.retain(|status| match status {
        401 => route.role != Role::Open,
        429 => route.work.is_some(),
        406 => matches!(route.answer, Answer::Readable(_)),
        404 => names_one || route.problems.contains(&404),
        409 | 428 => route.problems.contains(status),
        status if BODY.contains(status) => takes_body,
        _ => true,
    });
    statuses
}

/// Returns the status and the description of an answer without a problem.
fn good(answer: Answer) -> (&'static str, Value) {
    let text = json!({"type": "string"});
    let content = |media: &str, schema: Value| {
        let content = json!({media: {"schema": schema}});
        ("200", json!({"description": "Done.", "content": content}))
    };
    match answer {
        Answer::Nothing => ("204", json!({"description": "Deleted."})),
        Answer::Json(view) => content(Media::Json.name(), reference(view.name)),
        Answer::Readable(view) => {
            let content = json!({
                (Media::Json.name()): {"schema": reference(view.name)},
                (MARKDOWN): {"schema": text},
            });
            ("200", json!({"description": "Done.", "content": content}))
        }
        Answer::File(media) => content(media, text),
        Answer::Page(Page::Root) => {
            let headers = json!({"Location": {"schema": text}});
            let answer = json!({"description": "Redirects to the guides.", "headers": headers});
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

fn schemas() -> Map<String, Value> {
    let mut schemas = answers::schemas();
    schemas.insert(shapes::ID.to_owned(), shapes::id());
    for object in schema::OBJECTS {
        schemas.insert(object.name.to_owned(), shapes::object(object, false));
    }
    for object in ROUTES.iter().filter_map(|route| match route.takes {
        Takes::Patches(object) => Some(object),
        Takes::Nothing | Takes::Empty | Takes::One(_) | Takes::Many(_) => None,
    }) {
        schemas.insert(shapes::patch_name(object), shapes::object(object, true));
    }
    schemas
}

/// Returns one answer for each status from 400 up, with an example of each of its causes.
fn problems() -> Map<String, Value> {
    let statuses = CAUSES.chunk_by(|one, other| one.status == other.status);
    let problem = |rows: &[Row]| (rows[0].status.to_string(), problem(rows));
    statuses.map(problem).collect()
}

fn problem(rows: &[Row]) -> Value {
    let titles: Vec<&str> = rows.iter().map(|row| row.title).collect();
    let examples: Map<String, Value> = rows
        .iter()
        .map(|row| {
            (
                row.name.to_owned(),
                json!({"summary": row.title, "value": example_of(row)}),
            )
        })
        .collect();
    let mut answer = json!({
        "description": titles.join("; or: "),
        "content": {"application/problem+json": {"schema": reference("Problem"), "examples": examples}},
    });
    if rows[0].retry_after.is_some() {
        answer["headers"] = json!({"Retry-After": {
            "description": "Seconds to wait before the next try.", "schema": {"type": "integer"},
        }});
    }
    answer
}

/// Returns an example of a problem, with the JSON that the service would send.
fn example_of(row: &Row) -> Value {
    let problem = if row.status == 422 {
        let faults = [
            ("candidates[3].id", "is required"),
            (
                "limit",
                "must be a whole number from 1 to 10000 (limits.limit)",
            ),
        ];
        Problem::invalid(
            faults
                .map(|(path, message)| Fault::new(path, message))
                .into(),
        )
    } else {
        Problem::new(row.cause, row.title)
    };
    serde_json::from_slice(&problem.json("5c9d0a7b1e2f3a44")).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        document(true)
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
    fn admitted_routes_document_retries() {
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
