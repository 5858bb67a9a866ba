//! One ranking: one view of the live state for the whole request.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::Engine;
use crate::clock::Deadline;
use crate::model::{Decision, Fault, RankRequest};
use crate::rank::{self, Scratch, View};

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// The reason why a request was not ranked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RankError {
    /// The request names something that the live configuration does not have.
    #[error("the request is not valid")]
    Invalid(Vec<Fault>),
    /// The time of the request ran out before scoring began.
    #[error("the time of the request ran out before scoring began")]
    Late,
}

impl Engine {
    /// Ranks one user's candidates.
    ///
    /// # Errors
    /// [`RankError::Late`] if the time of the request, counted from `arrived`, ran out before scoring began;
    /// [`RankError::Invalid`] if its scene is not configured.
    pub fn rank<'r>(
        &self,
        request: &'r RankRequest<'_>,
        arrived: Instant,
    ) -> Result<Decision<'r>, RankError> {
        let generation = self.live.load();
        let config = &generation.config;
        let unknown = || RankError::Invalid(vec![unknown_scene(request.scene())]);
        let asked = config.scenes.get(request.scene()).ok_or_else(unknown)?;
        let scene = config.answering(request.scene()).ok_or_else(unknown)?;
        asked.asked.note(arrived);
        let timeout = request
            .timeout_ms
            .map_or(scene.timeout, Duration::from_millis);
        let facts = self.facts.read();
        if Deadline::after(arrived, timeout).passed() {
            return Err(RankError::Late);
        }
        let standings = self.standings.load();
        let as_of = self.as_of(config);
        let view = View {
            config,
            generation: generation.number,
            scene,
            standings: &standings,
            hasher: &facts.books.hasher,
            items: &facts.books.items,
            merchants: &facts.books.merchants,
            users: &facts.books.users,
            tags: &facts.books.tags,
            as_of,
            // A worker does not split: while it waits it would steal another request, under the same lock and on the same buffers.
            splitters: self
                .splitters
                .as_ref()
                .filter(|_| rayon::current_thread_index().is_none()),
        };
        let mut decision = SCRATCH.with_borrow_mut(|scratch| rank::rank(request, &view, scratch));
        drop(facts);
        decision.scene_asked = asked.retired.then(|| asked.name.clone());
        self.observe_ranking(config, scene, &decision);
        self.observe_numbers(&generation, &decision.given, arrived);
        Ok(decision)
    }
}

fn unknown_scene(name: &str) -> Fault {
    Fault::new("scene", format!("there is no scene \"{name}\""))
}
