//! Stored entities: as declared, and users also as learnt.

use super::define::view;
use super::race::RaceFigures;
use super::shaped::{OrNull, Weights};
use crate::clock::Time;

view! {
    /// An item as declared and as learnt: ids are strings, tags are a map, and fields that are not declared are absent.
    pub struct StoredItem declares ITEM with [] {
        /// Its figures of the race; null until the next rebuild of the standings.
        pub learnt: OrNull<RaceFigures>,
    }

    /// A merchant as declared and as learnt: ids are strings, and fields that are not declared are absent.
    pub struct StoredMerchant declares MERCHANT with [] {
        /// Its figures of the race; null until the next rebuild of the standings.
        pub learnt: OrNull<RaceFigures>,
    }

    /// A creator of items. Creators are not declared: one exists as long as an item has its id as `creator_id`.
    pub struct StoredCreator {
        /// The creator's id.
        pub id: String,
        /// Number of items of the creator.
        pub items: u32,
        /// The creator's figures of the race; null until the next rebuild of the standings.
        pub learnt: OrNull<RaceFigures>,
    }

    /// A user as declared and as learnt.
    pub struct StoredUser declares USER with ["tags"] {
        /// The profile learnt from events.
        pub profile: Profile,
        /// Number of events of the user.
        pub events: u32,
        /// Names of the audiences that the user belongs to, sorted. Without a request, what an audience reads of one is not given.
        pub audiences: Vec<String>,
    }

    /// A user's profile: learnt weights, strongest first.
    pub struct Profile {
        /// The instant that the weights are decayed to.
        pub as_of: Time,
        /// Weights of tags.
        pub tags: Weights,
        /// Weights of items, by id.
        pub items: Weights,
        /// Weights of merchants, by id.
        pub merchants: Weights,
    }
}
