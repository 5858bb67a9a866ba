//! What two campaigns or rules want at one time: the same items, or the same place.
//!
//! A file in which two rules of a scene keep one place at one time is rejected; what is left are conflicts that the service resolves.

use super::campaign::Campaign;
use super::rule::{SceneRule, What};
use super::scene::Scene;
use super::selection::SelectionId;
use super::settings::Config;
use crate::clock::Time;

/// A campaign or a rule `boost` that lifts at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Lifting<'a> {
    /// Its name.
    pub name: &'a str,
    /// The scenes that it lifts in.
    pub scenes: Vec<&'a str>,
    /// The items.
    pub items: SelectionId,
    /// True for a campaign.
    pub is_campaign: bool,
}

/// A place that a rule of a scene keeps, although the scene keeps it for newcomers too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptTwice<'a> {
    /// Name of the scene.
    pub scene: &'a str,
    /// Name of the rule.
    pub rule: &'a str,
    /// The place.
    pub place: usize,
}

impl<'a> Lifting<'a> {
    fn campaign(campaign: &'a Campaign) -> Self {
        Self {
            name: &campaign.name,
            scenes: campaign.scenes.iter().map(String::as_str).collect(),
            items: campaign.items,
            is_campaign: true,
        }
    }

    fn boost(scene: &'a Scene, rule: &'a SceneRule) -> Option<Self> {
        let What::Boost { select, .. } = rule.what else {
            return None;
        };
        Some(Self {
            name: &rule.name,
            scenes: vec![&scene.name],
            items: select,
            is_campaign: false,
        })
    }

    /// Returns whether both lift in one scene.
    #[must_use]
    pub fn shares_scene(&self, other: &Self) -> bool {
        self.scenes.iter().any(|scene| other.scenes.contains(scene))
    }

    /// Returns what it is, in words.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.is_campaign {
            return self.name.to_owned();
        }
        format!(
            "the boost {} of the scene {}",
            self.name,
            self.scenes.concat()
        )
    }
}

impl Config {
    /// Returns what lifts at a time: the campaigns, then the boosts of scenes that are not retired.
    #[must_use]
    pub fn lifting_at(&self, at: Time) -> Vec<Lifting<'_>> {
        let campaigns = self.campaigns.live_at(at).into_iter();
        let campaigns = campaigns.map(Lifting::campaign);
        let rules = self.rules_at(at);
        let boosts = rules.filter_map(|(scene, rule)| Lifting::boost(scene, rule));
        campaigns.chain(boosts).collect()
    }

    /// Returns the places that are kept for newcomers and by a rule at a time.
    #[must_use]
    pub fn kept_twice_at(&self, at: Time) -> Vec<KeptTwice<'_>> {
        let supports = |scene: &Scene| self.support.scenes.contains(&scene.name);
        let rules = self.rules_at(at).filter(|(scene, _)| supports(scene));
        let kept = rules.flat_map(|(scene, rule)| {
            let places = rule.what.places().iter();
            let both = places.filter(|place| self.support.places.contains(place));
            both.map(|place| KeptTwice {
                scene: &scene.name,
                rule: &rule.name,
                place: *place,
            })
        });
        kept.collect()
    }

    /// Returns the rules of all scenes that apply at a time.
    fn rules_at(&self, at: Time) -> impl Iterator<Item = (&Scene, &SceneRule)> {
        let scenes = self.scenes.values().filter(|scene| !scene.retired);
        scenes.flat_map(move |scene| {
            let rules = scene.rules.iter().filter(move |rule| rule.is_live(at));
            rules.map(|rule| (&**scene, rule))
        })
    }
}

impl KeptTwice<'_> {
    /// Returns the conflict in words.
    #[must_use]
    pub fn shown(&self) -> String {
        let Self { scene, rule, place } = self;
        format!(
            "{rule} keeps place {place} of the scene {scene}, which [support] keeps for newcomers; the rule has it"
        )
    }
}
