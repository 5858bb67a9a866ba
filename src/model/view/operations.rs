//! Answers for the operators of the service.

use serde_json::Value;

use super::define::{describe, view};
use crate::clock::Time;

view! {
    /// The live configuration.
    pub struct LiveConfig<'c> {
        /// Its generation.
        pub generation: u64,
        /// The effective configuration, without secrets.
        pub config: &'c Value,
        /// The overrides of the API over the file, by key: `value`, `file` (the value there), `author`, `at`, `reason`. Without `value`
        /// the key is left out.
        pub overrides: &'c Value,
        /// The models of the configuration, by name.
        pub models: Vec<ModelView<'c>>,
    }

    /// A model that the configuration names.
    pub struct ModelView<'c> {
        /// Name of its objective: `model.NAME`.
        pub name: &'c str,
        /// SHA-256 of its file in hexadecimal.
        pub sha256: &'c str,
        /// Number of trees.
        pub trees: usize,
        /// Number of leaves of all trees.
        pub leaves: usize,
        /// Names of the features that the trees read.
        pub features: Vec<&'c str>,
    }

    /// Two users who are one.
    pub struct MergeReply<'c> {
        /// The id that is another name now.
        pub from: &'c str,
        /// The user as asked.
        pub into: &'c str,
    }

    /// The result of confirming the clock.
    pub struct ClockReply {
        /// The time of the service now.
        pub now: Time,
        /// True if the clock had jumped ahead and was not believed before.
        pub confirmed: bool,
    }

    /// The state of the service.
    pub struct Health<'s> {
        /// `ok`, `ready`, or `degraded` if the service is ready but a part of it fails.
        pub status: &'s str,
        /// Present with `degraded`: the parts that fail, each with the reason.
        pub reasons: Option<Vec<String>>,
    }
}

describe! {
    /// An OpenAPI 3.1 document.
    pub struct OpenApiDocument {
        /// Version of the OpenAPI specification.
        openapi: String,
        /// Title, version and license of the API.
        info: &'static Value,
        /// The servers.
        servers: Vec<&'static Value>,
        /// The groups of operations.
        tags: Vec<&'static Value>,
        /// The operations, by path and method.
        paths: &'static Value,
        /// Schemas, responses and security schemes.
        components: &'static Value,
    }
}
