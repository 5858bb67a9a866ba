//! What helped a runner and what hurt it, in words: every factor and rule that moved it, with the number that says how much.

use super::catalogue::{Shelf, Stock};
use crate::clock::Time;
use crate::config::{Cap, Config, Scene, SceneRule, What};
use crate::model::view::{
    CampaignState, Ladder, RaceFigures, Reason, Report, ReportFigure, ReportPrice,
};
use crate::rule::By;
use crate::support::Market;

/// Change of a figure of the revenue from which it is a reason.
const CHANGE: f64 = 0.05;
/// Level from which a runner sells well, and under which it sells little.
const LEVELS: [f64; 2] = [0.75, 0.25];

/// The reasons so far.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    helped: Vec<Reason>,
    hurt: Vec<Reason>,
}

impl Reasons {
    /// Returns the reasons that the other parts of a report give.
    pub(super) fn of(report: &Report) -> Self {
        let mut reasons = Self::default();
        reasons.revenue(report);
        if let Some(figures) = &report.learnt.0 {
            reasons.race(figures);
            figures
                .ladder
                .iter()
                .for_each(|ladder| reasons.ladder(ladder));
        }
        reasons.items(report);
        report
            .campaigns
            .iter()
            .for_each(|campaign| reasons.campaign(campaign));
        reasons.tail(report);
        for slot in &report.slots {
            let text = format!(
                "it won {} races of the slot {}, and came second in {}",
                slot.won, slot.slot, slot.second
            );
            reasons.add(slot.won >= slot.second, "slot", text);
        }
        reasons
    }

    /// Returns what helped and what hurt.
    pub(super) fn parts(self) -> (Vec<Reason>, Vec<Reason>) {
        (self.helped, self.hurt)
    }

    fn add(&mut self, helped: bool, what: &'static str, text: String) {
        let side = if helped {
            &mut self.helped
        } else {
            &mut self.hurt
        };
        side.push(Reason { what, text });
    }

    fn revenue(&mut self, report: &Report) {
        let revenue = &report.revenue;
        for (what, words, figure) in [
            ("visitors", "visitors", &revenue.visitors),
            (
                "buyers_per_visitor",
                "buyers per visitor",
                &revenue.buyers_per_visitor,
            ),
            (
                "orders_per_buyer",
                "orders per buyer",
                &revenue.orders_per_buyer,
            ),
            ("gmv_per_order", "GMV per order", &revenue.gmv_per_order),
        ] {
            let ReportFigure { trend, .. } = figure;
            if let Some(trend) = trend.0.filter(|trend| trend.abs() >= CHANGE) {
                let change = if trend > 0.0 { "more" } else { "less" };
                let part = percent(trend.abs());
                let text = format!("{words}: {part} {change} than in the 28 days before");
                self.add(trend > 0.0, what, text);
            }
        }
    }

    fn race(&mut self, figures: &RaceFigures) {
        let lane = figures.lane.0.as_deref();
        let lane = lane.map_or("all runners".to_owned(), |lane| format!("the lane {lane}"));
        let level = percent(figures.level);
        if figures.level >= LEVELS[0] {
            let text = format!("it sells more than {level} of {lane}");
            self.add(true, "level", text);
        } else if figures.level < LEVELS[1] {
            let text = format!("it sells more than only {level} of {lane}");
            self.add(false, "level", text);
        }
        if figures.growth > 0.0 {
            let least = percent(figures.lower.0.unwrap_or(0.0).exp_m1());
            let text = format!("its buyers grow by at least {least} a week beyond its market");
            self.add(true, "growth", text);
        } else if figures.lower.0.is_none() {
            let text = "it has fewer than three whole weeks, so its growth counts as 0".to_owned();
            self.add(false, "growth", text);
        }
        if figures.integrity < 1.0 {
            let text = format!(
                "its integrity is {}: so much of its sales counts in the race, and its scores are lowered",
                figures.integrity
            );
            self.add(false, "integrity", text);
        }
    }

    fn ladder(&mut self, ladder: &Ladder) {
        let state = format!(
            "stage {} of the ladder, {:.0} of {} exposures",
            ladder.stage, ladder.served, ladder.quota
        );
        match ladder.end {
            None if ladder.credit > 0.0 => {
                let behind = percent(ladder.credit);
                let text = format!("{state}, {behind} behind plan: places are kept for it");
                self.add(true, "ladder", text);
            }
            None => self.add(true, "ladder", format!("{state}, on plan")),
            Some("graduated") => {
                self.add(true, "ladder", "it graduated from the ladder".to_owned())
            }
            Some(end) => self.add(false, "ladder", format!("{state}: it left by {end}")),
        }
    }

