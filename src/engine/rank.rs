//! One ranking: one view of the live state for the whole request.

use std::cell::RefCell;
use std::sync::{Arc, RwLockReadGuard};
use std::time::{Duration, Instant};

use super::Engine;
use super::arms::{arms, id_of};
use super::pages::{Answered, Found, Held, Stands};
use crate::clock::Deadline;
use crate::config::{Generation, Scene};
use crate::decision::{Share, Whole};
use crate::ingest::Facts;
use crate::model::{Decision, Fault, RankRequest};
use crate::race::Standings;
use crate::rank::{self, Past, Scratch, Tracked, Turn, View};
use crate::support::Market;

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

/// The answer to a request for a page.
#[derive(Clone, Debug)]
pub enum Ranked<'r> {
    /// The page is ranked now.
    New(Box<Decision<'r>>),
    /// The page was answered before: that answer, as it was written.
    Again(Arc<[u8]>),
}

/// What is known of the pages before the one that is asked for.
#[derive(Clone, Debug, Default)]
struct Before {
    /// What stands there, in the order of the places.
    stands: Vec<Stands>,
    /// The arms under which they were ranked; `None` if they are not known.
    held: Option<Held>,
}

impl Engine {
    /// Ranks one user's candidates; what stood on the pages before is left out. `id` is the id in the answer.
    ///
    /// # Errors
    /// As [`Self::rank`]; [`RankError::Invalid`] too if the offset belongs to no page, or the pages before to another user or scene.
    pub fn page<'r>(
        &self,
        request: &'r RankRequest<'_>,
        id: &str,
        arrived: Instant,
    ) -> Result<Ranked<'r>, RankError> {
        let bounds = self.live.load().config.pages;
        let names = || self.facts.read().ids_of_user(&request.user_id);
        let found = self.pages.find(request, (id, names), (&bounds, arrived));
        let before = match found.map_err(|fault| RankError::Invalid(vec![fault]))? {
            Found::Answer(json) => return Ok(Ranked::Again(json)),
            Found::Next(stands, held) => Before {
                stands,
                held: Some(held),
            },
            Found::Nothing => Before::default(),
        };
        let decision = self.rank_after(request, (Some(id), &before), arrived)?;
        Ok(Ranked::New(Box::new(decision)))
    }

    /// Remembers the answer to a request, written as `json`, for later pages.
    pub fn remember(
        &self,
        request: &RankRequest<'_>,
        (id, decision): (&str, &Decision<'_>),
        json: &[u8],
        arrived: Instant,
    ) {
        if !decision.degraded.is_empty() {
            return;
        }
        let held = Held {
            arms: decision.arms.clone(),
            forced: decision.forced,
        };
        let answered = Answered {
            id,
            start: decision.start,
            places: decision.placed.len(),
            won: &decision.won,
            held: &held,
            json,
        };
        let bounds = self.live.load().config.pages;
        self.pages.remember(request, answered, (&bounds, arrived));
    }

    /// Ranks one user's candidates. Pages before an offset are arranged anew.
    ///
    /// # Errors
    /// [`RankError::Late`] if the time of the request, counted from `arrived`, ran out before scoring began;
    /// [`RankError::Invalid`] if its scene is not configured.
    pub fn rank<'r>(
        &self,
        request: &'r RankRequest<'_>,
        arrived: Instant,
    ) -> Result<Decision<'r>, RankError> {
        self.rank_after(request, (None, &Before::default()), arrived)
    }

    /// Locks the facts for a ranking of this thread. If its buffers have no room for the newest tags, they get it without the lock: to
    /// fill some megabytes takes milliseconds, for which a writer would wait, and behind it everyone else.
    pub(super) fn facts_to_rank(&self) -> RwLockReadGuard<'_, Facts> {
        loop {
            let (facts, standings) = (self.facts.read(), self.standings.load());
            let tags = facts.books.tags.len();
            let has_room = SCRATCH.with_borrow_mut(|scratch| {
                scratch.meet(&standings);
                scratch.has_room(&standings, tags)
            });
            if has_room {
                return facts;
            }
            drop(facts);
            SCRATCH.with_borrow_mut(|scratch| scratch.make_room(&standings, tags));
        }
    }

    fn rank_after<'r>(
        &self,
        request: &'r RankRequest<'_>,
        (id, before): (Option<&str>, &Before),
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
        let facts = self.facts_to_rank();
        if Deadline::after(arrived, timeout).passed() {
            return Err(RankError::Late);
        }
        let standings = self.standings.load();
        let market = self.markets.live.load();
        let now = self.clock.now();
        let past = before.past(&facts);
        let start = request.offset.unwrap_or_default();
        let share = self.decisions.share(&config.decisions, id);
        let begun = (share != Share::None).then(Instant::now);
        let view = View {
            turn: Turn {
                start,
                past: &past,
                anew: start > 0 && before.held.is_none(),
            },
            traced: begun.is_some(),
            ..self.view(&generation, scene, (&standings, &market), &facts)
        };
        let answered = &scene.answered;
        let arms = arms(&view, (config, scene), (request, before.held.as_ref()));
        let scene = arms.as_ref().map_or(scene, |(_, scene)| scene);
        let view = View { scene, ..view };
        let mut tracked = (share == Share::Whole).then(Tracked::default);
        let mut decision = decide(request, &view, tracked.as_mut());
        let took = begun.map(|begun| begun.elapsed());
        let whole = tracked.map(|tracked| capture(request, &view, tracked));
        self.note_placed(&generation, (request, scene), &decision, &facts, now);
        if let Some((arms, _)) = &arms {
            decision.arms = arms.names(config);
            decision.forced = arms.forced;
            let id = id_of(request, (&facts.books.users, &facts.books.hasher));
            self.note_arms((config, arms), (id, &facts), arrived);
        }
        drop(facts);
        decision.scene_asked = asked.retired.then(|| asked.name.clone());
        answered.note(now, decision.placed.len());
        self.observe_ranking(config, scene, &decision);
        self.observe_numbers(&generation, &decision.given, arrived);
        if let Some((id, took)) = id.zip(took) {
            self.log_decision(&generation, request, &decision, (id, now, took, whole));
        }
        Ok(decision)
    }
}

