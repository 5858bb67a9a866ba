//! The preview of given requests: each is ranked on the live state as it would be logged, and that record is compared. The arms of its
//! user are those of either configuration.

use std::sync::Arc;
use std::time::Instant;

use super::run::Asked;
use crate::clock::Time;
use crate::config::{Config, Generation, Scene};
use crate::decision::Logged;
use crate::engine::arms::arms;
use crate::engine::{Engine, Unwanted, Wanted};
use crate::model::RankRequest;
use crate::model::view::Preview;
use crate::rank::{self, Scratch, Tracked, Turn, View};

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
        let mut asked = Vec::with_capacity(requests.len());
        for (number, request) in requests.iter().enumerate() {
            wanted.check()?;
            let id = request.request_id.as_deref();
            let id = id.map_or_else(|| format!("{number}"), str::to_owned);
            asked.extend(self.recorded((&live, next), request, &id, &mut scratch));
        }
        let mut preview = self.compared(&asked, (&live, next), at, wanted)?;
        if preview.replayed == 0 {
            let why = match requests {
                [] => "`rank` is empty",
                [..] => "no request of `rank` names a scene that the live configuration has",
            };
            preview.why = Some(why.to_owned());
        }
        Ok(preview)
    }

    /// Ranks a request on the live state. Returns its whole record, with the scene that would answer under the next configuration; `None` if
    /// its scene does not exist.
    fn recorded<'n>(
        &self,
        (live, next): (&Arc<Generation>, &'n Config),
        request: &RankRequest<'_>,
        id: &str,
        scratch: &mut Scratch,
    ) -> Option<Asked<'n>> {
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
        let held = arms(&view, (&live.config, scene), (request, None));
        let scene = held.as_ref().map_or(scene, |(_, scene)| scene);
        let after = under(next, &view, request);
        let view = View { scene, ..view };
        let mut tracked = Tracked::default();
        let mut decision = rank::rank(request, &view, scratch, Some(&mut tracked));
        let whole = rank::capture(request, &view, scratch, tracked);
        drop(facts);
        if let Some((arms, _)) = held {
            decision.arms = arms.names(&live.config);
            decision.forced = arms.forced;
        }
        let now = self.clock.now();
        let of = (id, now, begun.elapsed(), Some(whole));
        let logged = Arc::new(Logged {
            record: self.record_of(live, request, &decision, of),
            generation: Some(Arc::clone(live)),
        });
        Some(Asked { logged, after })
    }
}

/// Returns the scene that would answer a request under another configuration, under the arms that its user would have; `None` if there is
/// none.
fn under<'n>(config: &'n Config, view: &View<'_>, request: &RankRequest<'_>) -> Option<&'n Scene> {
    let scene = config.answering(request.scene())?;
    let view = View {
        config,
        scene,
        ..*view
    };
    let arms = arms(&view, (config, scene), (request, None));
    Some(arms.map_or(scene, |(_, scene)| scene))
}
