//! Items as selections read them: declared fields, the merchant, and the standings of the last rebuild.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use memchr::{memchr, memmem};

use crate::clock::{Day, Time};
use crate::config::ItemField;
use crate::expression::{Fields, Value};
use crate::feature::{self, Details, Space};
use crate::id::{ItemRow, MerchantRow, TagId};
use crate::model::{Item, Merchant};
use crate::number::written;
use crate::race::{Kind, MerchantStanding, Standings};
use crate::selection::Judge;
use crate::state::Books;

/// The facts and standings of one moment. It keeps what merchants declare, so use one for a slice of rows only.
#[derive(Debug)]
pub(super) struct Records<'a> {
    pub(super) books: &'a Books,
    pub(super) standings: &'a Standings,
    sellers: RefCell<HashMap<MerchantRow, Option<Rc<Merchant<'a>>>>>,
}

impl<'a> Records<'a> {
    pub(super) fn new(books: &'a Books, standings: &'a Standings) -> Self {
        Self {
            books,
            standings,
            sellers: RefCell::default(),
        }
    }

    /// Returns the days from an instant to today.
    fn days_since(&self, at: Time) -> i64 {
        let standings = self.standings;
        let today = standings.last_complete.plus(1);
        let day: Day = at.day(standings.utc_offset);
        today.since(day).into()
    }

    /// Returns what a merchant declares; `None` if it declares nothing.
    fn declared(&self, row: MerchantRow) -> Option<Rc<Merchant<'a>>> {
        let mut sellers = self.sellers.borrow_mut();
        let declared = sellers.entry(row).or_insert_with(|| {
            let text = self.books.merchants.get(row)?.declared.as_deref()?;
            serde_json::from_str(text).ok().map(Rc::new)
        });
        declared.clone()
    }
}

impl<'a> Judge for Records<'a> {
    type Item<'j>
        = Record<'j, 'a>
    where
        Self: 'j;

    fn item(&self, row: ItemRow) -> Option<Record<'_, 'a>> {
        if row.index() >= self.books.items.rows() {
            return None;
        }
        let line = self.books.items.get(row);
        (!line.stub()).then(|| Record {
            records: self,
            row,
            line,
            declared: OnceCell::new(),
            seller: OnceCell::new(),
        })
    }
}

/// One item.
#[derive(Debug)]
pub(super) struct Record<'j, 'a> {
    records: &'j Records<'a>,
    row: ItemRow,
    line: &'a feature::Item,
    declared: OnceCell<Declared<'a>>,
    seller: OnceCell<Option<Rc<Merchant<'a>>>>,
}

/// What only the text of an item says.
#[derive(Debug, Default)]
struct Declared<'a> {
    kind: Option<&'static str>,
    brand: Option<Cow<'a, str>>,
    creator: Option<Cow<'a, str>>,
    tags: Vec<(Cow<'a, str>, f64)>,
    campaigns: Vec<Cow<'a, str>>,
}