/// Ranks a request on a view, with the buffers of this thread.
fn decide<'r, 'v>(
    request: &'r RankRequest<'_>,
    view: &View<'v>,
    tracked: Option<&mut Tracked<'v>>,
) -> Decision<'r> {
    SCRATCH.with_borrow_mut(|scratch| rank::rank(request, view, scratch, tracked))
}

/// Returns the columns of a request that this thread just ranked on a view.
fn capture(request: &RankRequest<'_>, view: &View<'_>, tracked: Tracked<'_>) -> Whole {
    SCRATCH.with_borrow_mut(|scratch| rank::capture(request, view, scratch, tracked))
}

impl Before {
    /// Returns what stands on the pages before, as far as it is still known.
    fn past<'b>(&'b self, facts: &Facts) -> Vec<Past<'b>> {
        let books = &facts.books;
        let past = self.stands.iter().map(|Stands { id, won }| Past {
            item: books.items.find(books.hasher.hash(id), id),
            won: won.as_ref(),
        });
        past.collect()
    }
}

impl Engine {
    /// Returns the state that a request sees.
    pub(super) fn view<'v>(
        &'v self,
        generation: &'v Generation,
        scene: &'v Scene,
        (standings, market): (&'v Standings, &'v Market),
        facts: &'v Facts,
    ) -> View<'v> {
        let (config, books) = (&generation.config, &facts.books);
        View {
            config,
            generation: generation.number,
            scene,
            standings,
            market,
            hasher: &books.hasher,
            items: &books.items,
            merchants: &books.merchants,
            users: &books.users,
            goals: &books.goals,
            tags: &books.tags,
            words: &facts.derived.words,
            places: &facts.derived.places,
            kinds: &facts.derived.kinds,
            selections: facts.selections.of(&config.selections),
            as_of: self.as_of(config),
            turn: Turn::default(),
            traced: false,
            // A worker does not split: while it waits it would steal another request, under the same lock and on the same buffers.
            splitters: self
                .splitters
                .as_ref()
                .filter(|_| rayon::current_thread_index().is_none()),
        }
    }
}

fn unknown_scene(name: &str) -> Fault {
    Fault::new("scene", format!("there is no scene \"{name}\""))
}
