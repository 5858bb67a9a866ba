//! What the service reads from files and shows to nobody: tokens, certificate and key. It follows these files as they change.
//!
//! They are looked at every second instead of being watched: they may lie in any number of directories, mounted secrets are
//! swapped through symbolic links, and a handful of small files costs nothing to read. A content counts once two looks in a
//! row have found it: a writer may be half-way through a file, or between a certificate and its key.

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::clock::{Clock, SECOND};
use crate::config::{self, TlsFiles};
use crate::engine::Engine;
use crate::http::{Tls, TokenError, Tokens};
use crate::telemetry::Telemetry;

/// How often the files are looked at.
const ROUND: Duration = Duration::from_secs(1);

/// Tokens and TLS, each with the files that it comes from.
pub(super) struct Secrets {
    tokens: (Arc<Tokens>, Files),
    tls: Option<(Arc<Tls>, Files)>,
}

impl Secrets {
    /// What environment and configuration say.
    pub(super) fn load(config: &config::Tls, telemetry: &Telemetry) -> Result<Self> {
        // The files are looked at before they are used, so that a change in between is seen as one.
        let token_files = Files::new(Tokens::files(variable));
        let tls_files = Files::new(config.files.as_ref().map_or_else(Vec::new, paths));
        let failures = telemetry.secrets.tls_failures.clone();
        let tls = Tls::load(config, failures, |path| fs::read(path), Clock::machine())?;
        let secrets = Self {
            tokens: (Arc::new(tokens()?), token_files),
            tls: tls.map(|tls| (Arc::new(tls), tls_files)),
        };
        secrets.tell_expiry(telemetry);
        Ok(secrets)
    }

    /// The tokens; they change with their files.
    pub(super) fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens.0)
    }

    /// TLS, `None` for plain HTTP; it changes with its files.
    pub(super) fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.as_ref().map(|(tls, _)| Arc::clone(tls))
    }

    /// Follows the files until what it returns is dropped.
    pub(super) fn follow(mut self, engine: Arc<Engine>) -> Result<Sender<()>> {
        let (end, ended) = channel();
        let looks = move || {
            while goes_on(&ended) {
                self.look_at_tokens(engine.telemetry());
                self.look_at_tls(engine.telemetry());
            }
        };
        let thread = thread::Builder::new().name("secrets-watch".to_owned());
        let started = thread.spawn(looks);
        started.context("cannot start the thread that follows the files of tokens and TLS")?;
        Ok(end)
    }

    fn look_at_tokens(&mut self, telemetry: &Telemetry) {
        let (held, files) = &mut self.tokens;
        if !files.changed() {
            return;
        }
        match tokens() {
            Ok(fresh) => {
                held.replace(fresh);
                tracing::info!("the changed tokens are live");
            }
            Err(error) => {
                telemetry.secrets.tokens_rejected.inc();
                tracing::error!("the changed tokens were refused, the old ones stay: {error}");
            }
        }
    }

    fn look_at_tls(&mut self, telemetry: &Telemetry) {
        let Some((tls, files)) = &mut self.tls else {
            return;
        };
        if !files.changed() {
            return;
        }
        match tls.reload(|path| fs::read(path), Clock::machine()) {
            Ok(()) => tracing::info!(expires = %tls.expires(), "the changed TLS files are live"),
            Err(error) => {
                telemetry.secrets.tls_rejected.inc();
                tracing::error!("the changed TLS files were refused, the old ones stay: {error}");
            }
        }
        self.tell_expiry(telemetry);
    }

    fn tell_expiry(&self, telemetry: &Telemetry) {
        if let Some((tls, _)) = &self.tls {
            let seconds = u64::try_from(tls.expires().millis() / SECOND);
            telemetry
                .secrets
                .tls_expires
                .set(seconds.unwrap_or_default());
        }
    }
}

/// Files whose contents belong together.
struct Files {
    paths: Vec<PathBuf>,
    /// What the last look found.
    last: Vec<Found>,
    /// What was found when they were last said to have changed.
    told: Vec<Found>,
}

type Found = Result<Vec<u8>, io::ErrorKind>;

impl Files {
    fn new(paths: Vec<PathBuf>) -> Self {
        let found = look(&paths);
        Self {
            paths,
            last: found.clone(),
            told: found,
        }
    }

    /// Looks again: whether there is something new that has settled.
    fn changed(&mut self) -> bool {
        let found = look(&self.paths);
        let changed = found == self.last && found != self.told;
        if changed {
            self.told.clone_from(&found);
        }
        self.last = found;
        changed
    }
}

fn look(paths: &[PathBuf]) -> Vec<Found> {
    let found = paths.iter().map(fs::read);
    found
        .map(|found| found.map_err(|error| error.kind()))
        .collect()
}

fn paths(files: &TlsFiles) -> Vec<PathBuf> {
    let two = [files.certificate.clone(), files.key.clone()];
    two.into_iter().chain(files.client_ca.clone()).collect()
}

fn tokens() -> Result<Tokens, TokenError> {
    Tokens::from_env(variable, |path| fs::read_to_string(path))
}

/// A variable of the environment; bytes that are no text become a character that no token may have, so that they are refused
/// instead of being taken for a variable that is not set.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?;
    Some(value.to_string_lossy().into_owned())
}

/// Waits for the next round. False: the end has come.
fn goes_on(ended: &Receiver<()>) -> bool {
    ended.recv_timeout(ROUND) == Err(RecvTimeoutError::Timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_counts_once_it_has_settled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let mut files = Files::new(vec![path.clone()]);
        assert!(!files.changed() && !files.changed(), "still not there");
        for content in ["one", "two"] {
            fs::write(&path, content).unwrap();
            assert!(!files.changed(), "it may still change");
            assert!(files.changed());
            assert!(!files.changed(), "told once");
        }
        fs::write(&path, "half").unwrap();
        assert!(!files.changed());
        fs::write(&path, "two").unwrap();
        assert!(!files.changed() && !files.changed(), "it is as it was");
        fs::remove_file(&path).unwrap();
        assert!(!files.changed() && files.changed());
    }
}
