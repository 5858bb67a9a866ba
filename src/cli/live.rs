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
    let lifting = config.lifting_at(at);
    for (place, one) in lifting.iter().enumerate().filter(|(_, it)| it.is_campaign) {
        let later = lifting.iter().skip(place + 1);
        let meets = later.filter(|other| one.items == other.items && one.shares_scene(other));
        lines.extend(meets.map(|other| {
            let (one, other) = (one.shown(), other.shown());
            format!("conflict: {one} and {other} lift the same items in one scene")
        }));
    }
    let kept = config.kept_twice_at(at);
    lines.extend(
        kept.iter()
            .map(|kept| format!("conflict: {}", kept.shown())),
    );
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
        let text = format!(
            "{text}\n[support]\nscenes = [\"feed\"]\nplaces = [5]\n[[scene.feed.rules]]\nname = \"deal\"\nrule = \"pin\"\nitem = \"x\"\n\
             place = 5\nfrom = 2026-11-12T00:00:00Z\n[[scene.feed.rules]]\nname = \"day\"\nrule = \"boost\"\nselect = \"s\"\nfactor = 1.2\n\
             until = 2026-11-12T00:00:00Z"
        );
        let config = Config::parse("test", &text).unwrap();
        let conflicts = |text: &str| {
            let lines = live(&config, Time::parse(text).unwrap()).into_iter();
            let lines = lines.filter_map(|line| Some(line.strip_prefix("conflict: ")?.to_owned()));
            lines.collect::<Vec<_>>()
        };
        let boost = "the boost day of the scene feed lift the same items in one scene";
        let kept = "deal keeps place 5 of the scene feed, which [support] keeps for newcomers; the rule has it";
        assert_eq!(
            conflicts("2026-11-10T00:00:00Z"),
            [format!("a and {boost}")]
        );
        assert_eq!(conflicts("2026-11-12T00:00:00Z"), [kept]);
        assert!(time("2026-11-11").is_err());
    }
}
