//! Properties of every ranking, on random marketplaces, weights and numbers.

mod audiences;
mod aversion;
mod slots;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Lots, Scratch, Turn, View, rank};
use crate::clock::{DAY, Day, Time};
use crate::config::Config;
use crate::corpus::Corpus;
use crate::ingest::{EntityKind, Facts, Moment, Operation, read};
use crate::model::{Decision, diagnose};
use crate::race::{Inputs, Kind, Lanes, Ledger, PerKind, Repeats, Runner, SalesHistory, Standings};
use crate::rule::Rule;
use crate::selection::Selections;
use crate::support::Market as Snapshot;

/// Returns noon of a day of 2025.
fn noon(day: i64) -> Time {
    Time::default().plus((20_200 + day) * DAY + DAY / 2)
}

/// A marketplace under one configuration.
struct Market {
    config: Config,
    facts: Facts,
    standings: Standings,
    selections: Selections,
    market: Snapshot,
}

impl Market {
    fn new(config: &str, facts: &[(Operation, Value)]) -> Self {
        let config = Config::parse("test", config).unwrap();
        let mut market = Self {
            facts: Facts::new(&config),
            standings: standings(&Facts::new(&config)),
            selections: Selections::default(),
            market: Snapshot::default(),
            config,
        };
        for (operation, fact) in facts {
            market.tell(*operation, fact);
        }
        market.standings = standings(&market.facts);
        market
    }

    fn tell(&mut self, operation: Operation, fact: &Value) {
        let moment = Moment {
            config: &self.config,
            wall: noon(100),
        };
        let line = fact.to_string();
        let fact = read(operation, &line, &self.config.vocabulary).unwrap();
        self.facts.apply(fact, &moment).unwrap();
    }

    fn view<'v>(&'v self, scene: &str, splitters: &'v rayon::ThreadPool) -> View<'v> {
        let books = &self.facts.books;
        View {
            config: &self.config,
            generation: 1,
            scene: &self.config.scenes[scene],
            standings: &self.standings,
            market: &self.market,
            hasher: &books.hasher,
            items: &books.items,
            merchants: &books.merchants,
            users: &books.users,
            goals: &books.goals,
            tags: &books.tags,
            words: &self.facts.derived.words,
            places: &self.facts.derived.places,
            kinds: &self.facts.derived.kinds,
            selections: &self.selections,
            as_of: noon(100),
            turn: Turn::default(),
            traced: false,
            splitters: Some(splitters),
        }
    }

    /// Ranks a request. The decision borrows ids from the request, which is therefore leaked.
    fn rank(&self, request: &Value) -> Decision<'static> {
        let text = request.to_string().leak();
        let request = diagnose::request(text.as_bytes(), &self.config.vocabulary).unwrap();
        let splitters = rayon::ThreadPoolBuilder::new().build().unwrap();
        let view = self.view(request.scene(), &splitters);
        rank(
            Box::leak(Box::new(request)),
            &view,
            &mut Scratch::default(),
            None,
        )
    }
}

/// Builds standings without a sale.
fn standings(facts: &Facts) -> Standings {
    let present = Runner {
        present: true,
        ..Runner::default()
    };
    let last_complete = Day(20_299);
    Standings::build(Inputs {
        number: 1,
        as_of: noon(100),
        last_complete,
        utc_offset: 0,
        runners: PerKind::from_fn(|kind| {
            let rows = match kind {
                Kind::Item => facts.books.items.rows(),
                Kind::Merchant => facts.books.merchants.rows(),
                Kind::Creator => 0,
            };
            vec![present; rows]
        }),
        lanes: Lanes::default(),
        sales: Ledger::new(0).snapshot(last_complete),
        item_count: u32::try_from(facts.books.items.len()).unwrap(),
        corpus: Corpus::default(),
        kinds: Default::default(),
        tag_counts: facts.books.tags.carriers().clone(),
        history: PerKind::from_fn(|kind| match kind {
            Kind::Item => 40.0,
            Kind::Merchant | Kind::Creator => 100.0,
        }),
        evidence: PerKind::default(),
        repeats: Repeats::default(),
        recent: SalesHistory::default(),
        scale: Config::embedded().scale,
        level_weight: 0.6,
        growth_weight: 0.4,
    })
}

const PUT_ITEM: Operation = Operation::Upsert(EntityKind::Item);
const PUT_MERCHANT: Operation = Operation::Upsert(EntityKind::Merchant);
const PUT_USER: Operation = Operation::Upsert(EntityKind::User);

