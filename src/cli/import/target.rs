//! The kinds of facts: sections of a map, routes of the service, and the order in which they are sent.

use clap::ValueEnum;

use crate::model::schema::{EVENT, ITEM, MERCHANT, Object, USER};

/// The kind of facts to send. The order is that of sending: an event of an unknown item is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Target {
    Merchants,
    Items,
    Users,
    Events,
}

impl Target {
    /// Every kind, in the order of sending.
    pub(super) const ALL: [Self; 4] = [Self::Merchants, Self::Items, Self::Users, Self::Events];

    /// Returns the kind of a section of a map.
    pub(super) fn of(section: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == section)
    }

    /// Returns the section of the map.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Merchants => "merchants",
            Self::Items => "items",
            Self::Users => "users",
            Self::Events => "events",
        }
    }

    /// Returns the path of the bulk route.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Merchants => "/merchants",
            Self::Items => "/items",
            Self::Users => "/users",
            Self::Events => "/events",
        }
    }

    /// Returns the fact on the wire.
    pub(super) const fn object(self) -> &'static Object {
        match self {
            Self::Merchants => &MERCHANT,
            Self::Items => &ITEM,
            Self::Users => &USER,
            Self::Events => &EVENT,
        }
    }
}
