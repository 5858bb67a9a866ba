//! Secrets from files: tokens, certificate and key. The service follows changes of these files.
//!
//! The files are read every second instead of being watched, because they may lie in many directories, and mounted secrets are
//! replaced through symbolic links. New content is applied after two equal reads in a row, because a writer may be halfway through a
//! file, or between a certificate and its key.

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

/// Interval between two reads of the files.
const ROUND: Duration = Duration::from_secs(1);

/// Tokens and TLS, each with its files.
pub(super) struct Secrets {
    tokens: (Arc<Tokens>, Files),
    tls: Option<(Arc<Tls>, Files)>,
}

impl Secrets {
    /// Loads the secrets that the environment and the configuration name.
    pub(super) fn load(config: &config::Tls, telemetry: &Telemetry) -> Result<Self> {
        // The files are read before they are used, so that a change in between is noticed.
        let token_files = Files::new(Tokens::files(variable));
        let tls_files = Files::new(config.files.as_ref().map_or_else(Vec::new, paths));
        let failures = telemetry.secrets.tls_failures.clone();
        let tls = Tls::load(config, failures, |path| fs::read(path), Clock::machine())?;
        let secrets = Self {
            tokens: (Arc::new(tokens()?), token_files),
            tls: tls.map(|tls| (Arc::new(tls), tls_files)),
        };
        secrets.measure_expiry(telemetry);
        Ok(secrets)
    }

    /// Returns the tokens, which follow their files.
    pub(super) fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens.0)
    }

    /// Returns the TLS settings, which follow their files; `None` for plain HTTP.
    pub(super) fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.as_ref().map(|(tls, _)| Arc::clone(tls))
    }

    /// Follows the files until the returned sender is dropped.
    pub(super) fn follow(mut self, engine: Arc<Engine>) -> Result<Sender<()>> {
        let (end, ended) = channel();
        let rounds = move || {
            while continues(&ended) {
                self.check_tokens(engine.telemetry());
                self.check_tls(engine.telemetry());
            }
        };
        let thread = thread::Builder::new().name("secrets-watch".to_owned());
        let started = thread.spawn(rounds);
        started.context("cannot start the thread that follows the files of tokens and TLS")?;
        Ok(end)
    }

    fn check_tokens(&mut self, telemetry: &Telemetry) {
        let (held, files) = &mut self.tokens;
        if !files.changed() {
            return;
        }
        match tokens() {
            Ok(fresh) => {
                held.replace(fresh);
                tracing::info!("changed tokens applied");
            }
            Err(error) => {
                telemetry.secrets.tokens_rejected.inc();
                tracing::error!("changed tokens rejected, the old ones stay in force: {error}");
            }
        }
    }

    fn check_tls(&mut self, telemetry: &Telemetry) {
        let Some((tls, files)) = &mut self.tls else {
            return;
        };
        if !files.changed() {
            return;
        }
        match tls.reload(|path| fs::read(path), Clock::machine()) {
            Ok(()) => tracing::info!(expires = %tls.expires(), "changed TLS files applied"),
            Err(error) => {
                telemetry.secrets.tls_rejected.inc();
                tracing::error!("changed TLS files rejected, the old ones stay in force: {error}");
            }
        }
        self.measure_expiry(telemetry);
    }

    fn measure_expiry(&self, telemetry: &Telemetry) {
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
    /// The contents at the last read.
    last: Vec<Found>,
    /// The contents at the last reported change.
    reported: Vec<Found>,
}

type Found = Result<Vec<u8>, io::ErrorKind>;

impl Files {
    fn new(paths: Vec<PathBuf>) -> Self {
        let found = look(&paths);
        Self {
            paths,
            last: found.clone(),
            reported: found,
        }
    }

    /// Reads the files again. Returns `true` if they have new content, equal in the last two reads.
    fn changed(&mut self) -> bool {
        let found = look(&self.paths);
        let changed = found == self.last && found != self.reported;
        if changed {
            self.reported.clone_from(&found);
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

/// Returns an environment variable. Invalid UTF-8 is replaced by a character that no token may contain, so that the value is rejected
/// instead of being treated as missing.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?;
    Some(value.to_string_lossy().into_owned())
}

/// Waits for the next read. Returns `false` if following has ended.
fn continues(ended: &Receiver<()>) -> bool {
    ended.recv_timeout(ROUND) == Err(RecvTimeoutError::Timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_content_counts_once_it_settles() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let mut files = Files::new(vec![path.clone()]);
        assert!(
            !files.changed() && !files.changed(),
            "the file is still missing"
        );
        for content in ["one", "two"] {
            fs::write(&path, content).unwrap();
            assert!(!files.changed(), "the content may still change");
            assert!(files.changed());
            assert!(!files.changed(), "a change is reported once");
        }
        fs::write(&path, "half").unwrap();
        assert!(!files.changed());
        fs::write(&path, "two").unwrap();
        assert!(
            !files.changed() && !files.changed(),
            "the content is as before"
        );
        fs::remove_file(&path).unwrap();
        assert!(!files.changed() && files.changed());
    }
}
