//! One request on its way through its handler: what it brings, what it was granted, and how it waits for its turn.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;

use super::admission::{Claim, Held, Leave, Place, Refusal, Work};
use super::app::App;
use super::body;
use super::error::Problem;
use super::query::Query;
use super::request_id::RequestId;
use crate::config::Generation;

/// One request on its way through its handler.
pub(super) struct Call<'c> {
    pub(super) app: &'c Arc<App>,
    pub(super) headers: &'c HeaderMap,
    pub(super) body: &'c mut Body,
    pub(super) query: Query,
    pub(super) id: &'c RequestId,
    pub(super) arrived: Instant,
    pub(super) generation: Arc<Generation>,
    pub(super) work: Option<Work>,
    pub(super) claim: Option<Claim>,
    pub(super) granted: Granted,
}

/// What a request was granted: dropped, it is others'. Whoever works on after the request is gone must keep it.
#[derive(Default)]
pub(super) struct Granted {
    place: Option<Place>,
    leave: Option<Leave>,
    held: Option<Held>,
}

impl Call<'_> {
    /// The whole body, unpacked, once it is its turn to be worked on; a rank request, whose own time is in the body, has its place
    /// then and waits for its [`Self::turn`] later.
    pub(super) async fn read(&mut self) -> Result<Bytes, Problem> {
        match self.work {
            Some(Work::Rank) => self.read_at_once().await,
            Some(work) => {
                let body = self.read_body().await?;
                self.enter(work, self.generation.config.admission.wait)
                    .await?;
                Ok(body)
            }
            None => self.read_body().await,
        }
    }

    /// The body of a rank request, which has its place from the start, so that no more are read than there are places. Who takes as long as
    /// the whole queue to send it loses the place meanwhile.
    async fn read_at_once(&mut self) -> Result<Bytes, Problem> {
        self.place(Work::Rank).await?;
        let mut place = self.granted.place.take();
        let patience = self.generation.config.admission.queue;
        let body = {
            let mut reading = pin!(self.read_body());
            match tokio::time::timeout(patience, reading.as_mut()).await {
                Ok(body) => body,
                Err(_) => {
                    place = None;
                    reading.await
                }
            }
        }?;
        match place {
            Some(_) => self.granted.place = place,
            None => self.place(Work::Rank).await?,
        }
        Ok(body)
    }

    async fn read_body(&mut self) -> Result<Bytes, Problem> {
        let generation = Arc::clone(&self.generation);
        let config = &generation.config;
        let mut held = self.app.admission.hold(self.work, &config.admission);
        let patience = config.server.body;
        let limits = &config.vocabulary.limits;
        let body = body::read(self.headers, self.body, limits, patience, &mut held).await?;
        self.granted.held = Some(held);
        Ok(body)
    }

    /// Waits until it is the turn of this request as work of that kind, but no longer than that.
    pub(super) async fn enter(&mut self, work: Work, patience: Duration) -> Result<(), Refusal> {
        self.place(work).await?;
        self.turn(patience).await
    }

    async fn place(&mut self, work: Work) -> Result<(), Refusal> {
        let (admission, config) = (&self.app.admission, &self.generation.config.admission);
        self.granted.place = None;
        self.granted.place = Some(admission.place(work, self.claim.as_ref(), config).await?);
        Ok(())
    }

    /// Waits until it is the turn of the place that this request has, but no longer than that.
    pub(super) async fn turn(&mut self, patience: Duration) -> Result<(), Refusal> {
        if let Some(place) = self.granted.place.take() {
            self.granted.leave = Some(self.app.admission.turn(place, patience).await?);
        }
        Ok(())
    }

    /// What it was granted, for work that goes on by itself.
    pub(super) fn granted(&mut self) -> Granted {
        std::mem::take(&mut self.granted)
    }
}
