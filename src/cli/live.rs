//! What a configuration would have live at a time, for `saima check --at`.

use crate::clock::Time;
use crate::config::{Campaign, Config, Scene, SceneRule};

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
    let each = config.campaigns.each.iter();
    let planned = each.filter_map(|it| Some((it, it.from.filter(|from| at < *from)?)));
    lines.extend(planned.map(|(it, from)| format!("{}; planned from {from}", shown(it))));
    lines.extend(targets(config));
    let scenes = config.scenes.values().filter(|scene| !scene.retired);
    lines.extend(scenes.flat_map(|scene| {
        let rules = scene.rules.iter();
        rules.filter_map(|rule| dated(scene, rule, at))
    }));
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

/// Returns the targets that always apply: places for newcomers and shares of the long tail.
fn targets(config: &Config) -> Vec<String> {
    let support = &config.support;
    let newcomers = (!support.scenes.is_empty()).then(|| {
        let places: Vec<String> = support.places.iter().map(usize::to_string).collect();
        let (kinds, scenes) = (support.kinds.join(", "), support.scenes.join(", "));
        format!(
            "  the ladder ({kinds}) in {scenes}, places {}",
            places.join(", ")
        )
    });
    let shares = config.tail.scenes.iter().map(|(scene, share)| {
        format!(
            "  the long tail in {scene}, {:.1} % of exposures",
            share * 100.0
        )
    });
    newcomers.into_iter().chain(shares).collect()
}

/// Returns a rule with dates that applies at a time, or is planned for later.
fn dated(scene: &Scene, rule: &SceneRule, at: Time) -> Option<String> {
    let is_dated = rule.from.is_some() || rule.until.is_some();
    let is_over = rule.until.is_some_and(|until| until <= at);
    let planned = rule.from.filter(|from| at < *from);
    (is_dated && !is_over).then(|| {
        let kind = rule.what.rule().row().name;
        let line = format!("  the rule {} ({kind}) in {}", rule.name, scene.name);
        let planned = planned.map_or_else(String::new, |from| format!("; planned from {from}"));
        let until = rule
            .until
            .map_or_else(String::new, |until| format!(", until {until}"));
        line + &until + &planned
    })
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

    #[test]
    fn targets_and_dated_rules_are_named() {
        let text = "[scene.feed]\nlimit = 20\n[tail]\nscenes = { feed = 0.125 }\n[support]\nscenes = [\"feed\"]\n\
                    [[scene.feed.rules]]\nname = \"deal\"\nrule = \"pin\"\nitem = \"x\"\nplace = 3\nfrom = 2026-11-12T00:00:00Z\n\
                    until = 2026-11-13T00:00:00Z\n[[scene.feed.rules]]\nname = \"shops\"\nrule = \"cap\"\nby = \"merchant\"\nmax = 2\n\
                    [campaign.a]\nscenes = [\"feed\"]\nboost = 1.2\nfrom = 2026-11-12T00:00:00Z\nuntil = 2026-11-13T00:00:00Z";
        let config = Config::parse("test", text).unwrap();
        let targets = [
            "  the ladder (merchant) in feed, places 5, 11",
            "  the long tail in feed, 12.5 % of exposures",
        ];
        let (campaign, rule) = (
            "  a ×1.2 in feed, no budget",
            "  the rule deal (pin) in feed, until 2026-11-13T00:00:00Z",
        );
        let planned = "; planned from 2026-11-12T00:00:00Z";
        for (day, lines) in [
            (
                11,
                vec![
                    format!("{campaign}{planned}"),
                    targets.join("\n"),
                    format!("{rule}{planned}"),
                ],
            ),
            (
                12,
                vec![campaign.to_owned(), targets.join("\n"), rule.to_owned()],
            ),
            (13, vec![targets.join("\n")]),
        ] {
            let at = Time::parse(&format!("2026-11-{day}T00:00:00Z")).unwrap();
            assert_eq!(live(&config, at)[1..].join("\n"), lines.join("\n"), "{day}");
        }
    }
}
