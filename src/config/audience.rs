//! `[audience.*]`: named sets of users and requests, each by a condition.

use std::cell::Cell;

use serde_json::{Value, json};

use super::check::require_id;
use super::field::fields;
use super::section::Section;
use super::selection::condition;
use crate::expression::{Field, Kind, Predicate, Table};
use crate::spelling::unknown;

/// Maximum number of audiences.
pub const MAX_AUDIENCES: usize = 64;

/// An audience, by its index in [`Config::audiences`](super::Config::audiences); below [`MAX_AUDIENCES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AudienceId(pub u32);

impl AudienceId {
    /// Returns the index in the list of audiences.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A named set of users, as they come with a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Audience {
    /// Its name.
    pub name: String,
    /// The condition that its users fulfil.
    pub condition: Predicate,
}

fields! {
    /// A field of a user or a request that an audience reads.
    UserField, USER_FIELDS, elsewhere [
        ("item", "an audience is a set of users and cannot read items; a selection does"),
        ("merchant", "an audience is a set of users and cannot read merchants; a selection does"),
    ];
    Id = "user.id": Text, "The user's id.";
    Known = "user.known": Bool, "False for a user of whom nothing is declared and no event was received.";
    Tags = "user.tags": Weights, "The declared tags with their weights; without tags an empty map.";
    Region = "user.region": Text, "The declared region code.";
    Events = "user.events": Int, "Number of events of the user.";
    Orders = "user.orders": Int, "Number of purchases of the user; refunds do not lower it.";
    DaysSincePurchase = "user.days_since_purchase": Int, "Days since the last purchase, by the days of the race.";
    Scene = "request.scene": Text, "The scene of the request.";
    RequestRegion = "request.region": Text, "The region code of the request.";
    Query = "request.query": Text, "The search query.";
    Device = "request.device": Text, "The kind of device.";
    Hour = "request.hour": Int, "Hour of `as_of`, 0 to 23, by the days of the race.";
    Weekday = "request.weekday": Int, "Weekday of `as_of`, from 1 for Monday to 7 for Sunday.";
}

/// The audiences while the file is read, and which of them something uses.
#[derive(Debug)]
pub(super) struct Audiences {
    pub(super) list: Vec<Audience>,
    used: Cell<u64>,
}

impl Audiences {
    /// Reads every audience, sorted by name.
    pub(super) fn read(all: &Section<'_>) -> Self {
        let names = all.names();
        if let Some(beyond) = names.iter().nth(MAX_AUDIENCES) {
            let message = format!("is one audience too many; there may be {MAX_AUDIENCES}");
            all.fault(beyond, message);
        }
        let names = names.into_iter().take(MAX_AUDIENCES);
        let audiences = names.filter_map(|name| {
            require_id(all, name, "an audience");
            let condition = condition(all, name, &USER_FIELDS)?;
            let name = name.to_owned();
            Some(Audience { name, condition })
        });
        Self {
            list: audiences.collect(),
            used: Cell::new(0),
        }
    }

    /// Returns the audience that a key names, and notes that it is used. An unknown name is a fault.
    pub(super) fn named(&self, s: &Section<'_>, key: &str, name: &str) -> Option<AudienceId> {
        let mut places = self.list.iter().zip(0..);
        let found = places.find(|(audience, _)| audience.name == name);
        let Some((_, place)) = found else {
            let known = self.list.iter().map(|known| known.name.as_str());
            s.fault(key, unknown("audience", name, known));
            return None;
        };
        self.used.set(self.used.get() | 1 << place);
        Some(AudienceId(place))
    }

    /// Returns the audiences that nothing uses.
    pub(super) fn unused(&self) -> impl Iterator<Item = &Audience> {
        let used = self.used.get();
        let places = self.list.iter().enumerate();
        places
            .filter(move |(place, _)| used & (1 << place) == 0)
            .map(|(_, audience)| audience)
    }
}

/// Returns one audience in the names of the file.
pub(super) fn shown(audience: &Audience) -> (String, Value) {
    let value = json!({ "where": audience.condition.text() });
    (audience.name.clone(), value)
}
