//! The audiences of one request, each judged at most once, when something first asks for it.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use super::view::View;
use crate::clock::{DAY, Day};
use crate::config::{AudienceId, UserField};
use crate::expression::{Fields, Value};
use crate::feature::Orders;
use crate::id::UserRow;
use crate::model::{RankRequest, User};
use crate::number::written;

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// The audiences that a user belongs to.
#[derive(Debug)]
pub struct Members<'a> {
    person: Person<'a>,
    /// The audiences that were judged, a bit each.
    judged: Cell<u64>,
    /// Those that the user belongs to.
    belongs: Cell<u64>,
    /// Those whose condition reads what is not given.
    undecided: Cell<u64>,
}

impl<'a> Members<'a> {
    /// Prepares the audiences of a request; nothing is judged yet.
    #[must_use]
    pub fn new(view: &'a View<'a>, request: &'a RankRequest<'a>) -> Self {
        Self::of(view, &request.user_id, Some(request))
    }

    /// Prepares the audiences of a user without a request.
    #[must_use]
    pub fn of(view: &'a View<'a>, id: &'a str, request: Option<&'a RankRequest<'a>>) -> Self {
        Self {
            person: Person {
                view,
                id,
                request,
                row: OnceCell::new(),
                declared: OnceCell::new(),
            },
            judged: Cell::new(0),
            belongs: Cell::new(0),
            undecided: Cell::new(0),
        }
    }

    /// Returns whether the user belongs to an audience.
    pub fn has(&self, id: AudienceId) -> bool {
        let bit = 1_u64.checked_shl(id.0).unwrap_or(0);
        if self.judged.get() & bit == 0 {
            self.judge(id, bit);
        }
        self.belongs.get() & bit != 0
    }

    fn judge(&self, id: AudienceId, bit: u64) {
        self.judged.set(self.judged.get() | bit);
        let audience = self.person.view.config.audiences.get(id.index());
        match audience.map(|audience| audience.condition.holds(&self.person)) {
            Some(Ok(true)) => self.belongs.set(self.belongs.get() | bit),
            Some(Err(_)) => self.undecided.set(self.undecided.get() | bit),
            Some(Ok(false)) | None => {}
        }
    }

    /// Returns the audiences whose condition had no value, a bit each.
    #[must_use]
    pub fn undecided(&self) -> u64 {
        self.undecided.get()
    }
}

/// What audiences read, looked up when it is first read.
#[derive(Debug)]
struct Person<'a> {
    view: &'a View<'a>,
    /// The id in the request.
    id: &'a str,
    request: Option<&'a RankRequest<'a>>,
    row: OnceCell<Option<UserRow>>,
    declared: OnceCell<Declared<'a>>,
}

/// What a user declares.
#[derive(Debug, Default)]
struct Declared<'a> {
    tags: Vec<(Cow<'a, str>, f64)>,
    region: Option<Cow<'a, str>>,
}

impl<'a> Person<'a> {
    fn row(&self) -> Option<UserRow> {
        let view = self.view;
        *self
            .row
            .get_or_init(|| view.users.find(view.hasher, self.id))
    }

    fn declared(&self) -> &Declared<'a> {
        self.declared.get_or_init(|| {
            let user = self.row().and_then(|row| self.view.users.get(row));
            let text = user.and_then(|user| user.declared.as_deref());
            text.and_then(|text| serde_json::from_str(text).ok())
                .map_or_else(Declared::default, Declared::of)
        })
    }

    fn orders(&self) -> Orders {
        let orders = &self.view.users.figures.orders;
        let orders = self.row().and_then(|row| orders.get(row));
        orders.copied().unwrap_or_default()
    }

    fn events(&self) -> u32 {
        let profile = self.row().and_then(|row| self.view.users.profile(row));
        profile.map_or(0, |profile| profile.events)
    }

    fn today(&self) -> Day {
        self.view.as_of.day(self.view.config.race.utc_offset)
    }

    fn hour(&self) -> i64 {
        let local = self.view.as_of.millis() + self.view.config.race.utc_offset;
        local.rem_euclid(DAY) / HOUR
    }
}

impl<'a> Declared<'a> {
    fn of(user: User<'a>) -> Self {
        let mut tags: Vec<(Cow<'a, str>, f64)> = Vec::new();
        for (name, weight) in user.tags.into_iter().flat_map(|tags| tags.0) {
            if tags.iter().all(|(known, _)| *known != name) {
                tags.push((name, written(weight)));
            }
        }
        Self {
            tags,
            region: user.region.map(|region| region.0),
        }
    }
}

impl Fields for Person<'_> {
    fn get(&self, field: usize) -> Option<Value<'_>> {
        let context = || self.request.and_then(|request| request.context.as_ref());
        match UserField::at(field)? {
            UserField::Id => {
                let user = self.row().and_then(|row| self.view.users.get(row));
                Some(Value::text(user.map_or(self.id, |user| user.id())))
            }
            UserField::Known => Some(Value::Bool(self.row().is_some())),
            UserField::Tags => Some(Value::Weights(&self.declared().tags)),
            UserField::Region => self.declared().region.as_deref().map(Value::text),
            UserField::Events => Some(Value::Int(self.events().into())),
            UserField::Orders => Some(Value::Int(self.orders().count.into())),
            UserField::DaysSincePurchase => {
                let last = self.orders().last?;
                Some(Value::Int(self.today().since(last).max(0).into()))
            }
            UserField::Scene => self.request.map(|request| Value::text(request.scene())),
            UserField::RequestRegion => context()?.region.as_deref().map(Value::text),
            UserField::Query => context()?.query.as_deref().map(Value::text),
            UserField::Device => context()?.device.as_deref().map(Value::text),
            UserField::Hour => self.request.map(|_| Value::Int(self.hour())),
            UserField::Weekday => {
                let day = i64::from(self.today().weekday());
                self.request.map(|_| Value::Int(day + 1))
            }
        }
    }
}
