//! One request in its handler: its parts, the capacity granted to it, and its way through admission.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;

use super::admission::{BodyBytes, Priority, Refusal, RunPermit, Slot, Work};
use super::app::App;
use super::body;
use super::error::Problem;
use super::query::Query;
use super::request_id::RequestId;
use crate::config::Generation;

/// One request in its handler.
pub(super) struct Call<'c> {
    pub(super) app: &'c Arc<App>,
    pub(super) headers: &'c HeaderMap,
    pub(super) body: &'c mut Body,
    pub(super) path: PathValues,
    pub(super) query: Query,
    pub(super) id: &'c RequestId,
    pub(super) arrived: Instant,
    pub(super) generation: Arc<Generation>,
    pub(super) work: Option<Work>,
    pub(super) priority: Option<Priority>,
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

/// Capacity granted to a request, free for others when dropped. Work that outlives the request must keep it.
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

    /// Reads and unpacks the whole body, and returns it once the request may run. A rank request, whose timeout is in the body, has
    /// only its slot then, and waits for its [`Self::permit`] later.
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

    /// Reads the body of a rank request. It has its slot from the start, so that no more bodies are read than there are slots. A
    /// client that takes as long as the whole queue to send it loses the slot meanwhile.
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
    pub(super) async fn admit(&mut self, work: Work, patience: Duration) -> Result<(), Refusal> {
        self.slot(work).await?;
        self.permit(patience).await
    }

    async fn slot(&mut self, work: Work) -> Result<(), Refusal> {
        let (admission, config) = (&self.app.admission, &self.generation.config.admission);
        self.granted.slot = None;
        let slot = admission.slot(work, self.priority.as_ref(), config);
        self.granted.slot = Some(slot.await?);
        Ok(())
    }

    /// Waits until the request, which has a slot, may run, for at most `patience`.
    pub(super) async fn permit(&mut self, patience: Duration) -> Result<(), Refusal> {
        if let Some(slot) = self.granted.slot.take() {
            self.granted.permit = Some(self.app.admission.permit(slot, patience).await?);
        }
        Ok(())
    }

    /// Takes what was granted, for work that outlives the request.
    pub(super) fn granted(&mut self) -> Granted {
        std::mem::take(&mut self.granted)
    }
}