/// Returns a configuration with one prediction per normaliser, with these weights.
fn weighing(weights: &[f64]) -> String {
    let mut text = "
[predictions.p0]
normaliser = \"identity\"
[predictions.p1]
normaliser = \"log\"
reference = 0.75
[predictions.p2]
normaliser = \"logistic\"
centre = 0.5
scale = 0.1
[predictions.p3]
normaliser = \"quantile\"
points = [0.1, 0.2, 0.6]
[scene.default.weights]
quality = 0.001
"
    .to_owned();
    for (number, weight) in weights.iter().enumerate() {
        text += &format!("p{number} = {weight:?}\n");
    }
    text
}

fn items(ids: impl Iterator<Item = String>) -> Vec<(Operation, Value)> {
    ids.map(|id| (PUT_ITEM, json!({"id": id}))).collect()
}

fn candidate(id: usize, numbers: &[f64]) -> Value {
    let named = numbers.iter().enumerate();
    let predictions: Value = named
        .map(|(name, number)| (format!("p{name}"), json!(number)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json!({"id": format!("i{id}"), "predictions": predictions})
}

fn scores<'r>(ranking: &Decision<'r>) -> Vec<(&'r str, f32)> {
    ranking
        .placed
        .iter()
        .map(|placed| (placed.id, placed.score))
        .collect()
}

/// A valid weight of either sign.
fn weight() -> impl Strategy<Value = f64> {
    prop_oneof![0.01..900.0f64, -900.0..-0.01f64]
}

proptest! {
    #![proptest_config(crate::tests::cases(64))]

    #[test]
    fn a_raised_value_moves_the_score_by_sign(
        weights in prop::collection::vec(weight(), 4),
        numbers in prop::collection::vec(-0.2..1.2f64, 4),
        which in 0..4usize,
        up in 0.0..1.0f64,
    ) {
        let market = Market::new(&weighing(&weights), &items((0..2).map(|id| format!("i{id}"))));
        let mut raised = numbers.clone();
        raised[which] += up;
        let request = json!({"user_id": "u", "candidates": [candidate(0, &numbers), candidate(1, &raised)]});
        let ranking = market.rank(&request);
        let score = |id: &str| scores(&ranking).iter().find(|(known, _)| *known == id).unwrap().1;
        if weights[which] > 0.0 {
            prop_assert!(score("i1") >= score("i0"));
        } else {
            prop_assert!(score("i1") <= score("i0"));
        }
    }

    #[test]
    fn scaling_all_weights_keeps_the_order(
        weights in prop::collection::vec(weight(), 4),
        numbers in prop::collection::vec(prop::collection::vec(0.0..1.0f64, 4), 1..60),
        factor in prop_oneof![Just(0.125), Just(0.03), Just(1.1)],
    ) {
        let facts = items((0..numbers.len()).map(|id| format!("i{id}")));
        let candidates: Vec<Value> = numbers.iter().enumerate().map(|(id, numbers)| candidate(id, numbers)).collect();
        let request = json!({"user_id": "u", "candidates": candidates});
        let scaled: Vec<f64> = weights.iter().map(|weight| weight * factor).collect();
        let text = weighing(&scaled).replace("quality = 0.001", &format!("quality = {:?}", 0.001 * factor));
        let [one, other] = [weighing(&weights), text].map(|text| Market::new(&text, &facts).rank(&request));
        let order = |ranking: &Decision<'_>| ranking.placed.iter().map(|placed| placed.id.to_string()).collect::<Vec<_>>();
        prop_assert_eq!(order(&one), order(&other));
    }

    #[test]
    fn parts_of_an_explanation_sum_to_the_score(
        weights in prop::collection::vec(weight(), 4),
        numbers in prop::collection::vec(-10.0..10.0f64, 4),
        integrity in 0.0..=1.0f64,
    ) {
        let mut facts = vec![(PUT_MERCHANT, json!({"id": "m", "integrity": integrity}))];
        facts.push((PUT_ITEM, json!({"id": "i0", "merchant_id": "m"})));
        let market = Market::new(&weighing(&weights), &facts);
        let ranking = market.rank(&json!({"user_id": "u", "candidates": [candidate(0, &numbers)], "explain": true}));
        let placed = &ranking.placed[0];
        let explain = placed.explain.as_ref().unwrap();
        let sum: f32 = explain.objectives.iter().map(|part| part.contribution).sum();
        prop_assert!(explain.objectives.iter().all(|part| part.contribution >= 0.0));
        prop_assert!((sum - explain.base).abs() <= 1e-5, "{sum} {}", explain.base);
        let factors: f32 = explain.factors.iter().map(|part| part.factor).product();
        prop_assert!((explain.base * factors - placed.score).abs() <= 1e-6);
        prop_assert!((f64::from(factors) - integrity).abs() <= 1e-6);
    }

    #[test]
    fn top_k_equals_a_full_sort(
        levels in prop::collection::vec((0..4u8, "[a-z店]{1,6}"), 1..400),
        limit in 1..420usize,
    ) {
        let mut ids: Vec<String> = levels.iter().map(|(_, id)| id.clone()).collect();
        ids.sort();
        ids.dedup();
        let market = Market::new("[scene.default.weights]\npctr = 1\n", &items(ids.iter().cloned()));
        let mut best: Vec<(u8, &str)> = Vec::new();
        for (level, id) in &levels {
            if !best.iter().any(|(_, known)| known == id) {
                best.push((*level, id));
            }
        }
        let lots = Lots::new("u", market.standings.as_of.day(0));
        best.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| lots.compare(a.1, b.1)));
        best.truncate(limit);
        let candidates: Vec<Value> = levels
            .iter()
            .map(|(level, id)| json!({"id": id, "predictions": {"pctr": f64::from(*level) / 4.0}}))
            .collect();
        let ranking = market.rank(&json!({"user_id": "u", "candidates": candidates, "limit": limit}));
        let expected: Vec<(&str, f32)> = best.iter().map(|(level, id)| (*id, f32::from(*level) / 4.0)).collect();
        prop_assert_eq!(scores(&ranking), expected);
    }

    #[test]
    fn every_id_is_unknown_dropped_or_scored(
        asked in prop::collection::vec(0..90usize, 0..400),
        limit in 1..90usize,
        parallel in prop_oneof![Just(1), Just(1_000_000)],
    ) {
        let facts: Vec<(Operation, Value)> = (0..60)
            .map(|id| (PUT_ITEM, json!({"id": format!("i{id}"), "available": id % 3 > 0})))
            .collect();
        let market = Market::new(&format!("[server]\nparallel_candidates = {parallel}\n"), &facts);
        let candidates: Vec<String> = asked.iter().map(|id| format!("i{id}")).collect();
        let decision = market.rank(&json!({"user_id": "u", "candidates": candidates, "limit": limit}));
        let distinct = |which: fn(usize) -> bool| {
            asked.iter().copied().filter(|id| which(*id)).collect::<std::collections::BTreeSet<_>>().len()
        };
        prop_assert_eq!(decision.asked, asked.len());
        prop_assert_eq!(decision.unknown.len(), distinct(|id| id >= 60));
        prop_assert_eq!(decision.dropped.len(), distinct(|id| id < 60 && id % 3 == 0));
        prop_assert_eq!(decision.fired[Rule::Unavailable as usize], decision.dropped.len());
        prop_assert_eq!(decision.scored, distinct(|id| id < 60 && id % 3 > 0));
        prop_assert_eq!(decision.placed.len(), decision.scored.min(limit));
    }

    #[test]
    fn finite_inputs_give_scores_in_range(
        numbers in prop::collection::vec(any::<f64>().prop_filter("finite", |x| x.is_finite()), 4),
        price in prop_oneof![Just(0.0), Just(1e12), Just(5e-324), 0.0..1e12f64],
        weights in prop::collection::vec(prop_oneof![Just(1e6), Just(-1e6), Just(1e-12), -1.0..1.0f64], 3),
        declared in prop_oneof![Just(1e6), Just(-1e6), Just(1e-12), -1.0..1.0f64],
        listed_at in prop_oneof![Just("0000-01-01T00:00:00Z"), Just("9999-12-31T23:59:59Z"), Just("2025-07-01T00:00:00Z")],
        days in prop::collection::vec(-20_000..100i64, 0..20),
    ) {
        let mut all = weighing(&[1.0; 4]);
        for row in crate::objective::TABLE {
            if row.name != "quality" {
                all += &format!("{} = 0.5\n", row.name);
            }
        }
        let mut facts = vec![(PUT_USER, json!({"id": "u", "tags": {"t0": declared, "t9": declared}}))];
        facts.extend((0..3).map(|id| {
            let tags = json!({"t0": weights[id], format!("t{id}"): weights[(id + 1) % 3]});
            let extreme = ["quality", "long_term_value"].map(|name| (name, f64::from(id > 1)));
            let mut item = json!({"id": format!("i{id}"), "merchant_id": "m", "tags": tags, "price": price, "listed_at": listed_at});
            extreme.iter().for_each(|(name, value)| item[*name] = json!(value));
            (PUT_ITEM, item)
        }));
        facts.extend(days.iter().map(|day| {
            let item = format!("i{}", day.rem_euclid(2));
            let kind = if day % 3 == 0 { "dislike" } else { "purchase" };
            (Operation::Events, json!({"user_id": "u", "item_id": item, "kind": kind, "at": noon(*day)}))
        }));
        let market = Market::new(&all, &facts);
        for user in ["u", "nobody"] {
            let candidates: Vec<Value> = (0..3).map(|id| candidate(id, &numbers)).collect();
            let ranking = market.rank(&json!({"user_id": user, "candidates": candidates, "explain": true}));
            prop_assert_eq!(ranking.placed.len(), 3);
            for placed in &ranking.placed {
                prop_assert!((0.0..=1.0).contains(&placed.score), "{placed:?}");
                let explain = placed.explain.as_ref().unwrap();
                for part in &explain.objectives {
                    prop_assert!((0.0..=1.0).contains(&part.value), "{part:?}");
                    prop_assert!(part.raw.is_none_or(f64::is_finite), "{part:?}");
                }
            }
        }
    }
}

