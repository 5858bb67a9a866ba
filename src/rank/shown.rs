//! The places of an answer: the best by score, or what the slate arranged.

use std::borrow::Cow;

use compact_str::CompactString;

use super::explain::{explain, features};
use super::field::Field;
use super::given_back::given_back;
use super::lever::Lever;
use super::live::Live;
use super::lot::Lots;
use super::noted::Noted;
use super::paged::{page, page_price};
use super::score::{Scorer, Scores};
use super::slate::{Arranged, Arranger, Set, Win};
use super::support;
use super::topk::{self, Chosen};
use super::view::View;
use crate::model::{
    Contender, Decision, Dropped, Explanation, GivenBack, LeverPrice, Move, PagePrice, Placed,
    RankRequest, SlotRace, Won,
};
use crate::number::wide;
use crate::rule::{RULES, Rule};

/// One request in so many is arranged once more without each lever: so few that neither the median nor the 99th percentile of the
/// duration sees them.
const SAMPLE: u64 = 128;
/// Maximum number of levers that one of them is arranged without; of more, others each time.
const LEVERS: usize = 8;

/// The scored candidates of one request, and how many places it asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scored<'o, 'r> {
    pub(super) ids: &'r [Cow<'r, str>],
    pub(super) scores: &'o Scores,
    pub(super) lots: &'o Lots<'o>,
    pub(super) scorer: &'o Scorer<'o>,
    pub(super) limit: usize,
    pub(super) explained: bool,
    pub(super) with_features: bool,
}

/// The places of an answer.
#[derive(Debug, Default)]
pub(super) struct Shown<'r> {
    pub(super) placed: Vec<Placed<'r>>,
    pub(super) slots: Vec<SlotRace<'r>>,
    /// The reserved places that nobody won, if explained.
    pub(super) given_back: Vec<GivenBack>,
    /// The moves of all places, if they are traced.
    pub(super) moves: Vec<Move>,
    /// The places that slots and support places gave away.
    pub(super) won: Vec<Won>,
    /// Candidates that fit no place of a page that ended early.
    pub(super) left: Vec<Dropped<'r>>,
    /// Number of times each rule acted.
    pub(super) fired: [usize; RULES],
    /// The price of the first page.
    pub(super) price: Option<PagePrice>,
}

impl<'r> Shown<'r> {
    /// Returns the decision on these places, which says nothing of the candidates yet.
    pub(super) fn decision(self, view: &View<'_>) -> Decision<'r> {
        Decision {
            placed: self.placed,
            slots: self.slots,
            given_back: self.given_back,
            moves: self.moves,
            won: self.won,
            price: self.price,
            ..blank(view)
        }
    }
}

/// Returns the decision of a view on a request without candidates.
pub(super) fn blank<'r>(view: &View<'_>) -> Decision<'r> {
    Decision {
        scene: view.scene.name.clone(),
        scene_asked: None,
        generation: view.generation,
        standings: view.standings.number,
        market: view.market.number,
        as_of: view.as_of,
        asked: 0,
        unknown: Vec::new(),
        dropped: Vec::new(),
        fired: [0; RULES],
        scored: 0,
        missing: Vec::new(),
        undecided: 0,
        given: Vec::new(),
        start: view.turn.start,
        placed: Vec::new(),
        price: None,
        slots: Vec::new(),
        given_back: Vec::new(),
        moves: Vec::new(),
        won: Vec::new(),
        arranged: false,
        degraded: view.turn.anew.then_some("pages").into_iter().collect(),
        explained: false,
        arms: Vec::new(),
        forced: false,
    }
}

/// Returns a place that was given away, with the name of the slot.
fn won(live: &Live<'_>, (place, slot): (usize, Option<usize>)) -> Won {
    let slot = slot.and_then(|slot| live.plan.slots.get(slot));
    Won {
        place,
        slot: slot.map(|(name, _)| CompactString::from(*name)),
    }
}

/// Returns the remainder of a number by a count; 0 if there is none.
fn remainder(number: u64, count: usize) -> usize {
    let remainder = number.checked_rem(wide(count));
    remainder.map_or(0, |it| usize::try_from(it).unwrap_or(0))
}

