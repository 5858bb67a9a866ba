//! A report as Markdown, for people: the same figures as the JSON, in the order in which one asks for them.

use std::fmt::Write;

use crate::model::view::{OrNull, RaceFigures, Reason, Report, ReportFigure};

/// Returns the text of a report.
pub(super) fn text(report: &Report) -> String {
    let mut text = Text::default();
    text.head(report);
    text.revenue(report);
    report.learnt.0.iter().for_each(|learnt| text.race(learnt));
    text.reasons("What helped", &report.helped);
    text.reasons("What hurt", &report.hurt);
    text.exposure(report);
    text.campaigns(report);
    text.prices(report);
    text.0
}

/// The text so far.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        let _never_fails = writeln!(self.0, "{line}");
    }

    /// Writes a heading between blank lines.
    fn heading(&mut self, heading: &str) {
        self.line("");
        self.line(&format!("## {heading}"));
        self.line("");
    }

    /// Writes a row of a table.
    fn row(&mut self, cells: &[String]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    /// Writes the head of a table whose columns but the first are numbers.
    fn table(&mut self, columns: &[&str]) {
        self.row(
            &columns
                .iter()
                .map(|it| (*it).to_owned())
                .collect::<Vec<_>>(),
        );
        let rule = (0..columns.len()).map(|column| if column == 0 { "---" } else { "---:" });
        self.row(&rule.map(str::to_owned).collect::<Vec<_>>());
    }

    fn head(&mut self, report: &Report) {
        let kind = if report.kind == "merchant" {
            "Merchant"
        } else {
            "Creator"
        };
        self.line(&format!("# {kind} {}", escaped(&report.id)));
        self.line("");
        let window = &report.window;
        self.line(&format!(
            "{} days from {} to {}, beside the {} days before. Standings {}, market {}, generation {}.",
            window.days, window.from, window.until, window.days, report.standings, report.market, report.generation
        ));
        self.line("");
        let items = &report.items;
        self.line(&format!(
            "{} items, {} of them available.",
            items.all, items.available
        ));
    }

    fn revenue(&mut self, report: &Report) {
        let revenue = &report.revenue;
        self.heading("Revenue");
        self.line("Visitors × buyers per visitor × orders per buyer × GMV per order = GMV.");
        self.line("");
        let among = format!("percentile of {}", revenue.rivals);
        self.table(&["figure", "now", "before", "trend", &among]);
        for (name, figure) in [
            ("visitors", &revenue.visitors),
            ("buyers per visitor", &revenue.buyers_per_visitor),
            ("orders per buyer", &revenue.orders_per_buyer),
            ("GMV per order", &revenue.gmv_per_order),
            ("**GMV**", &revenue.gmv),
            ("buyers", &revenue.buyers),
            ("orders", &revenue.orders),
        ] {
            let ReportFigure {
                now,
                before,
                trend,
                percentile,
            } = figure;
            self.row(&[
                name.to_owned(),
                number(*now),
                number(*before),
                change(*trend),
                percent(*percentile),
            ]);
        }
    }

    fn race(&mut self, learnt: &RaceFigures) {
        self.heading("Race");
        let lane = learnt.lane.0.as_deref().map_or("all".to_owned(), escaped);
        self.table(&["figure", "value"]);
        let mut rows = vec![
            ("lane", lane),
            ("standing", learnt.standing.to_string()),
            ("score", number(OrNull(Some(learnt.score)))),
            ("level", number(OrNull(Some(learnt.level)))),
            ("growth", number(OrNull(Some(learnt.growth)))),
            (
                "GMV a week that counts",
                number(OrNull(Some(learnt.weekly_gmv))),
            ),
            ("integrity", number(OrNull(Some(learnt.integrity)))),
        ];
        if let Some(ladder) = &learnt.ladder {
            rows.extend([
                ("stage of the ladder", ladder.stage.to_string()),
                (
                    "served of quota",
                    format!("{:.0} of {}", ladder.served, ladder.quota),
                ),
                ("plan by now", number(OrNull(Some(ladder.plan)))),
                ("clickers (x)", number(OrNull(Some(ladder.x)))),
                ("clicks expected", number(OrNull(Some(ladder.expected)))),
                (
                    "rate with one chance in four (q)",
                    number(OrNull(Some(ladder.q))),
                ),
                ("bar", number(ladder.bar)),
                ("chance to beat it", percent(ladder.chance)),
                ("left by", ladder.end.unwrap_or("still on it").to_owned()),
            ]);
        }
        for (name, value) in rows {
            self.row(&[name.to_owned(), value]);
        }
    }

    fn reasons(&mut self, heading: &str, reasons: &[Reason]) {
        self.heading(heading);
        if reasons.is_empty() {
            self.line("Nothing.");
        }
        for Reason { text, .. } in reasons {
            self.line(&format!("- {}.", escaped(text)));
        }
    }

    fn exposure(&mut self, report: &Report) {
        let exposure = &report.exposure;
        self.heading("Exposure");
        self.table(&["scene", "now", "before"]);
        for scene in &exposure.scenes {
            let name = if scene.scene.is_empty() {
                "(unknown)".to_owned()
            } else {
                escaped(&scene.scene)
            };
            self.row(&[
                name,
                number(OrNull(Some(scene.exposures))),
                number(OrNull(Some(scene.before))),
            ]);
        }
        let all = [exposure.exposures, exposure.before].map(|it| number(OrNull(Some(it))));
        let [now, before] = all;
        self.row(&["**all**".to_owned(), now, before]);
        if let Some(tail) = &report.tail {
            let part = if tail.member {
                "belongs"
            } else {
                "does not belong"
            };
            self.line("");
            self.line(&format!(
                "It {part} to the long tail, which is below level {}.",
                tail.below
            ));
        }
        if !report.slots.is_empty() {
            self.heading("Slots");
            self.table(&["slot", "won", "second"]);
            for slot in &report.slots {
                self.row(&[
                    escaped(&slot.slot),
                    slot.won.to_string(),
                    slot.second.to_string(),
                ]);
            }
        }
    }

    fn campaigns(&mut self, report: &Report) {
        if report.campaigns.is_empty() {
            return;
        }
        self.heading("Campaigns");
        self.table(&["campaign", "live", "used", "budget", "credit"]);
        for campaign in &report.campaigns {
            let live = if campaign.live { "yes" } else { "no" };
            let budget = campaign
                .budget
                .0
                .map_or("none".to_owned(), |budget| budget.to_string());
            let used = number(OrNull(Some(campaign.used)));
            let credit = number(OrNull(Some(campaign.credit)));
            self.row(&[
                escaped(&campaign.name),
                live.to_owned(),
                used,
                budget,
                credit,
            ]);
        }
    }
}

