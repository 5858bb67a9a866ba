//! Ranks a whole record again, under its own or another configuration, by the functions that rank requests: the same blend, factors,
//! lifts, slate and top, fed from columns. Under its own configuration the result is bit for bit what was logged.

use super::BLOCK;
use super::aversion::at_least;
use super::blend::Weights;
use super::factor::Power;
use super::ground::Ground;
use super::lift::{Boost, Flown, Lifts};
use super::live::{self, Live};
use super::lot::Lots;
use super::recorded::Recorded;
use super::score::Scores;
use super::seen::Seen;
use super::tally::Tally;
use crate::config::{Config, Scene, SceneRule};
use crate::feature::sight_second;
use crate::id::ItemRow;
use crate::number::{narrow, short};
use crate::rule::{RULES, Rule};
use crate::support::Spent;

/// A record, ranked up to the scores.
#[derive(Debug)]
pub struct Replay<'a> {
    pub(super) recorded: &'a Recorded<'a>,
    pub(super) scene: &'a Scene,
    pub(super) weights: Weights,
    pub(super) live: Option<Live<'a>>,
    seen: Option<Seen<'a>>,
    pub(super) scores: Scores,
    lots: Lots<'a>,
    /// Number of times each rule hid a candidate.
    pub(super) hidden: [usize; RULES],
}

impl<'a> Replay<'a> {
    /// Scores the candidates of a record under a scene of its configuration.
    #[must_use]
    pub fn new(recorded: &'a Recorded<'a>, scene: &'a Scene) -> Self {
        let has = |audience| recorded.belongs(audience);
        let weights = Weights::of(scene, has);
        let rules = scene.rules.iter();
        let rules: Vec<&SceneRule> = rules
            .filter(|rule| live::is_live(rule, recorded.dated, has))
            .collect();
        let supports = supports(recorded, scene).then(|| live::support(recorded.config));
        let live = Live::new(rules, |boosts| lifts(recorded, scene, boosts), supports);
        let limits = live.as_ref().map_or(&[][..], |live| &live.seen);
        let seen = Seen::new(limits, recorded.as_of, |since| {
            let since = sight_second(since);
            let sights = recorded.whole.inputs.sights.iter();
            sights.map(move |(place, seconds)| {
                let count = seconds.iter().filter(|it| **it >= since).count();
                (ItemRow(*place), count)
            })
        });
        let mut replay = Self {
            lots: Lots::keyed(recorded.key, recorded.today()),
            scores: Scores::new(recorded.candidates(), weights.parts().len()),
            hidden: [0; RULES],
            recorded,
            scene,
            weights,
            live,
            seen,
        };
        replay.score();
        replay
    }

    /// Keeps and scores the candidates.
    fn score(&mut self) {
        let mut kept: Vec<usize> = (0..self.recorded.candidates()).collect();
        let mut hide = |rule: Rule, hides: &dyn Fn(ItemRow) -> bool| {
            let before = kept.len();
            kept.retain(|place| !hides(ItemRow::at(*place)));
            self.hidden[rule as usize] += before - kept.len();
        };
        for selection in self.live.iter().flat_map(|live| &live.hidden) {
            hide(Rule::Hide, &|row| self.recorded.has(*selection, row));
        }
        if let Some(seen) = &self.seen {
            hide(Rule::Seen, &|row| seen.hides(row));
        }
        let mut scores = vec![0.0; kept.len()];
        let mut tallies = std::mem::take(&mut self.scores.tallies);
        self.weigh(&self.weights, &kept, &mut scores, &mut tallies);
        self.scores = Scores {
            candidates: kept
                .iter()
                .map(|it| (ItemRow::at(*it), short(*it)))
                .collect(),
            scores,
            tallies,
        };
    }

    /// Fills in the own of candidates under some weights.
    pub(super) fn weigh(
        &self,
        weights: &Weights,
        candidates: &[usize],
        scores: &mut [f32],
        tallies: &mut [Tally],
    ) {
        for (block, scores) in candidates.chunks(BLOCK).zip(scores.chunks_mut(BLOCK)) {
            weights.bases(scores, |part, weighed, column| {
                tallies[part] += self.recorded.fill(weighed, block, column);
            });
            for (candidate, score) in block.iter().zip(scores) {
                let [integrity, aversion, seen] = self.factors(*candidate);
                *score *= integrity;
                *score *= aversion;
                if let Some(seen) = seen.is_finite().then_some(seen) {
                    *score *= seen;
                }
            }
        }
    }

    /// Returns the factors of a candidate: integrity, aversion, and seen, which is NaN if no rule lowers it.
    pub(super) fn factors(&self, candidate: usize) -> [f32; 3] {
        let (inputs, config) = (&self.recorded.whole.inputs, self.recorded.config);
        let integrity = Power::new(&config.integrity).of(inputs.integrity.get(candidate));
        let aversion = at_least(narrow(config.aversion.min), inputs.aversion.get(candidate));
        let seen = self.seen.as_ref();
        let seen = seen.and_then(|seen| seen.factor(ItemRow::at(candidate)));
        [integrity, aversion, seen.unwrap_or(f32::NAN)]
    }

    /// Returns the key that orders candidates of equal numbers.
    pub(super) fn lot(&self, place: usize) -> (u64, &str) {
        self.lots.key(&self.recorded.whole.ids[place])
    }
}

/// Returns whether a part of the configuration is as it was when the record was made, so that what was logged of it holds as it is.
fn is_same<T: PartialEq>(recorded: &Recorded<'_>, part: fn(&Config) -> &T) -> bool {
    let own = recorded.own;
    own.is_none_or(|own| part(own) == part(recorded.config))
}

/// Returns whether the scene keeps places for newcomers.
fn supports(recorded: &Recorded<'_>, scene: &Scene) -> bool {
    let kept = || recorded.config.support.scenes.contains(&scene.name);
    recorded.whole.inputs.help.support && (is_same(recorded, |it| &it.support) || kept())
}

/// Returns the lifts: the campaigns that lifted and that the configuration has, with its factors, and the boosts.
fn lifts<'a>(
    recorded: &'a Recorded<'a>,
    scene: &Scene,
    boosts: Vec<Boost<'a>>,
) -> Option<Lifts<'a>> {
    let (help, config) = (&recorded.whole.inputs.help, recorded.config);
    let same = is_same(recorded, |it| &it.campaigns);
    let flown = help.campaigns.iter().filter_map(|(name, credit)| {
        let campaign = config.campaigns.named(name)?;
        let audience = campaign.audience.as_ref();
        let applies = campaign.is_live(recorded.dated)
            && campaign.scenes.contains(&scene.name)
            && audience.is_none_or(|it| recorded.whole.audiences.contains(it));
        (same || applies).then_some(Flown {
            campaign,
            spent: Spent::default(),
            credit: credit.0,
            items: campaign.items,
        })
    });
    let flown = flown.collect();
    let held = is_same(recorded, |it| &it.tail) || config.tail.scenes.contains_key(&scene.name);
    let tail = if held { help.tail.0 } else { 0.0 };
    Lifts::of(Ground::Recorded(recorded), boosts, (flown, tail))
}
