//! What a configuration would have live at a time, for `saima check --at`.

use crate::clock::Time;
use crate::config::{Campaign, Config};

/// Reads a time of the command line.
pub(super) fn time(text: &str) -> Result<Time, String> {
    let right = "a time with its offset, such as 2026-11-11T00:00:00Z";
    Time::parse(text).ok_or_else(|| format!("must be {right}"))
}

/// Returns what is live at a time, and the conflicts that need no data: a running service knows those with its traffic.
pub(super) fn live(config: &Config, at: Time) -> Vec<String> {
    let campaigns = config.campaigns.live_at(at);
    let mut lines = vec![format!("live at {at}: {} campaigns", campaigns.len())];
    lines.extend(campaigns.iter().map(|campaign| shown(campaign)));
    for (place, campaign) in campaigns.iter().enumerate() {
        let later = campaigns.iter().skip(place + 1);
        let meets = later.filter(|other| campaign.meets(other));
        lines.extend(meets.map(|other| {
            format!(
                "conflict: {} and {} lift the same items in one scene",
                campaign.name, other.name
            )
        }));
    }
    lines
}

fn shown(campaign: &Campaign) -> String {
    let budget = match campaign.budget {
        Some(budget) => format!("a budget of {budget} exposures"),
        None => "no budget".to_owned(),
    };
    let scenes = campaign.scenes.join(", ");
    format!(
        "  {} ×{} in {scenes}, {budget}",
        campaign.name, campaign.boost
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_campaigns_and_conflicts_are_named() {
        let text = "[scene.feed]\n[selection.s]\nwhere = 'item.price < 5.0'\n\
                    [campaign.a]\nscenes = [\"feed\"]\nboost = 1.5\nselect = \"s\"\nuntil = 2026-11-12T00:00:00Z\n\
                    [campaign.b]\nscenes = [\"feed\", \"default\"]\nboost = 1.2\nselect = \"s\"\nfrom = 2026-11-11T00:00:00Z";
        let config = Config::parse("test", text).unwrap();
        let at = |text: &str| live(&config, Time::parse(text).unwrap());
        let both = at("2026-11-11T00:00:00Z");
        assert_eq!(both.len(), 4, "{both:?}");
        assert!(both[1].contains("a ×1.5 in feed, no budget"), "{both:?}");
        assert!(both[3].starts_with("conflict: a and b"), "{both:?}");
        assert_eq!(at("2026-11-12T00:00:00Z").len(), 2);
        assert!(time("2026-11-11").is_err());
    }
}
