//! One report, put together.

use super::catalogue::Shelf;
use super::reasons::Reasons;
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::show::RunnerOf;
use crate::feature::Space;
use crate::id::{CreatorRow, MerchantRow};
use crate::ingest::EntityKind;
use crate::model::view::{OrNull, Report, ReportShare, ReportTail, ReportWindow};
use crate::race::{Races, Standings};

/// Days of a window.
const DAYS: i32 = crate::exposure::VISIT_DAYS;

impl Engine {
    /// Returns the report of a merchant; `None` if there is no merchant with that id.
    #[must_use]
    pub fn merchant_report(&self, id: &str) -> Option<Report> {
        let of = {
            let facts = self.facts.read();
            let row = facts.books.merchants.find(&facts.books.hasher, id)?;
            facts.declared(EntityKind::Merchant, id)?;
            RunnerOf {
                row,
                integrity: facts.books.merchants.integrity(row),
            }
        };
        let tail = self.tail(of.row);
        Some(self.report(id, of, Some(tail)))
    }

    /// Returns the report of a creator; `None` if no item names a creator with that id.
    #[must_use]
    pub fn creator_report(&self, id: &str) -> Option<Report> {
        let row = {
            let books = &self.facts.read().books;
            let tag = books.tags.find(&books.hasher, Space::Creator, id)?;
            (books.tags.carriers_of(tag) > 0).then(|| CreatorRow::from(tag))?
        };
        let of = RunnerOf {
            row,
            integrity: 1.0,
        };
        Some(self.report(id, of, None))
    }

    fn report<R: Races + Into<Shelf>>(
        &self,
        id: &str,
        of: RunnerOf<R>,
        tail: Option<ReportTail>,
    ) -> Report {
        let (generation, standings) = (self.generation(), self.standings.load_full());
        let config = &generation.config;
        let shelf: Shelf = of.row.into();
        let stock = self.stock(shelf, config);
        let slots = self.telemetry.ranking.slots.of(id);
        let mut report = Report {
            kind: R::KIND.row().name,
            id: id.to_owned(),
            generation: generation.number,
            standings: standings.number,
            market: self.markets.live.load().number,
            window: window(&standings),
            revenue: self.revenue(of.row, &standings),
            learnt: OrNull(self.figures(of)),
            items: stock.items(),
            exposure: self.exposure_of(shelf, &standings),
            slots: if tail.is_some() { slots } else { Vec::new() },
            campaigns: self.campaigns_of(&stock, config),
            tail,
            prices: Vec::new(),
            helped: Vec::new(),
            hurt: Vec::new(),
        };
        let scenes = report.exposure.scenes.iter();
        let prices = scenes.flat_map(|it| self.telemetry.market.prices.of_scene(&it.scene));
        report.prices = prices.collect();
        let reasons = Reasons::of(&report)
            .rules(config, (&stock, &report.prices), shelf, self.clock.now())
            .blind(&self.markets.live.load());
        (report.helped, report.hurt) = reasons.parts();
        report
    }

    /// Returns the part of a merchant in the long tail.
    fn tail(&self, row: MerchantRow) -> ReportTail {
        let (generation, standings) = (self.generation(), self.standings.load());
        let (config, market) = (&generation.config, self.markets.live.load());
        let level = standings
            .merchant(row)
            .map_or(0.0, |it| f64::from(it.level));
        let share = |(scene, target): (&String, &f64)| {
            let credit = market.help(scene).map_or(0.0, |help| help.tail);
            ReportShare {
                scene: scene.clone(),
                target: *target,
                credit,
                factor: tail_factor(config, credit),
            }
        };
        ReportTail {
            member: level < config.tail.below,
            below: config.tail.below,
            shares: config.tail.scenes.iter().map(share).collect(),
        }
    }
}

/// Returns the factor of the items of the tail at a credit.
fn tail_factor(config: &Config, credit: f64) -> f64 {
    (credit * config.tail.boost.ln()).exp()
}

fn window(standings: &Standings) -> ReportWindow {
    let end = standings.last_complete.plus(1);
    let start = |back: i32| end.plus(-back).start(standings.utc_offset);
    ReportWindow {
        days: DAYS.unsigned_abs(),
        before: start(2 * DAYS),
        from: start(DAYS),
        until: start(0),
    }
}
