//! The argument of a handler: the parts of one request, and the capacity that admission granted to it.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;

use super::admission::{BodyBytes, ConnectionBytes, Priority, Rejection, RunPermit, Slot, Work};
use super::app::App;
use super::body;
use super::error::Problem;
use super::query::Query;
use super::request_id::RequestId;
use crate::config::Generation;

/// One request, as the argument of its handler.
pub(super) struct Call<'c> {
    pub(super) app: &'c Arc<App>,
    pub(super) headers: &'c HeaderMap,
    pub(super) body: &'c mut Body,
    pub(super) path: PathValues,
    pub(super) query: Query,
    pub(super) id: &'c RequestId,
    /// Name of the token, or subject of the client certificate.
    pub(super) caller: Option<Arc<str>>,
    pub(super) arrived: Instant,
    pub(super) generation: Arc<Generation>,
    pub(super) work: Option<Work>,
    pub(super) priority: Option<Priority>,
    pub(super) connection: Option<&'c ConnectionBytes>,
    pub(super) granted: Granted,
}

/// Values of the path parameters, by name.
#[derive(Debug, Default)]
pub(super) struct PathValues(Vec<(&'static str, String)>);

impl PathValues {
    /// Creates the values of a path.
    pub(super) fn new(values: Vec<(&'static str, String)>) -> Self {
        Self(values)
    }
}

/// Capacity granted to a request, released when dropped. Work that may outlive the request must own it.
#[derive(Default)]
pub(super) struct Granted {
    slot: Option<Slot>,
    permit: Option<RunPermit>,
    bytes: Option<BodyBytes>,
}

impl Call<'_> {
    /// Returns the value of a path parameter; empty if the route's pattern does not name it.
    pub(super) fn path(&self, name: &str) -> &str {
        let found = self.path.0.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Rejects the request if there is no room for work of that kind.
    pub(super) fn check(&self, work: Work) -> Result<(), Rejection> {
        let (priority, config) = (self.priority.as_ref(), &self.generation.config.admission);
        let admission = &self.app.admission;
        admission.check(work, priority, self.connection, config)
    }

    /// Reads and unpacks the whole body, then waits until the request may run. A rank request only holds a slot afterwards: its
    /// timeout is in the body, so the handler waits by [`Self::permit`].
    pub(super) async fn read(&mut self) -> Result<Bytes, Problem> {
        match self.work {
            Some(Work::Rank) => self.read_in_slot().await,
            Some(work) => {
                let body = self.read_body().await?;
                self.admit(work, self.generation.config.admission.wait)
                    .await?;
                Ok(body)
            }
            None => self.read_body().await,
        }
    }

    /// Reads the body of a rank request. The request holds a slot meanwhile, so that no more bodies are read than there are slots. A
    /// body that takes longer than `[admission] queue_ms` loses its slot, and needs a new one at its end.
    async fn read_in_slot(&mut self) -> Result<Bytes, Problem> {
        self.slot(Work::Rank).await?;
        let mut slot = self.granted.slot.take();
        let patience = self.generation.config.admission.queue;
        let body = {
            let mut reading = pin!(self.read_body());
            match tokio::time::timeout(patience, reading.as_mut()).await {
                Ok(body) => body,
                Err(_) => {
                    slot = None;
                    reading.await
                }
            }
        }?;
        match slot {
            Some(_) => self.granted.slot = slot,
            None => self.slot(Work::Rank).await?,
        }
        Ok(body)
    }

    async fn read_body(&mut self) -> Result<Bytes, Problem> {
        let generation = Arc::clone(&self.generation);
        let config = &generation.config;
        let mut bytes = self.app.admission.body(self.work, &config.admission);
        let patience = config.server.body;
        let limits = &config.vocabulary.limits;
        let body = body::read(self.headers, self.body, limits, patience, &mut bytes).await?;
        self.granted.bytes = Some(bytes);
        Ok(body)
    }

    /// Waits until the request may run as work of that kind, for at most `patience`.
    pub(super) async fn admit(&mut self, work: Work, patience: Duration) -> Result<(), Rejection> {
        self.slot(work).await?;
        self.permit(patience).await
    }

    /// Replaces the slot of the request by a new one.
    async fn slot(&mut self, work: Work) -> Result<(), Rejection> {
        let (admission, config) = (&self.app.admission, &self.generation.config.admission);
        self.granted.slot = None;
        let slot = admission.slot(work, self.priority.as_ref(), config);
        self.granted.slot = Some(slot.await?);
        Ok(())
    }

    /// Waits for a permit to run, for at most `patience`. The request must hold a slot.
    pub(super) async fn permit(&mut self, patience: Duration) -> Result<(), Rejection> {
        if let Some(slot) = self.granted.slot.take() {
            self.granted.permit = Some(self.app.admission.permit(slot, patience).await?);
        }
        Ok(())
    }

    /// Returns the granted capacity, for work that may outlive the request.
    pub(super) fn granted(&mut self) -> Granted {
        std::mem::take(&mut self.granted)
    }
}
