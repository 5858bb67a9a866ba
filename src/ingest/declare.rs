//! Upserts and patches: the declared fields of items, merchants and users.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::read::{Patch, fact};
use super::{Accepted, Facts, Fate, Moment, Rejected};
use crate::clock::Time;
use crate::feature::{ItemFields, Space};
use crate::id::{Hash, ItemRow, MerchantRow, TagId};
use crate::model::declared::{merge, normalise};
use crate::model::{Entity, EntityKind, Fault, Goal, Item, Merchant, Tags, User, schema};
use crate::number::narrow;
use crate::telemetry::FactKind;

impl Facts {
    pub(super) fn declare_item(&mut self, item: &Item<'_>, text: Box<str>) {
        let hash = self.books.hasher.hash(&item.id);
        let row = self
            .books
            .items
            .find(hash, &item.id)
            .unwrap_or_else(|| self.create_item(hash, &item.id));
        let fields = self.item_fields(item);
        self.sweeps.item(row);
        self.selections.note_item(row);
        self.derived.note_item(row);
        let books = &mut self.books;
        books.items.declare(
            row,
            &fields,
            text,
            &mut books.tags,
            &mut books.merchants,
            &books.hasher,
        );
        self.revision += 1;
    }

    /// Creates an item of an unknown id.
    pub(super) fn create_item(&mut self, hash: Hash, id: &str) -> ItemRow {
        self.note_spelling(FactKind::Item, id);
        self.books.items.create(hash, id)
    }

    fn item_fields(&mut self, item: &Item<'_>) -> ItemFields {
        ItemFields {
            merchant: item
                .merchant_id
                .as_deref()
                .map_or(MerchantRow::NONE, |id| self.merchant(id)),
            category: self.name(Space::Category, item.category.as_deref()),
            region: self.name(Space::Region, item.region.as_deref()),
            price: item.price,
            listed_at: item.listed_at,
            quality: item.quality.map(narrow),
            long_term_value: item.long_term_value.map(narrow),
            available: item.available.unwrap_or(true),
            tags: self.item_tags(item),
        }
    }

    /// Returns the declared tags and those of the name spaces. Of duplicates, the first is kept.
    fn item_tags(&mut self, item: &Item<'_>) -> Vec<(TagId, f32)> {
        let mut tags = self.tags(item.tags.as_ref());
        let spaces = [
            (Space::Category, item.category.as_deref()),
            (Space::Brand, item.brand.as_deref()),
            (Space::Kind, item.kind.map(crate::model::ItemKind::name)),
            (Space::Creator, item.creator_id.as_deref()),
        ];
        tags.extend(
            spaces
                .into_iter()
                .filter(|(_, name)| name.is_some())
                .map(|(space, name)| (self.name(space, name), 1.0)),
        );
        once(tags)
    }

