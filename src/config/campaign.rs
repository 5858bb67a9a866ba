//! `[campaign.*]`: dated boosts, each for a set of items in some scenes, held to a budget of exposures if it has one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::audience::{AudienceId, Audiences};
use super::check::{need, require_id};
use super::scene::Scene;
use super::section::Section;
use super::selection::{Selection, SelectionId};
use super::support::{distinct, scene};
use super::value::instant;
use crate::clock::Time;

/// The campaigns.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaigns {
    /// Maximum factor of all campaigns of one candidate together.
    pub cap: f64,
    /// The campaigns, sorted by name.
    pub each: Vec<Campaign>,
}

/// A campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Its name, which items and merchants may list in `campaigns`.
    pub name: String,
    /// The first instant; `None`: it has begun.
    pub from: Option<Time>,
    /// The instant after the last one; `None`: it does not end.
    pub until: Option<Time>,
    /// Name of the selection of items; `None`: those that list the campaign, and those of merchants that do.
    pub select: Option<String>,
    /// The selection that it names, or that of the items which list it.
    pub items: SelectionId,
    /// Names of the scenes.
    pub scenes: Vec<String>,
    /// Name of the audience; `None`: every user.
    pub audience: Option<String>,
    /// The audience that it names; `None`: every user.
    pub users: Option<AudienceId>,
    /// The factor at full strength, from 1.
    pub boost: f64,
    /// Number of exposures of the enrolled in the scenes, lifted or not; `None`: no bound.
    pub budget: Option<u64>,
}

impl Campaigns {
    /// Returns the campaigns that are live at an instant, sorted by name.
    #[must_use]
    pub fn live_at(&self, at: Time) -> Vec<&Campaign> {
        self.each.iter().filter(|each| each.is_live(at)).collect()
    }

    /// Returns the campaign of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Campaign> {
        let place = self.each.binary_search_by(|it| it.name.as_str().cmp(name));
        self.each.get(place.ok()?)
    }
}

impl Campaign {
    /// Returns whether an instant is within the dates.
    #[must_use]
    pub fn is_live(&self, at: Time) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// Maximum number of campaigns.
const MOST: usize = 1_000;
/// The key of the section that is no campaign.
const CAP: &str = "cap";

/// Reads the section.
pub(super) fn read(s: &Section<'_>, scenes: &BTreeMap<String, Arc<Scene>>) -> Campaigns {
    let names = s.names().into_iter().filter(|name| s.is_table(name));
    let names: Vec<&str> = names.filter(|name| *name != CAP).collect();
    if let Some(beyond) = names.get(MOST) {
        s.fault(
            beyond,
            format!("is one campaign too many; there may be {MOST}"),
        );
    }
    let each = names.into_iter().take(MOST);
    let cap = s.number(CAP, 1.0..=10.0);
    Campaigns {
        cap,
        each: each.map(|name| campaign((s, cap), name, scenes)).collect(),
    }
}

fn campaign(
    (all, cap): (&Section<'_>, f64),
    name: &str,
    scenes: &BTreeMap<String, Arc<Scene>>,
) -> Campaign {
    require_id(all, name, "a campaign");
    let s = all.alone(name);
    let text = |key| {
        s.has(key)
            .then(|| s.text(key, String::new(), |text| Ok(text.to_owned())))
    };
    let at = |key| {
        s.has(key)
            .then(|| s.value(key, None, |given| instant(given).map(Some)))
            .flatten()
    };
    let campaign = Campaign {
        name: name.to_owned(),
        from: at("from"),
        until: at("until"),
        select: text("select"),
        items: SelectionId::default(),
        scenes: s.list(
            "scenes",
            |name| scene(name, scenes),
            |scenes| {
                need(!scenes.is_empty(), "must have at least one element")?;
                distinct(scenes)
            },
        ),
        audience: text("audience"),
        users: None,
        boost: s.number("boost", 1.0..=3.0),
        budget: s
            .has("budget")
            .then(|| s.integer("budget", 1..=1_000_000_000_000)),
    };
    check_dates(&s, &campaign);
    let boost = campaign.boost;
    if boost > cap {
        let message = format!(
            "is {boost}, but all campaigns of an item together multiply by at most {cap}, which is campaign.cap"
        );
        s.warn("boost", message);
    }
    s.finish();
    campaign
}

/// Finds the selection of each campaign, and adds one for each that names none. Reports selections and audiences that do not exist.
pub(super) fn resolve(
    all: &Section<'_>,
    campaigns: &mut Campaigns,
    selections: &mut Vec<Selection>,
    audiences: &Audiences,
) {
    let named = selections.len();
    for campaign in &mut campaigns.each {
        let s = all.section(&campaign.name);
        if let Some(audience) = &campaign.audience {
            campaign.users = audiences.named(&s, "audience", audience);
        }
        match &campaign.select {
            Some(name) => match SelectionId::named(&selections[..named], name) {
                Ok(items) => campaign.items = items,
                Err(message) => s.fault("select", message),
            },
            None => match Selection::enrolled(&campaign.name) {
                Ok(selection) if has(&selections[..named], &selection.name) => {
                    let name = selection.name;
                    let message = format!(
                        "the items that list it are the selection {name:?}: rename the one in [selection]"
                    );
                    s.fault("", message);
                }
                Ok(selection) => {
                    campaign.items = SelectionId::at(selections.len());
                    selections.push(selection);
                }
                Err(faults) => faults.into_iter().for_each(|fault| s.fault("", fault)),
            },
        }
    }
}

fn has(selections: &[Selection], name: &str) -> bool {
    selections.iter().any(|known| known.name == name)
}

/// Checks that a campaign ends after it begins, and that a budget has dates to spread over.
fn check_dates(s: &Section<'_>, campaign: &Campaign) {
    if let (Some(from), Some(until)) = (campaign.from, campaign.until)
        && until <= from
    {
        s.fault("until", format!("must be after from, {from}, not {until}"));
    }
    let is_dated = s.has("from") && s.has("until");
    if campaign.budget.is_some() && !is_dated {
        let message = "needs from and until, over which it is spread";
        s.fault("budget", message);
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(campaigns: &Campaigns) -> Value {
    let mut section = Map::new();
    section.insert(CAP.to_owned(), campaigns.cap.into());
    let each = campaigns.each.iter();
    section.extend(each.map(|campaign| (campaign.name.clone(), shown_one(campaign))));
    Value::Object(section)
}

fn shown_one(campaign: &Campaign) -> Value {
    let mut value = json!({ "scenes": campaign.scenes, "boost": campaign.boost });
    for (key, at) in [("from", campaign.from), ("until", campaign.until)] {
        if let Some(at) = at {
            value[key] = at.to_string().into();
        }
    }
    for (key, name) in [
        ("select", &campaign.select),
        ("audience", &campaign.audience),
    ] {
        if let Some(name) = name {
            value[key] = name.as_str().into();
        }
    }
    if let Some(budget) = campaign.budget {
        value["budget"] = budget.into();
    }
    value
}
