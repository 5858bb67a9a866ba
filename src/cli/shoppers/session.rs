//! One session: a shopper comes, is offered candidates, and reacts to the page.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::world::{Shopper, World};
use crate::clock::Time;
use crate::random::Random;

/// Number of candidates that a session asks to have ranked, if there are as many.
const CANDIDATES: usize = 200;
/// Maximum number of them that the shopper bought before.
const KNOWN: usize = 60;
/// Number of random draws for each further candidate before the session does without it.
const DRAWS: usize = 20;
/// Places of a page.
pub(super) const PAGE: usize = 20;
/// One session in as many is of a visitor without a history.
const VISITOR_IN: u32 = 10;
/// Sessions of a visitor, on average.
const VISITS: u32 = 2;
/// Seed of every session, with its number.
const SEED: u64 = 0x5a1a;

/// A shopper's visit.
#[derive(Debug)]
pub(super) struct Session {
    /// The number of the session, from 0.
    pub(super) number: u32,
    /// The shopper.
    pub(super) shopper: Shopper,
    random: Random,
}

/// What a shopper did on a page.
#[derive(Debug, Default)]
pub(super) struct Reaction {
    /// The events, as the API reads them.
    pub(super) events: Vec<Value>,
    /// Number of purchases.
    pub(super) orders: u32,
    /// Their money.
    pub(super) money: f64,
}

impl Session {
    /// Starts the session with a number: the same shopper in every run.
    pub(super) fn new(world: &World, number: u32) -> Self {
        let mut random = Random::new(SEED ^ u64::from(number) << 16);
        let visitor = world.shoppers.is_empty() || random.below(VISITOR_IN) == 0;
        let shopper = if visitor {
            let visitors = 1 + number / (VISITOR_IN * VISITS);
            let id = format!("visitor-{}", random.below(visitors));
            Shopper {
                id,
                ..Shopper::default()
            }
        } else {
            world.shoppers[random.index(world.shoppers.len())].clone()
        };
        Self {
            number,
            shopper,
            random,
        }
    }

    /// Returns the candidates: what the shopper buys most, then random items.
    pub(super) fn candidates(&mut self, world: &World) -> Vec<String> {
        let mut known: Vec<(usize, u32)> = self
            .shopper
            .bought
            .iter()
            .map(|(&item, &times)| (item, times))
            .collect();
        known.sort_unstable_by_key(|&(item, times)| (std::cmp::Reverse(times), item));
        let mut places: Vec<usize> = known.iter().take(KNOWN).map(|&(item, _)| item).collect();
        let mut seen: HashSet<usize> = places.iter().copied().collect();
        let wanted = CANDIDATES.min(world.shelf.len());
        for _ in 0..wanted * DRAWS {
            if places.len() >= wanted {
                break;
            }
            let place = self.random.index(world.shelf.len());
            if seen.insert(place) {
                places.push(place);
            }
        }
        let id = |place: usize| world.shelf[place].id.clone();
        places.into_iter().map(id).collect()
    }

    /// Returns what the shopper does on a page, best item first.
    pub(super) fn react(
        &mut self,
        world: &World,
        page: &[String],
        (scene, at): (&str, Time),
    ) -> Reaction {
        let mut reaction = Reaction::default();
        for (item, position) in page.iter().zip(1_u32..) {
            let Some(place) = world.place(item) else {
                continue;
            };
            let mut happens = |kind: &str| {
                reaction.events.push(json!({
                    "id": format!("traffic-{}-{position}-{kind}", self.number),
                    "user_id": self.shopper.id,
                    "item_id": item,
                    "kind": kind,
                    "at": at.millis(),
                    "scene": scene,
                    "position": position,
                    "request_id": request_id(self.number),
                }));
            };
            let liking = world.liking(&self.shopper, place);
            let looks = f64::from(position + 1).log2().recip();
            happens("impression");
            if self.random.unit() >= looks * logistic(liking + 1.0) {
                continue;
            }
            happens("click");
            if self.random.unit() < logistic(liking) {
                happens("purchase");
                reaction.orders += 1;
                reaction.money += world.shelf[place].price;
            }
        }
        reaction
    }
}

/// Returns the id of a session's request.
pub(super) fn request_id(number: u32) -> String {
    format!("traffic-{number}")
}

fn logistic(odds: f64) -> f64 {
    (1.0 + (-odds).exp()).recip()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        let mut world = World::default();
        for item in 0..300 {
            let line = format!(
                r#"{{"id":"i{item}","price":2.5,"category":"c{}"}}"#,
                item % 7
            );
            world.declare(line.as_bytes()).unwrap();
        }
        for purchase in 0..400 {
            let (user, item) = (purchase % 20, purchase * 13 % 300);
            let line = format!(
                r#"{{"user_id":"u{user}","item_id":"i{item}","at":"2026-01-01T00:00:00Z"}}"#
            );
            world.learn(line.as_bytes()).unwrap();
        }
        world
    }

    fn at() -> Time {
        Time::parse("2026-01-02T00:00:00Z").unwrap()
    }

    #[test]
    fn a_session_is_the_same_in_every_run() {
        let world = world();
        for number in 0..50 {
            let run = || {
                let mut session = Session::new(&world, number);
                let candidates = session.candidates(&world);
                let events = session
                    .react(&world, &candidates[..PAGE], ("feed", at()))
                    .events;
                (session.shopper.id, candidates, events)
            };
            let (shopper, candidates, events) = run();
            assert_eq!((shopper, candidates.clone(), events), run());
            assert_eq!(candidates.len(), CANDIDATES);
            assert_eq!(candidates.iter().collect::<HashSet<_>>().len(), CANDIDATES);
        }
    }

    #[test]
    fn a_better_order_earns_more() {
        let world = world();
        let (mut best, mut worst) = (0, 0);
        for number in 0..500 {
            let mut session = Session::new(&world, number);
            let mut candidates = session.candidates(&world);
            candidates.sort_by(|a, b| {
                let liking = |id| {
                    world
                        .place(id)
                        .map(|place| world.liking(&session.shopper, place))
                };
                liking(b).partial_cmp(&liking(a)).unwrap()
            });
            let orders = |page: &[String]| {
                let mut session = Session::new(&world, number);
                session.react(&world, page, ("feed", at())).orders
            };
            best += orders(&candidates[..PAGE]);
            worst += orders(&candidates[CANDIDATES - PAGE..]);
        }
        assert!(best > 3 * worst, "{best} {worst}");
    }

    #[test]
    fn purchases_follow_clicks_and_clicks_impressions() {
        let world = world();
        for number in 0..100 {
            let mut session = Session::new(&world, number);
            let candidates = session.candidates(&world);
            let reaction = session.react(&world, &candidates[..PAGE], ("feed", at()));
            let places = |kind: &str| -> HashSet<u64> {
                let of_kind = reaction.events.iter().filter(|event| event["kind"] == kind);
                of_kind
                    .filter_map(|event| event["position"].as_u64())
                    .collect()
            };
            assert_eq!(places("impression").len(), PAGE);
            assert!(places("click").is_subset(&places("impression")));
            assert!(places("purchase").is_subset(&places("click")));
            assert_eq!(places("purchase").len(), reaction.orders as usize);
        }
    }
}
