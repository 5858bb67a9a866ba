//! A run: one world under one policy and one attack, day by day.

use std::collections::HashSet;

use anyhow::Result;
use saima::random::Random;
use serde_json::json;

use super::dice::Dice;
use super::figures::{Figures, Tally};
use super::policy::{Attack, Policy, at};
use super::service::Service;
use super::visit::{Memory, Sight, candidates, look, who};
use super::world::{Good, HISTORY, Person, World, count};

/// Requests between two snapshots of the market.
const SETTLE: usize = 100;
/// Buyers in other channels.
const BUYERS: usize = 20_000;
/// Days on which shops open again, as parts of the whole: the third, the half, two thirds and five sixths.
const REOPENS: [usize; 4] = [2, 3, 4, 5];
/// Visits a day that a shop pays for, and the days after its opening for which it does.
const PAID: [usize; 2] = [100, 4];

/// Runs a world. Returns what came of it.
pub(crate) fn run(world: &World, policy: &Policy, attack: Attack) -> Result<Figures> {
    let service = Service::start(&policy.toml(world), at(0.0))?;
    let mut run = Run {
        world,
        attack,
        service,
        ids: (0..world.shops.len())
            .map(|shop| format!("m{shop}"))
            .collect(),
        memories: vec![Memory::default(); world.people.len()],
        tally: Tally::new(world),
        clicked: HashSet::new(),
    };
    run.declare()?;
    run.history()?;
    for day in 0..world.size.days {
        run.day(day)?;
    }
    run.service.set(at(count(world.size.days)));
    run.service.rebuild()?;
    let said = run.ids.iter().map(|id| run.service.said(id)).collect();
    let used = run.service.used();
    Ok(run.tally.figures(world, said, used))
}

/// The state of a run.
struct Run<'w> {
    world: &'w World,
    attack: Attack,
    service: Service,
    /// The id of each shop; another one after it opened again.
    ids: Vec<String>,
    memories: Vec<Memory>,
    tally: Tally,
    /// Newcomers and the users who clicked on them.
    clicked: HashSet<(usize, usize)>,
}