    fn items(&mut self, report: &Report) {
        let items = &report.items;
        if items.available < items.all {
            let gone = items.all - items.available;
            let text = format!("{gone} of its {} items are not available", items.all);
            self.add(false, "availability", text);
        }
    }

    fn campaign(&mut self, campaign: &CampaignState) {
        if !campaign.live {
            return;
        }
        let (name, scenes) = (&campaign.name, campaign.scenes.join(", "));
        let strength = percent(campaign.credit);
        let text = format!(
            "the campaign {name} lifts by up to {} at {strength} of its strength in {scenes}",
            campaign.boost
        );
        self.add(campaign.credit > 0.0, "campaign", text);
    }

    fn tail(&mut self, report: &Report) {
        let member = report.tail.iter().filter(|tail| tail.member);
        for share in member.flat_map(|tail| &tail.shares) {
            if share.credit > 0.0 {
                let text = format!(
                    "it belongs to the long tail, whose scores are multiplied by {:.2} in the scene {}",
                    share.factor, share.scene
                );
                self.add(true, "tail", text);
            }
        }
    }

    /// Adds the rules of scenes that apply to the runner at an instant, for every user or for some.
    pub(super) fn rules(
        mut self,
        config: &Config,
        (stock, prices): (&Stock, &[ReportPrice]),
        of: Shelf,
        now: Time,
    ) -> Self {
        for scene in config.scenes.values() {
            let is_live = |rule: &&SceneRule| {
                rule.from.is_none_or(|from| from <= now) && rule.until.is_none_or(|it| now < it)
            };
            for rule in scene.rules.iter().filter(is_live) {
                self.rule(scene, rule, (stock, prices), of);
            }
        }
        self
    }

    fn rule(
        &mut self,
        scene: &Scene,
        rule: &SceneRule,
        (stock, prices): (&Stock, &[ReportPrice]),
        of: Shelf,
    ) {
        let available = stock.available();
        let (helps, text) = match &rule.what {
            What::Hide { select } if stock.members(*select) > 0 => {
                let hidden = stock.members(*select);
                let text = format!("{hidden} of its {available} available items are hidden");
                (false, text)
            }
            What::Boost { select, factor } if stock.members(*select) > 0 => {
                let items = stock.members(*select);
                let text = format!("{items} of its items are multiplied by {factor}");
                (*factor >= 1.0, text)
            }
            What::Cap(Cap { by, max, window }) if *by == of.group() && available > *max => {
                let places = window.unwrap_or(scene.limit);
                (false, format!("at most {max} of {places} places are its"))
            }
            What::Decay { factor, .. } if of.group() == By::Merchant && available > 1 => {
                let text = format!("each further place of it counts {factor} times");
                (false, text)
            }
            What::Hide { .. }
            | What::Seen(_)
            | What::Boost { .. }
            | What::Pin { .. }
            | What::Slot(_)
            | What::Cap(_)
            | What::Decay { .. }
            | What::Mmr { .. } => return,
        };
        let by = format!(" in the scene {}, by the rule {}", scene.name, rule.name);
        let kind = rule.what.rule().row().name;
        let mut prices = prices.iter();
        let price =
            prices.find(|it| it.scene == scene.name && it.rule == kind && it.name == rule.name);
        let price = price.map_or_else(String::new, |it| cost(it.price));
        self.add(helps, kind, text + &by + &price);
    }

    /// Adds the scenes in which nothing is helped, because too few exposures are reported.
    pub(super) fn blind(mut self, market: &Market) -> Self {
        let blind = market.scenes.iter().filter(|(_, help)| help.blind);
        for (scene, _) in blind {
            let text = format!(
                "too few exposures of the scene {scene} are reported: nothing is helped there"
            );
            self.add(false, "blind", text);
        }
        self
    }
}

/// Returns the price of a rule in words.
fn cost(price: f64) -> String {
    format!(
        "; the rule costs the first pages there {:.2} % of what their users would have liked most",
        price * 100.0
    )
}

/// Returns a share in words.
fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
