//! The preview of given requests: each is ranked on the live state as it would be logged, and that record is compared.

use std::sync::Arc;
use std::time::Instant;

use crate::clock::Time;
use crate::config::{Config, Generation};
use crate::decision::Logged;
use crate::engine::{Engine, Unwanted, Wanted};
use crate::model::RankRequest;
use crate::model::view::Preview;
use crate::rank::{self, Scratch, Turn, View};

impl Engine {
    /// Returns what a configuration would change in the answers to some requests. Nothing is counted or logged.
    ///
    /// # Errors
    /// The caller stopped waiting.
    pub fn preview_requests(
        &self,
        next: &Config,
        requests: &[RankRequest<'_>],
        at: Option<Time>,
        wanted: &Wanted,
    ) -> Result<Preview, Unwanted> {
        let live = self.generation();
        let mut scratch = Scratch::default();
        let mut logged = Vec::with_capacity(requests.len());
        for (number, request) in requests.iter().enumerate() {
            wanted.check()?;
            let id = request.request_id.as_deref();
            let id = id.map_or_else(|| format!("{number}"), str::to_owned);
            logged.extend(self.recorded(&live, request, &id, &mut scratch));
        }
        let mut preview = self.compared(&logged, (&live, next), at, wanted)?;
        if preview.replayed == 0 {
            preview.why = Some("`rank` is empty".to_owned());
        }
        Ok(preview)
    }

    /// Ranks a request on the live state. Returns its whole record; `None` if its scene does not exist.
    fn recorded(
        &self,
        live: &Arc<Generation>,
        request: &RankRequest<'_>,
        id: &str,
        scratch: &mut Scratch,
    ) -> Option<Arc<Logged>> {
        let scene = live.config.answering(request.scene())?;
        let begun = Instant::now();
        let facts = self.facts.read();
        let standings = self.standings.load();
        let market = self.markets.live.load();
        let start = request.offset.unwrap_or_default();
        let view = View {
            turn: Turn {
                start,
                past: &[],
                anew: start > 0,
            },
            traced: true,
            ..self.view(live, scene, (&standings, &market), &facts)
        };
        let decision = rank::rank(request, &view, scratch);
        let whole = rank::capture(request, &view, scratch);
        drop(facts);
        let now = self.clock.now();
        let of = (id, now, begun.elapsed(), Some(whole));
        Some(Arc::new(Logged {
            record: self.record_of(live, request, &decision, of),
            generation: Some(Arc::clone(live)),
        }))
    }
}
