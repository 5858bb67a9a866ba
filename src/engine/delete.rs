//! Deletion. The entity is removed at once, and what was learnt about it in slices of rows, so that no request waits for a walk over all
//! of them.

use std::sync::Arc;

use super::slices::{ITEMS, USERS, slices};
use super::workers::Wanted;
use super::{Engine, EntityKind};
use crate::id::Gone;
use crate::ingest::{Record, Retired};
use crate::journal::Broken;

impl Engine {
    /// Deletes an entity and forgets what was learnt about it. Returns whether it existed. The deletion runs to the end even if the caller
    /// stops waiting.
    ///
    /// # Errors
    /// The journal is broken.
    ///
    /// # Panics
    /// If the deletion panics, as [`Self::on_workers`].
    pub async fn delete(self: &Arc<Self>, kind: EntityKind, id: &str) -> Result<bool, Broken> {
        let (engine, id) = (Arc::clone(self), id.to_owned());
        let deletion = move |_: &Wanted| engine.delete_now(kind, &id);
        let deleted = self.on_workers(deletion).await?;
        self.durable().await?;
        Ok(deleted)
    }

    fn delete_now(&self, kind: EntityKind, id: &str) -> Result<bool, Broken> {
        let _one_at_a_time = self.deleting.lock();
        self.check_journal()?;
        let others = match kind {
            EntityKind::User => self.facts.read().ids_of_user(id),
            EntityKind::Item | EntityKind::Merchant => Vec::new(),
        };
        let retired = self.remove(kind, id)?;
        if kind == EntityKind::User {
            self.forget_decisions(id, &others);
        }
        let Some(retired) = retired else {
            return Ok(false);
        };
        let (items, users) = {
            let facts = self.facts.read();
            (facts.books.items.rows(), facts.books.users.rows())
        };
        for slice in slices(items, ITEMS) {
            let mut facts = self.facts.write();
            facts.leave(retired, slice);
            self.settle(&mut facts);
        }
        for slice in slices(users, USERS) {
            self.facts.write().forget(retired, slice);
        }
        self.facts.write().retire(retired);
        Ok(true)
    }

    /// Forgets what was learnt of a creator. Returns whether there is one. The deletion runs to the end even if the caller stops waiting.
    ///
    /// # Errors
    /// The journal is broken.
    ///
    /// # Panics
    /// If the deletion panics, as [`Self::on_workers`].
    pub async fn delete_creator(self: &Arc<Self>, id: &str) -> Result<bool, Broken> {
        let (engine, id) = (Arc::clone(self), id.to_owned());
        let deletion = move |_: &Wanted| engine.delete_creator_now(&id);
        let deleted = self.on_workers(deletion).await?;
        self.durable().await?;
        Ok(deleted)
    }

    /// Forgets under one hold of the lock, so that a replay forgets at the same record: the items keep the creator's row, and what is learnt
    /// later stays. Who has a history with the creator is found before, in slices; whoever was seen meanwhile may have one too.
    fn delete_creator_now(&self, id: &str) -> Result<bool, Broken> {
        let _one_at_a_time = self.deleting.lock();
        self.check_journal()?;
        let (creator, touches, rows) = {
            let facts = self.facts.read();
            let users = &facts.books.users;
            (facts.find_creator(id), users.touches(), users.rows())
        };
        let Some(creator) = creator else {
            return Ok(false);
        };
        let (gone, mut known) = (Gone::Creator(creator), Vec::new());
        for slice in slices(rows, USERS) {
            let facts = self.facts.read();
            known.extend(facts.books.users.figures.knowing(gone, slice));
        }
        let generation = self.live.load();
        let mut facts = self.facts.write();
        if facts.find_creator(id) != Some(creator) {
            return Ok(false);
        }
        known.extend(facts.books.users.touched_since(touches));
        facts.forget_creator(creator, known.into_iter());
        self.append(&generation, &Record::Creator { id })?;
        Ok(true)
    }

    /// Removes an entity and appends the deletion to the journal. Returns `None` if there is no such entity.
    fn remove(&self, kind: EntityKind, id: &str) -> Result<Option<Retired>, Broken> {
        let generation = self.live.load();
        let last_complete = self.last_complete(&generation.config);
        let mut facts = self.facts.write();
        let ids = match kind {
            EntityKind::User => facts.ids_of_user(id),
            EntityKind::Item | EntityKind::Merchant => Vec::new(),
        };
        let retired = facts.delete(kind, id, last_complete);
        self.settle(&mut facts);
        // The journal may still mention a user who was evicted.
        if retired.is_some() || kind == EntityKind::User {
            let record = if ids.len() > 1 {
                let ids = ids.iter().map(String::as_str).collect();
                Record::Forgetting { ids, last_complete }
            } else {
                Record::Deletion {
                    kind,
                    id,
                    last_complete,
                }
            };
            self.append(&generation, &record)?;
        }
        Ok(retired)
    }
}
