//! One visit: which candidates the caller sends, and what the user sees, clicks and buys.

use std::collections::HashSet;

use super::dice::Dice;
use super::world::{Person, World, clicks, count, dot};

/// Items that a user met and that come back as candidates.
const MET: usize = 20;
/// Items of newcomers that the caller adds.
const RECALLED: usize = 12;
/// Places that everybody sees.
const SEEN: f64 = 4.0;
/// Share of users who scroll on from each further place.
const SCROLLS: f64 = 0.95;
/// Numbers of the throws: of candidates, and of what happens to each item.
const THROWS: [usize; 5] = [100, 5_000, 10_000, 20_000, 1_000_000];

/// What a user did before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// Items clicked, oldest first.
    pub(crate) met: Vec<usize>,
    /// Shops clicked.
    pub(crate) shops: HashSet<usize>,
}

/// An item that a user saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    pub(crate) item: usize,
    /// Its place, from 1.
    pub(crate) place: usize,
    pub(crate) clicked: bool,
    pub(crate) bought: bool,
}

/// Returns the chance that a user sees a place, from 1, and the chance of a click there against that at the first.
pub(crate) fn attention(place: usize) -> [f64; 2] {
    let seen = SCROLLS.powf((count(place) - SEEN).max(0.0));
    [seen, count(place).powf(-0.3)]
}

/// Chooses who asks: bots three times as often as users.
pub(crate) fn who(world: &World, dice: Dice) -> usize {
    let users = world.size.users;
    let bots = world.people.len() - users;
    let drawn = dice.index(1, users + 3 * bots);
    if drawn < users {
        drawn
    } else {
        users + (drawn - users) / 3
    }
}

/// Returns the candidates of a request on a day.
pub(crate) fn candidates(
    world: &World,
    person: &Person,
    memory: &Memory,
    (dice, day): (Dice, f64),
) -> Vec<usize> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let is_open = |item: usize| day >= world.shops[world.goods[item].shop].opens;
    let mut add = |item: usize| {
        if is_open(item) && seen.insert(item) {
            found.push(item);
        }
    };
    memory.met.iter().take(MET).for_each(|item| add(*item));
    for throw in 0..world.size.candidates {
        let [first, second, ..] = THROWS;
        let category = category(world, person, (dice, first + throw));
        let shelf = &world.shelves[0][category];
        if !shelf.is_empty() {
            add(shelf[dice.index(second + throw, shelf.len())]);
        }
    }
    for throw in 0..RECALLED {
        let category = person.categories[favourite(dice.unit(THROWS[2] + throw)).min(2)];
        let shelf = &world.shelves[1][category];
        if !shelf.is_empty() {
            add(shelf[dice.index(THROWS[2] + RECALLED + throw, shelf.len())]);
        }
    }
    found
}

/// Returns which of a user's categories is drawn; 3 for any.
fn favourite(drawn: f64) -> usize {
    [0.5, 0.75, 0.9].partition_point(|bound| *bound <= drawn)
}

fn category(world: &World, person: &Person, (dice, throw): (Dice, usize)) -> usize {
    let chosen = person.categories.get(favourite(dice.unit(throw)));
    let any = || dice.index(throw + 2_000, world.size.categories);
    chosen.copied().unwrap_or_else(any)
}

/// Returns the chance that a person clicks on an item that stands first.
pub(crate) fn chance(world: &World, person: &Person, memory: &Memory, item: usize) -> f64 {
    let good = &world.goods[item];
    let is_known = memory.shops.contains(&good.shop);
    clicks(dot(&person.taste, &good.vector), good.quality, is_known)
}

/// Returns what a person sees of a page, clicks and buys.
pub(crate) fn look(
    world: &World,
    person: &Person,
    memory: &Memory,
    (page, dice): (&[usize], Dice),
    bots_work: bool,
) -> Vec<Sight> {
    let depth = SEEN + (dice.unit(2).ln() / SCROLLS.ln()).floor();
    let seen = page.iter().enumerate();
    let seen = seen.take_while(|(place, _)| count(*place) < depth);
    let sight = |(place, item): (usize, &usize)| {
        let (item, place) = (*item, place + 1);
        let is_own = bots_work && person.boss == Some(world.goods[item].shop);
        let [_, attention] = attention(place);
        let [.., click, buy] = THROWS;
        let likes = || dice.unit(click + item) < attention * chance(world, person, memory, item);
        let clicked = is_own || likes();
        let buys = || is_own || dice.unit(buy + item) < world.goods[item].conversion;
        Sight {
            item,
            place,
            clicked,
            bought: clicked && buys(),
        }
    };
    seen.map(sight).collect()
}

impl Memory {
    /// Remembers clicks.
    pub(crate) fn learn(&mut self, world: &World, sights: &[Sight]) {
        const MOST: usize = 50;
        for sight in sights.iter().filter(|sight| sight.clicked) {
            self.shops.insert(world.goods[sight.item].shop);
            if !self.met.contains(&sight.item) {
                self.met.push(sight.item);
            }
        }
        let over = self.met.len().saturating_sub(MOST);
        self.met.drain(..over);
    }
}
