//! The page of a record that is ranked again, arranged by the same slate, or the best by the same top.

use super::live::Live;
use super::paged::{page, page_price};
use super::recorded_set::RecordedSet;
use super::replay::Replay;
use super::slate::Arranger;
use super::topk;
use crate::model::Move;
use crate::rule::RULES;

/// A page that was ranked again.
#[derive(Clone, Debug, Default)]
pub struct Replayed {
    /// Candidates by place in the record, and scores, by place.
    pub placed: Vec<(usize, f32)>,
    /// Number of times each rule acted.
    pub fired: [usize; RULES],
    /// What a first page gives up; `None` if nothing arranged it.
    pub price: Option<f64>,
    /// The move of each place, if it has one.
    pub moves: Vec<Option<Move>>,
}

impl Replay<'_> {
    /// Returns the number of places of the page.
    fn limit(&self) -> usize {
        if self.recorded.whole.inputs.limited {
            self.recorded.record.limit
        } else {
            self.scene.limit
        }
    }

    /// Returns the page; with its moves if they are `traced`.
    #[must_use]
    pub fn page(&self, traced: bool) -> Replayed {
        let arranging = self.live.as_ref().filter(|live| live.arranges);
        match arranging {
            Some(live) => self.arranged(live, traced),
            None => self.best(),
        }
    }

    fn best(&self) -> Replayed {
        let inputs = &self.recorded.whole.inputs;
        let skipped = if inputs.anew { inputs.start } else { 0 };
        let limit = self.limit().saturating_add(skipped);
        let place = |candidate: usize| self.scores.candidates[candidate].0.index();
        let mut keys = Vec::new();
        let lot = |candidate| self.lot(place(candidate));
        topk::best(&self.scores.scores, limit, lot, &mut keys);
        let top = keys.iter().skip(skipped).map(|key| topk::place(*key));
        Replayed {
            placed: top.map(|it| (place(it), self.scores.scores[it])).collect(),
            fired: self.hidden,
            ..Replayed::default()
        }
    }

    fn arranged(&self, live: &Live<'_>, traced: bool) -> Replayed {
        let inputs = &self.recorded.whole.inputs;
        let set = RecordedSet::new(self, live);
        let mut arranger = Arranger::new(&set, &live.plan, self.limit());
        let page = page(&mut arranger, (inputs.start, inputs.anew), self.limit());
        let moves = if traced {
            arranger.moves(&page)
        } else {
            Vec::new()
        };
        let first = page.start == 0;
        let own = &self.scores.scores;
        let price = first.then(|| page_price(&mut arranger, &page, own));
        let scores = set.scores();
        let place = |candidate: usize| self.scores.candidates[candidate].0.index();
        let placed = page
            .held
            .iter()
            .map(|it| (place(it.candidate), scores[it.candidate]));
        Replayed {
            placed: placed.collect(),
            fired: std::array::from_fn(|rule| self.hidden[rule] + page.fired[rule]),
            price,
            moves: moves.into_iter().map(|it| it.into_iter().next()).collect(),
        }
    }
}