impl<'o, 'r> Scored<'o, 'r> {
    /// Creates the scored candidates of a request.
    pub(super) fn new(
        request: &'r RankRequest<'_>,
        (scores, scorer): (&'o Scores, &'o Scorer<'o>),
        lots: &'o Lots<'o>,
    ) -> Self {
        let scene = scorer.predictor.view().scene;
        Self {
            ids: &request.candidates.ids,
            scores,
            lots,
            scorer,
            limit: request.limit.unwrap_or(scene.limit),
            explained: request.explain == Some(true),
            with_features: request.wants_features(),
        }
    }

    /// Places candidates as the live rules arrange them; without rules, the best by score.
    pub(super) fn shown(&self, noted: Option<&Noted<'_>>, keys: &mut Vec<u64>) -> Shown<'r> {
        match noted {
            Some(noted) => self.arranged(noted),
            None => self.best(keys),
        }
    }

    /// Places the best by score.
    fn best(&self, keys: &mut Vec<u64>) -> Shown<'r> {
        let turn = self.scorer.predictor.view().turn;
        let skipped = if turn.anew { turn.start } else { 0 };
        let limit = self.limit.saturating_add(skipped);
        let top = topk::select(self.scores, self.ids, limit, self.lots, keys);
        let placed = top
            .iter()
            .skip(skipped)
            .map(|chosen| self.place(chosen, || self.why(chosen, None, Vec::new())));
        Shown {
            placed: placed.collect(),
            ..Shown::default()
        }
    }

    /// Places what the rules arrange.
    fn arranged(&self, noted: &Noted<'_>) -> Shown<'r> {
        let (live, view) = (noted.live, self.scorer.predictor.view());
        let field = Field::new((live, noted), (self.ids, self.lots), self.scores, view);
        let mut arranger = Arranger::new(&field, &live.plan, self.limit);
        let page = page(&mut arranger, (view.turn.start, view.turn.anew), self.limit);
        let moves = if self.explained || view.traced {
            arranger.moves(&page)
        } else {
            Vec::new()
        };
        let traced = view.traced.then(|| moves.concat());
        let mut moves = moves.into_iter();
        let placed = page.held.iter().map(|held| {
            let moves = moves.next().unwrap_or_default();
            let mut chosen = topk::chosen(self.scores, held.candidate);
            if let Some(scores) = field.lifted() {
                chosen.score = scores[held.candidate];
            }
            self.place(&chosen, || self.why(&chosen, Some(live), moves))
        });
        let price = (page.start == 0).then(|| self.price(&mut arranger, &page));
        let left = page.left.iter().map(|&(candidate, by)| Dropped {
            id: self.id(candidate),
            rule: Rule::Cap,
            by: Some(by),
        });
        Shown {
            placed: placed.collect(),
            slots: page.wins.iter().map(|win| self.slot(win, live)).collect(),
            given_back: if self.explained {
                given_back(&field, live, &page)
            } else {
                Vec::new()
            },
            moves: traced.unwrap_or_default(),
            won: page.won().map(|won| self::won(live, won)).collect(),
            left: left.collect(),
            fired: page.fired,
            price: price.map(|share| PagePrice {
                share,
                levers: self.levers(noted, share),
            }),
        }
    }

    /// Returns the price of the first page.
    fn price<S: Set>(&self, arranger: &mut Arranger<'_, S>, page: &Arranged) -> f64 {
        page_price(arranger, page, &self.scores.scores)
    }

    /// Returns what each lever adds to the price of the first page: the page is arranged once more without it. Only one request in
    /// [`SAMPLE`] is looked at, by the lot of its first candidate.
    fn levers(&self, noted: &Noted<'_>, price: f64) -> Vec<LeverPrice> {
        let (live, view) = (noted.live, self.scorer.predictor.view());
        let lot = self.ids.first().map_or(1, |id| self.lots.key(id).0);
        if !lot.is_multiple_of(SAMPLE) {
            return Vec::new();
        }
        let of = |lever: Lever<'_>| {
            let rest = live.without(lever);
            let field = Field::new((&rest, noted), (self.ids, self.lots), self.scores, view);
            let mut arranger = Arranger::new(&field, &rest.plan, self.limit);
            let page = arranger.next(self.limit);
            LeverPrice {
                rule: lever.rule,
                name: CompactString::from(lever.name),
                price: price - self.price(&mut arranger, &page),
            }
        };
        let levers: Vec<Lever<'_>> = live.levers().collect();
        let first = remainder(lot / SAMPLE, levers.len());
        let from_first = levers.iter().cycle().skip(first);
        let some = from_first.take(levers.len().min(LEVERS));
        some.map(|lever| of(*lever)).collect()
    }

    fn id(&self, candidate: usize) -> &'r str {
        &self.ids[self.scores.candidates[candidate].1 as usize]
    }

    /// Places a candidate; `why` is called if the request asks for explanations.
    #[inline(always)]
    fn place(&self, chosen: &Chosen, why: impl FnOnce() -> Explanation) -> Placed<'r> {
        Placed {
            id: &self.ids[chosen.place as usize],
            score: chosen.score,
            explain: self.explained.then(why),
        }
    }

    #[cold]
    fn why(&self, chosen: &Chosen, live: Option<&Live<'_>>, mut moves: Vec<Move>) -> Explanation {
        let view = self.scorer.predictor.view();
        for step in moves.iter_mut().filter(|step| step.rule == "support") {
            step.reason = support::reason(view, chosen.row);
        }
        let lifts = live.and_then(|live| live.lifts.as_ref());
        let explanation = explain(chosen, self.scorer, lifts, moves);
        let with_features = self.with_features.then(|| features(chosen, self.scorer));
        Explanation {
            features: with_features,
            ..explanation
        }
    }

    fn slot(&self, win: &Win, live: &Live<'_>) -> SlotRace<'r> {
        SlotRace {
            name: CompactString::from(live.plan.slots[win.slot].0),
            place: win.place,
            winner: self.contender(win.winner),
            runner_up: win.runner_up.map(|runner_up| self.contender(runner_up)),
        }
    }

    fn contender(&self, (candidate, score): (usize, f32)) -> Contender<'r> {
        let view = self.scorer.predictor.view();
        let row = self.scores.candidates[candidate].0;
        let merchant = view.items.get(row).merchant.some();
        let merchant = merchant.and_then(|merchant| view.merchants.get(merchant));
        Contender {
            id: self.id(candidate),
            score,
            merchant: merchant.map(|merchant| CompactString::from(merchant.id())),
        }
    }
}