impl<'a> Declared<'a> {
    fn of(item: Item<'a>) -> Self {
        let mut tags: Vec<(Cow<'a, str>, f64)> = Vec::new();
        for (name, weight) in item.tags.into_iter().flat_map(|tags| tags.0) {
            if tags.iter().all(|(known, _)| *known != name) {
                tags.push((name, written(weight)));
            }
        }
        let campaigns = item.campaigns.into_iter().flatten();
        Self {
            kind: item.kind.map(crate::model::ItemKind::name),
            brand: item.brand.map(|brand| brand.0),
            creator: item.creator_id.map(|creator| creator.0),
            tags,
            campaigns: campaigns.map(|campaign| campaign.0).collect(),
        }
    }
}

impl<'a> Record<'_, 'a> {
    fn details(&self) -> &'a Details {
        self.records.books.items.details(self.row)
    }

    fn declared(&self) -> &Declared<'a> {
        self.declared.get_or_init(|| {
            let item = serde_json::from_str(&self.details().declared).ok();
            item.map_or_else(Declared::default, Declared::of)
        })
    }

    /// Returns what its text says if that may have a member of that name: to look for the name is much faster than to read the text.
    fn declaring(&self, name: &str) -> Option<&Declared<'a>> {
        let text = self.details().declared.as_bytes();
        // Letters of a name may be escaped.
        let may = memmem::find(text, name.as_bytes()).is_some() || memchr(b'\\', text).is_some();
        may.then(|| self.declared())
    }

    fn name(&self, space: Space, tag: TagId) -> Option<Value<'a>> {
        let name = self.records.books.tags.bare_name(space, tag);
        name.map(Value::text)
    }

    /// Returns its merchant, if that exists.
    fn merchant(&self) -> Option<&'a feature::Merchant> {
        let merchants = &self.records.books.merchants;
        let merchant = merchants.get(self.line.merchant.some()?)?;
        merchant.exists.then_some(merchant)
    }

    fn seller(&self) -> Option<&Merchant<'a>> {
        let seller = self.seller.get_or_init(|| {
            let _exists = self.merchant()?;
            self.records.declared(self.line.merchant)
        });
        seller.as_deref()
    }

    fn days_since(&self, at: Option<Time>) -> Option<Value<'a>> {
        at.map(|at| Value::Int(self.records.days_since(at)))
    }

    /// Returns the id of the merchant that the item names, even if that does not exist.
    fn merchant_id(&self) -> Option<Value<'a>> {
        let merchants = &self.records.books.merchants;
        let merchant = merchants.get(self.line.merchant.some()?)?;
        Some(Value::text(merchant.id()))
    }

    /// Returns the standing of its merchant, if that exists.
    fn standing(&self) -> Option<&'a MerchantStanding> {
        let _exists = self.merchant()?;
        self.records.standings.merchant(self.line.merchant)
    }

    fn seller_campaigns(&self) -> Value<'_> {
        let seller = self.seller().and_then(|seller| seller.campaigns.as_ref());
        let campaigns = seller.into_iter().flatten();
        Value::texts(campaigns.map(|campaign| &**campaign))
    }

    fn integrity(&self) -> Value<'a> {
        let integrity = self.records.books.merchants.integrity(self.line.merchant);
        Value::Double(written(integrity))
    }

    fn stage(&self) -> Value<'a> {
        let ladder = &self.records.books.ladders[Kind::Merchant];
        let rung = ladder.get(self.line.merchant.0);
        let climbing = rung.filter(|rung| rung.climbs());
        Value::Int(climbing.map_or(0, |rung| i64::from(rung.stage) + 1))
    }

    fn value(&self, field: ItemField) -> Option<Value<'_>> {
        let (details, item) = (self.details(), self.records.standings.item(self.row));
        match field {
            ItemField::Id => Some(Value::text(details.id())),
            ItemField::MerchantId => self.merchant_id(),
            ItemField::Kind => self.declaring("\"kind\"")?.kind.map(Value::text),
            ItemField::Category => self.name(Space::Category, details.category),
            ItemField::Brand => {
                let declared = self.declaring("\"brand\"")?;
                declared.brand.as_deref().map(Value::text)
            }
            ItemField::Tags => Some(Value::Weights(&self.declared().tags)),
            ItemField::Price => details.price.map(Value::Double),
            ItemField::Region => self.name(Space::Region, details.region),
            ItemField::CreatorId => self.declared().creator.as_deref().map(Value::text),
            ItemField::Campaigns => {
                let declared = self.declaring("\"campaigns\"");
                Some(texts(declared.map_or(&[], |it| &it.campaigns)))
            }
            ItemField::Quality => details.quality.map(written).map(Value::Double),
            ItemField::LongTermValue => details.long_term_value.map(written).map(Value::Double),
            ItemField::Available => Some(Value::Bool(self.line.available())),
            ItemField::ListedDays => self.days_since(self.line.listed_at()),
            ItemField::Level => figure(item?.level),
            ItemField::Growth => figure(item?.growth),
            ItemField::SellerId => self.merchant().map(|it| Value::text(it.id())),
            ItemField::SellerCategory => self.name(Space::Category, self.merchant()?.category),
            ItemField::SellerRegion => self.name(Space::Region, self.merchant()?.region),
            ItemField::Integrity => self.merchant().map(|_| self.integrity()),
            ItemField::Goal => self.seller()?.goal.as_deref().map(Value::text),
            ItemField::SellerCampaigns => self.merchant().map(|_| self.seller_campaigns()),
            ItemField::Owner => self.merchant().map(|it| Value::text(it.owner())),
            ItemField::JoinedDays => self.days_since(self.merchant()?.joined_at),
            ItemField::SellerLevel => figure(self.standing()?.level),
            ItemField::SellerGrowth => figure(self.standing()?.growth),
            ItemField::Stage => self.merchant().map(|_| self.stage()),
        }
    }
}

impl Fields for Record<'_, '_> {
    fn get(&self, field: usize) -> Option<Value<'_>> {
        self.value(ItemField::at(field)?)
    }
}

fn texts<'v>(texts: &'v [Cow<'_, str>]) -> Value<'v> {
    Value::texts(texts.iter().map(|text| &**text))
}

/// Returns a figure of the standings; `None` if it is not known.
fn figure<'v>(figure: f32) -> Option<Value<'v>> {
    (!figure.is_nan()).then(|| Value::Double(figure.into()))
}