impl Text {
    fn prices(&mut self, report: &Report) {
        if report.prices.is_empty() {
            return;
        }
        self.heading("What rules cost");
        self.line("The mean share of own that first pages gave up, of all pages of the scenes in which it was shown.");
        self.line("");
        self.table(&["scene", "rule", "price", "pages"]);
        for price in &report.prices {
            let rule = format!("{} {}", price.rule, price.name);
            self.row(&[
                escaped(&price.scene),
                escaped(rule.trim_end()),
                format!("{:+.2} %", price.price * 100.0),
                price.pages.to_string(),
            ]);
        }
    }
}

/// Returns a figure with up to four digits after the point; a dash if there is none.
fn number(figure: OrNull<f64>) -> String {
    figure.0.map_or("–".to_owned(), |figure| {
        let text = format!("{figure:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    })
}

fn percent(share: OrNull<f64>) -> String {
    share
        .0
        .map_or("–".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

fn change(trend: OrNull<f64>) -> String {
    trend
        .0
        .map_or("–".to_owned(), |trend| format!("{:+.1} %", trend * 100.0))
}

/// Returns a text in which no character has a meaning in Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\`*_{}[]<>()#+!|~&".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_no_meaning_in_markdown() {
        assert_eq!(escaped("a|b*c<img>\\"), "a\\|b\\*c\\<img\\>\\\\");
        assert_eq!(escaped("玻尿酸-1"), "玻尿酸-1");
    }

    #[test]
    fn figures_are_short() {
        for (figure, text) in [
            (Some(12.0), "12"),
            (Some(0.125), "0.125"),
            (Some(1.0 / 3.0), "0.3333"),
            (Some(100.0), "100"),
            (None, "–"),
        ] {
            assert_eq!(number(OrNull(figure)), text);
        }
        assert_eq!(change(OrNull(Some(-0.25))), "-25.0 %");
        assert_eq!(percent(OrNull(Some(0.5))), "50 %");
    }
}
