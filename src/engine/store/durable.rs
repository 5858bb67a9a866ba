//! Durability as the callers of the engine see it: backups, and waiting for the disk.

use std::panic::resume_unwind;
use std::sync::Arc;

use crate::engine::Engine;
use crate::journal::{Backup, Broken, JournalError};

impl Engine {
    /// Writes a checkpoint and returns its bytes in blocks, or `None` if facts are kept in memory only. With `journal`, those of the
    /// journal before it follow. The shared configuration comes last.
    ///
    /// # Errors
    /// An I/O error.
    ///
    /// # Panics
    /// If writing the checkpoint panics, the panic continues in the caller.
    pub async fn backup(self: &Arc<Self>, journal: bool) -> Result<Option<Backup>, JournalError> {
        let engine = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || {
            engine.checkpoint_then(|kept, checkpoint| {
                let directory = kept.journal.directory();
                let mut backup = Backup::open(directory, checkpoint, journal)?;
                let files = engine.live.history_files();
                let unread = |error| JournalError::Io {
                    path: directory.path().to_owned(),
                    error,
                };
                backup.send(&files.map_err(unread)?)?;
                Ok(backup)
            })
        });
        let panicked = |error: tokio::task::JoinError| error.try_into_panic();
        match written.await.map_err(panicked) {
            Ok(written) => written,
            Err(Ok(panic)) => resume_unwind(panic),
            Err(Err(cancelled)) => resume_unwind(Box::new(cancelled.to_string())),
        }
    }

    /// Checks that facts can be made durable. Facts in memory only always pass.
    ///
    /// # Errors
    /// The journal is broken.
    pub fn check_journal(&self) -> Result<(), Broken> {
        self.kept.as_ref().map_or(Ok(()), |it| it.journal.check())
    }

    /// Makes everything applied so far durable, and ends the journal and the decision log; later facts are rejected. Without it, the journal ends with the
    /// engine.
    pub fn close(&self) {
        self.apply_placed();
        self.decisions.close();
        self.settle_experiments();
        if let Some(kept) = &self.kept {
            kept.journal.close();
        }
    }

    /// Waits until the buffer of facts that wait for the disk has room (backpressure).
    ///
    /// # Errors
    /// The journal is broken.
    pub async fn room(&self) -> Result<(), Broken> {
        match &self.kept {
            Some(kept) => kept.journal.room().await,
            None => Ok(()),
        }
    }

    /// Waits until everything applied so far is durable. Facts in memory only need no wait.
    ///
    /// # Errors
    /// The journal is broken.
    pub async fn durable(&self) -> Result<(), Broken> {
        match &self.kept {
            Some(kept) => kept.journal.durable(kept.journal.last()).await,
            None => Ok(()),
        }
    }
}