#[test]
fn a_split_request_scores_bit_for_bit_equally() {
    let facts: Vec<(Operation, Value)> = (0..3_000)
        .map(|id| {
            let tags = json!([format!("t{}", id % 13), format!("t{}", id % 7)]);
            (PUT_ITEM, json!({"id": format!("i{id}"), "merchant_id": format!("m{}", id % 40), "tags": tags, "price": id % 97}))
        })
        .chain((0..50).map(|event| {
            let at = noon(i64::from(event)).millis();
            (Operation::Events, json!({"user_id": "u", "item_id": format!("i{}", event * 7), "kind": "cart", "at": at}))
        }))
        .collect();
    let candidates: Vec<String> = (0..3_000).map(|id| format!("i{id}")).collect();
    let ranked = [1, 1_000_000].map(|parallel| {
        let config = format!("[server]\nparallel_candidates = {parallel}\n");
        let market = Market::new(&config, &facts);
        market.rank(&json!({"user_id": "u", "candidates": candidates, "limit": 3_000}))
    });
    let [split, whole] = &ranked;
    assert_eq!(split.placed.len(), 3_000);
    let bits = |ranking: &Decision<'_>| -> Vec<(String, u32)> {
        let items = ranking.placed.iter();
        items
            .map(|placed| (placed.id.to_string(), placed.score.to_bits()))
            .collect()
    };
    assert_eq!(bits(split), bits(whole));
    assert!(split.placed[0].score > split.placed[2_999].score);
}