impl Run<'_> {
    /// Declares all users, and the shops that are open.
    fn declare(&self) -> Result<()> {
        let user = |(number, person): (usize, &Person)| {
            json!({"id": format!("u{number}"), "tags": tags(&person.told, 20.0)}).to_string()
        };
        let people = self.world.people.iter().enumerate();
        self.service.users(&people.map(user).collect::<Vec<_>>())?;
        for (shop, _) in self
            .world
            .shops
            .iter()
            .enumerate()
            .filter(|(_, it)| !it.is_new)
        {
            self.open(shop, -400.0, &format!("o{shop}"))?;
        }
        Ok(())
    }

    /// Opens a shop with its items.
    fn open(&self, shop: usize, day: f64, owner: &str) -> Result<()> {
        let (id, it) = (&self.ids[shop], &self.world.shops[shop]);
        let campaigns = if it.is_enrolled { vec!["sale"] } else { vec![] };
        self.service.merchant(&json!({
            "id": id, "category": format!("c{}", it.category), "joined_at": at(day).to_string(), "integrity": it.integrity,
            "owner": owner, "campaigns": campaigns,
        }))?;
        let listed = if it.is_new { it.opens } else { -200.0 };
        let item = |item: &usize| {
            let good: &Good = &self.world.goods[*item];
            json!({"id": format!("i{item}"), "merchant_id": id, "category": "goods", "tags": tags(&good.vector, 5.0),
                   "price": good.price, "listed_at": at(listed).to_string()})
            .to_string()
        };
        self.service
            .items(&it.items.iter().map(item).collect::<Vec<_>>())
    }

    /// Sends the sales of other channels before the first day.
    fn history(&self) -> Result<()> {
        (0..HISTORY).try_for_each(|day| self.sell(day))
    }

    /// Sends the sales of other channels of one day; days count from the begin of the history.
    fn sell(&self, day: usize) -> Result<()> {
        let mut random = Random::new(saima::number::wide(day) ^ self.world.seed << 32);
        let sold = at(count(day) - count(HISTORY) + 0.5).to_string();
        let mut sale = |sale: &super::world::Sale| {
            let good = &self.world.goods[sale.item];
            let buyer = match sale.account {
                Some(account) => format!("w{}-{account}", good.shop),
                None => format!("x{}", random.index(BUYERS)),
            };
            event(
                &buyer,
                sale.item,
                "purchase",
                &sold,
                &format!(r#","amount":{:.2}"#, good.price),
            )
        };
        let sales: Vec<String> = self.world.sales[day].iter().map(&mut sale).collect();
        self.service.events(&sales)
    }

    fn day(&mut self, day: usize) -> Result<()> {
        let begin = at(count(day));
        self.service.set(begin);
        self.openings(day)?;
        self.service.rebuild()?;
        let levels = self.ids.iter().map(|id| self.service.said(id).level);
        self.tally.begin_day(levels.collect());
        for request in 0..self.world.size.requests {
            self.visit(day, request)?;
            if (request + 1) % SETTLE == 0 {
                self.service.settle();
            }
        }
        self.service.set(at(count(day) + 0.99999));
        if self.attack == Attack::Traffic {
            self.paid_visits(day)?;
        }
        self.sell(HISTORY + day)
    }

    /// Opens the shops of the day, and those that open again.
    fn openings(&mut self, day: usize) -> Result<()> {
        let today = count(day);
        for (shop, it) in self.world.shops.iter().enumerate() {
            if it.is_new && it.opens >= today && it.opens < today + 1.0 {
                // In the course of the day: it is declared when it opens, but the ladder admits it only then.
                self.open(shop, it.opens, &format!("o{shop}"))?;
            }
        }
        let owner = match self.attack {
            Attack::SameOwner => |shop: usize, _| format!("o{shop}"),
            Attack::NewOwners => |shop: usize, day: usize| format!("o{shop}-{day}"),
            Attack::None | Attack::Bots | Attack::Traffic => return Ok(()),
        };
        if REOPENS
            .iter()
            .any(|part| part * self.world.size.days / 6 == day)
        {
            for shop in self.world.weakest() {
                self.service.close(&self.ids[shop])?;
                self.ids[shop] = format!("m{shop}-{day}");
                self.open(shop, today, &owner(shop, day))?;
            }
        }
        Ok(())
    }

    fn visit(&mut self, day: usize, request: usize) -> Result<()> {
        let size = &self.world.size;
        let now = count(day) + count(request) / count(size.requests);
        let dice = Dice::of(self.world.seed, day * size.requests + request);
        let number = who(self.world, dice);
        let (person, memory) = (&self.world.people[number], &self.memories[number]);
        self.service.set(at(now));
        let user = format!("u{number}");
        let page = self
            .service
            .page(&user, &candidates(self.world, person, memory, (dice, now)))?;
        let bots_work = self.attack != Attack::None;
        let sights = look(self.world, person, memory, (&page, dice), bots_work);
        self.tally.page(self.world, (person, memory), &page);
        self.report(&user, &sights, &at(now).to_string())?;
        self.count((number, day), &sights);
        self.memories[number].learn(self.world, &sights);
        Ok(())
    }

    /// Tells the service what a user saw, clicked and bought.
    fn report(&self, user: &str, sights: &[Sight], now: &str) -> Result<()> {
        let mut events = Vec::with_capacity(sights.len() + 4);
        for sight in sights {
            let shown = format!(r#","scene":"feed","position":{}"#, sight.place);
            events.push(event(user, sight.item, "impression", now, &shown));
            if sight.clicked {
                events.push(event(user, sight.item, "click", now, &shown));
            }
            if sight.bought {
                let paid = format!(r#","amount":{:.2}"#, self.world.goods[sight.item].price);
                events.push(event(user, sight.item, "purchase", now, &paid));
            }
        }
        self.service.events(&events)
    }

    /// Counts what a user saw.
    fn count(&mut self, (user, day): (usize, usize), sights: &[Sight]) {
        for sight in sights {
            let shop = self.world.goods[sight.item].shop;
            let is_first = !self.clicked.contains(&(shop, user));
            if sight.clicked && self.world.shops[shop].is_new {
                self.clicked.insert((shop, user));
            }
            self.tally.sight((shop, day), sight, is_first);
        }
    }

    /// Sends the visits that weak newcomers pay for: any users, who see one of their items at the first place.
    fn paid_visits(&mut self, day: usize) -> Result<()> {
        let world = self.world;
        let [visits, days] = PAID;
        for shop in world.weakest() {
            let it = &world.shops[shop];
            let age = count(day) + 1.0 - it.opens;
            if age < 0.0 || age > count(days) + 1.0 {
                continue;
            }
            for visit in 0..visits {
                let dice = Dice::of(
                    world.seed ^ 1 << 40,
                    (day * world.shops.len() + shop) * visits + visit,
                );
                let user = dice.index(1, world.size.users);
                let page = [it.items[dice.index(3, it.items.len())]];
                let (person, memory) = (&world.people[user], &self.memories[user]);
                let sights = look(world, person, memory, (&page, dice), true);
                let now = at(count(day) + 0.99999).to_string();
                self.report(&format!("u{user}"), &sights, &now)?;
            }
        }
        Ok(())
    }
}

/// Returns an event as JSON, with further members.
fn event(user: &str, item: usize, kind: &str, at: &str, more: &str) -> String {
    format!(r#"{{"user_id":"{user}","item_id":"i{item}","kind":"{kind}","at":"{at}"{more}}}"#)
}

/// Returns a direction of taste as tags.
fn tags(vector: &[f64], weight: f64) -> serde_json::Value {
    let tags = vector.iter().enumerate();
    tags.map(|(part, value)| (format!("t{part}"), json!(value * weight)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
