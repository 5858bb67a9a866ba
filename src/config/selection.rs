//! `[selection.*]`: named sets of items, each by a condition.

use serde_json::{Value, json};

use super::check::require_id;
use super::field::fields;
use super::section::Section;
use crate::expression::{Field, Kind, Predicate, Table};
use crate::spelling::unknown;

/// Maximum number of selections, beside those of campaigns.
pub const MAX_SELECTIONS: usize = 256;

/// A selection, by its index in [`Config::selections`](super::Config::selections).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SelectionId(pub u32);

impl SelectionId {
    /// Returns the index in the list of selections.
    #[inline(always)]
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Returns the selection at an index.
    #[inline(always)]
    #[must_use]
    pub fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Returns the selection with a name.
    ///
    /// # Errors
    /// There is no such selection; the message names the nearest one.
    pub fn named(selections: &[Selection], name: &str) -> Result<Self, String> {
        let known = selections.iter().filter(|known| !known.implicit);
        let found = known.clone().zip(0..).find(|(known, _)| known.name == name);
        let known = known.map(|known| known.name.as_str());
        let missing = || unknown("selection", name, known);
        found.map(|(_, place)| Self(place)).ok_or_else(missing)
    }
}

/// A named set of items.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Its name; `campaign.NAME` for that of a campaign without a selection of its own.
    pub name: String,
    /// The condition that its items fulfil.
    pub condition: Predicate,
    /// True for the selection of a campaign, which the file does not name.
    pub implicit: bool,
}

fields! {
    /// A field of an item or its merchant that a selection reads.
    ItemField, ITEM_FIELDS, elsewhere [
        ("user", "a selection is a set of items and cannot read the user; an audience does"),
        ("request", "a selection is a set of items and cannot read the request; an audience does"),
    ];
    Id = "item.id": Text, "The item's id.";
    MerchantId = "item.merchant_id": Text, "The id of its merchant.";
    Kind = "item.kind": Text, "Its kind, such as `product`.";
    Category = "item.category": Text, "Its category.";
    Brand = "item.brand": Text, "Its brand.";
    Tags = "item.tags": Weights, "Its declared tags with their weights; without tags an empty map.";
    Price = "item.price": Double, "Its listed price.";
    Region = "item.region": Text, "Its region code.";
    CreatorId = "item.creator_id": Text, "The id of its creator.";
    Campaigns = "item.campaigns": Texts, "The campaigns that it is enrolled in; without any an empty list.";
    Quality = "item.quality": Double, "Its quality, 0 to 1.";
    LongTermValue = "item.long_term_value": Double, "Its long-term value, 0 to 1.";
    Available = "item.available": Bool, "False if the item is hidden; not declared: true.";
    ListedDays = "item.listed_days": Int, "Days since it was listed, by the days of the race.";
    Level = "item.level": Double, "The value of its buyers of the last 28 days, 0 to 1, at the last rebuild.";
    Growth = "item.growth": Double, "Its growth, 0 to 1, at the last rebuild.";
    SellerId = "merchant.id": Text, "The merchant's id.";
    SellerCategory = "merchant.category": Text, "Its category.";
    SellerRegion = "merchant.region": Text, "Its region code.";
    Integrity = "merchant.integrity": Double, "Trust in its sales, 0 to 1; not declared: 1.";
    Goal = "merchant.goal": Text, "Its goal for its traffic.";
    SellerCampaigns = "merchant.campaigns": Texts, "The campaigns that it is enrolled in; without any an empty list.";
    Owner = "merchant.owner": Text, "Its owner; not declared: its own id.";
    JoinedDays = "merchant.joined_days": Int, "Days since it joined the marketplace, by the days of the race.";
    SellerLevel = "merchant.level": Double, "Its level in its lane, 0 to 1, at the last rebuild.";
    SellerGrowth = "merchant.growth": Double, "Its growth, 0 to 1, at the last rebuild.";
    Stage = "merchant.stage": Int, "Its stage on the ladder for newcomers, from 1; 0 if it is not on the ladder.";
}

impl Selection {
    /// Returns the selection of a campaign that names none: the items that name the campaign themselves, or whose merchant does. Add it
    /// behind the others.
    ///
    /// # Errors
    /// The name of the campaign does not fit into a condition.
    pub fn enrolled(campaign: &str) -> Result<Self, Vec<String>> {
        let name = Value::from(campaign);
        let text = format!(
            "{name} in item.campaigns || has(merchant.campaigns) && {name} in merchant.campaigns"
        );
        Predicate::new(&text, &ITEM_FIELDS).map(|condition| Self {
            name: format!("campaign.{campaign}"),
            condition,
            implicit: true,
        })
    }

    fn reads(&self, fields: &[ItemField]) -> bool {
        let mut fields = fields.iter();
        fields.any(|field| self.condition.reads(*field as usize))
    }

    /// Returns whether its items change without a change of an item or a merchant: by standings, days or stages.
    #[must_use]
    pub fn follows_standings(&self) -> bool {
        self.reads(&[
            ItemField::ListedDays,
            ItemField::Level,
            ItemField::Growth,
            ItemField::JoinedDays,
            ItemField::SellerLevel,
            ItemField::SellerGrowth,
            ItemField::Stage,
        ])
    }

    /// Returns whether the condition reads what merchants declare.
    #[must_use]
    pub fn reads_merchants(&self) -> bool {
        self.reads(&[
            ItemField::SellerId,
            ItemField::SellerCategory,
            ItemField::SellerRegion,
            ItemField::Integrity,
            ItemField::Goal,
            ItemField::SellerCampaigns,
            ItemField::Owner,
            ItemField::JoinedDays,
        ])
    }
}

/// Reads every selection, sorted by name.
pub(super) fn selections(all: &Section<'_>) -> Vec<Selection> {
    let names = all.names();
    if let Some(beyond) = names.iter().nth(MAX_SELECTIONS) {
        let message = format!("is one selection too many; there may be {MAX_SELECTIONS}");
        all.fault(beyond, message);
    }
    let names = names.into_iter();
    names.filter_map(|name| selection(all, name)).collect()
}

fn selection(all: &Section<'_>, name: &str) -> Option<Selection> {
    require_id(all, name, "a selection");
    condition(all, name, &ITEM_FIELDS).map(|condition| Selection {
        name: name.to_owned(),
        condition,
        implicit: false,
    })
}

/// Reads the condition of the table with a name; after faults one that is false.
pub(super) fn condition(all: &Section<'_>, name: &str, table: &Table) -> Option<Predicate> {
    let s = all.alone(name);
    let text = s.text("where", None, |text| Ok(Some(text.to_owned())));
    let read = text.map(|text| Predicate::new(&text, table));
    s.finish();
    match read {
        Some(Ok(condition)) => Some(condition),
        Some(Err(faults)) => {
            faults.into_iter().for_each(|fault| s.fault("where", fault));
            Predicate::new("false", table).ok()
        }
        None => Predicate::new("false", table).ok(),
    }
}

/// Returns one selection in the names of the file.
pub(super) fn shown(selection: &Selection) -> (String, Value) {
    let value = json!({ "where": selection.condition.text() });
    (selection.name.clone(), value)
}