    fn tags(&mut self, tags: Option<&Tags<'_>>) -> Vec<(TagId, f32)> {
        let given: &[(Cow<'_, str>, f32)] = tags.map_or(&[], |tags| &tags.0);
        let weighed = given.iter().filter(|(_, weight)| weight.abs() > 0.0);
        weighed
            .map(|(name, weight)| (self.tag(Space::Plain, name), *weight))
            .collect()
    }

    fn name(&mut self, space: Space, name: Option<&str>) -> TagId {
        name.map_or(TagId::NONE, |name| self.tag(space, name))
    }

    /// Returns the number of a tag; an unknown tag gets one.
    pub(super) fn tag(&mut self, space: Space, name: &str) -> TagId {
        let books = &mut self.books;
        let (tag, is_new) = books.tags.intern(&books.hasher, space, name);
        self.sweeps.tag(tag, is_new);
        tag
    }

    /// Returns the row of a merchant; an unknown one is created without declared fields, and counted.
    pub(super) fn merchant(&mut self, id: &str) -> MerchantRow {
        let (row, created) = self.books.merchants.find_or_create(&self.books.hasher, id);
        self.sweeps.merchant(row, created);
        if created {
            self.note_spelling(FactKind::Merchant, id);
            self.selections.note_merchant(row);
            self.counts.bare_merchants += 1;
            self.revision += 1;
        }
        row
    }

    pub(super) fn declare_merchant(&mut self, merchant: &Merchant<'_>, text: Box<str>) {
        let (row, created) = self
            .books
            .merchants
            .find_or_create(&self.books.hasher, &merchant.id);
        if created {
            self.note_spelling(FactKind::Merchant, &merchant.id);
        }
        let category = self.name(Space::Category, merchant.category.as_deref());
        let region = self.name(Space::Region, merchant.region.as_deref());
        self.books.merchants.update(row, |stored| {
            stored.category = category;
            stored.region = region;
            stored.joined_at = merchant.joined_at;
            stored.integrity = merchant.integrity.map(narrow);
            stored.removed = false;
            stored.owner = merchant.owner.as_deref().map(Into::into);
            stored.goal = merchant.goal.as_deref().and_then(Goal::named);
            stored.unavailable = merchant.available == Some(false);
            stored.declared = Some(text);
        });
        self.selections.note_merchant(row);
        self.revision += 1;
    }

    pub(super) fn declare_user(&mut self, user: &User<'_>, text: Box<str>, at: Time) {
        let tags = once(self.tags(user.tags.as_ref()));
        self.sweeps.note();
        let row = self.user(&user.id, at);
        if let Some(stored) = self.books.users.get_mut(row) {
            stored.tags = tags.into();
            let by_other_name = stored.id() != &*user.id;
            stored.declared = Some(if by_other_name {
                named(&text, stored.id())
            } else {
                text
            });
        }
    }

    /// Merges a patch into the declared fields. The result must be valid like an upsert.
    pub(super) fn patch(&mut self, patch: &Patch, moment: &Moment<'_>) -> Fate {
        let text = patch.merged(self.declared(patch.kind, &patch.id))?;
        let line = text.clone();
        match patch.kind {
            EntityKind::Item => self.declare_item(&patch.fact(&line, &schema::ITEM)?, text),
            EntityKind::Merchant => {
                self.declare_merchant(&patch.fact(&line, &schema::MERCHANT)?, text);
            }
            EntityKind::User => {
                self.declare_user(&patch.fact(&line, &schema::USER)?, text, moment.wall);
            }
        }
        Ok(Accepted::Fresh)
    }

    /// Returns the declared fields of an entity, with its id, or `None` if there is no such entity.
    #[must_use]
    pub fn declared<'s>(&'s self, kind: EntityKind, mut id: &'s str) -> Option<Map<String, Value>> {
        let books = &self.books;
        let text = match kind {
            EntityKind::Item => {
                let row = books.items.find(books.hasher.hash(id), id)?;
                (!books.items.get(row).stub()).then(|| Some(&*books.items.details(row).declared))?
            }
            EntityKind::Merchant => books
                .merchants
                .get(books.merchants.find(&books.hasher, id)?)?
                .declared
                .as_deref(),
            EntityKind::User => {
                let user = books.users.get(books.users.find(&books.hasher, id)?)?;
                id = user.id();
                user.declared.as_deref()
            }
        };
        let fields = text.and_then(|text| serde_json::from_str(text).ok());
        Some(fields.unwrap_or_else(|| Map::from_iter([("id".to_owned(), id.into())])))
    }
}

impl Patch {
    /// Returns the text of an entity with these changes, given its declared fields.
    pub(super) fn merged(
        &self,
        declared: Option<Map<String, Value>>,
    ) -> Result<Box<str>, Rejected> {
        let Some(mut fields) = declared else {
            let kind = self.kind.name();
            let message = format!("there is no {kind} with this id to patch");
            return Err(Rejected {
                id: Some(self.id.clone()),
                errors: vec![Fault::new("id", message)],
            });
        };
        for (name, change) in &self.changes {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
        normalise(&mut fields);
        Ok(Value::Object(fields).to_string().into())
    }

    /// Checks a merged text like an upsert.
    pub(super) fn check(&self, text: &str) -> Result<(), Rejected> {
        match self.kind {
            EntityKind::Item => self.fact::<Item<'_>>(text, &schema::ITEM).map(drop),
            EntityKind::Merchant => self.fact::<Merchant<'_>>(text, &schema::MERCHANT).map(drop),
            EntityKind::User => self.fact::<User<'_>>(text, &schema::USER).map(drop),
        }
    }

    fn fact<'a, T: Entity<'a>>(
        &self,
        text: &'a str,
        schema: &schema::Object,
    ) -> Result<T, Rejected> {
        fact(text, schema, &self.vocabulary, &mut 1)
    }
}

/// Returns declared fields with another id.
fn named(text: &str, id: &str) -> Box<str> {
    let mut fields: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    fields.insert("id".to_owned(), id.into());
    Value::Object(fields).to_string().into()
}

/// Returns each tag once, with the first weight given.
fn once(tags: Vec<(TagId, f32)>) -> Vec<(TagId, f32)> {
    let mut placed: Vec<(usize, (TagId, f32))> = tags.into_iter().enumerate().collect();
    placed.sort_by_key(|(_, (tag, _))| *tag);
    placed.dedup_by_key(|(_, (tag, _))| *tag);
    placed.sort_unstable_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, tag)| tag).collect()
}