#[test]
fn reused_buffers_do_not_affect_scores() {
    let facts: Vec<(Operation, Value)> = (0..60)
        .map(|id| (PUT_ITEM, json!({"id": format!("i{id}"), "merchant_id": format!("m{}", id % 6), "tags": [format!("t{}", id % 9)]})))
        .chain((0..40).map(|event| {
            let (user, item) = (format!("u{}", event % 4), format!("i{}", event * 7 % 60));
            (Operation::Events, json!({"user_id": user, "item_id": item, "kind": "purchase", "at": noon(1).millis()}))
        }))
        .collect();
    let market = Market::new("", &facts);
    let mut scratch = Scratch::default();
    for round in 0..50 {
        let user = format!("u{}", round % 5);
        let candidates: Vec<String> = (round % 7..60)
            .step_by(1 + round % 3)
            .map(|id| format!("i{id}"))
            .collect();
        let request = json!({"user_id": user, "candidates": candidates}).to_string();
        let request = diagnose::request(request.as_bytes(), &market.config.vocabulary).unwrap();
        let splitters = rayon::ThreadPoolBuilder::new().build().unwrap();
        let view = market.view("default", &splitters);
        let used = rank(&request, &view, &mut scratch, None);
        let fresh = rank(&request, &view, &mut Scratch::default(), None);
        assert_eq!(scores(&used), scores(&fresh));
    }
}
