//! Secrets from files: tokens, certificate and key. The service follows changes of these files.
//!
//! The files are read every second instead of being watched, because they may lie in many directories, and mounted secrets are
//! replaced through symbolic links. New content is applied after two equal reads in a row, because a writer may be halfway through a
//! file, or between a certificate and its key.

use std::env;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::clock::{Clock, SECOND};
use crate::config::{Config, TlsFiles, file};
use crate::engine::Engine;
use crate::http::{Tls, TokenError, Tokens};
use crate::spelling::unknown;
use crate::telemetry::Telemetry;

/// Interval between two reads of the files.
const ROUND: Duration = Duration::from_secs(1);

/// Tokens and TLS, each with its files.
pub(super) struct Secrets {
    tokens: (Arc<Tokens>, Files),
    tls: Option<(Arc<Tls>, Files)>,
    listen: SocketAddr,
}

impl Secrets {
    /// Loads the secrets that the environment and the configuration name.
    pub(super) fn load(config: &Config, telemetry: &Telemetry) -> Result<Self> {
        check_names(env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()))?;
        let (listen, config) = (config.server.listen, &config.tls);
        // The files are read before they are used, so that a change in between is noticed.
        let token_files = Files::new(Tokens::files(variable));
        let tls_files = Files::new(config.files.as_ref().map_or_else(Vec::new, paths));
        let failures = telemetry.secrets.tls_failures.clone();
        let tls = Tls::load(config, failures, file::read, Clock::machine())?;
        let secrets = Self {
            tokens: (Arc::new(tokens()?), token_files),
            tls: tls.map(|tls| (Arc::new(tls), tls_files)),
            listen,
        };
        secrets.tokens.0.check_listen(listen)?;
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

    /// Follows the files until the returned sender is dropped. Sending applies them at once.
    pub(super) fn follow(mut self, engine: Arc<Engine>) -> Result<Sender<()>> {
        let (asks, asked) = channel();
        let threads = engine.threads().clone();
        let round = move || {
            let Some(due) = next(&asked) else {
                return ControlFlow::Break(());
            };
            self.check_tokens(due, engine.telemetry());
            self.check_tls(due, engine.telemetry());
            ControlFlow::Continue(())
        };
        let started = threads.start("secrets", round);
        started.context("cannot start the thread that follows the files of tokens and TLS")?;
        Ok(asks)
    }

    fn check_tokens(&mut self, due: Due, telemetry: &Telemetry) {
        let (held, files) = &mut self.tokens;
        if !files.changed(due) {
            return;
        }
        let listen = self.listen;
        let fresh = tokens().and_then(|fresh| fresh.check_listen(listen).map(|()| fresh));
        match fresh {
            Ok(fresh) => {
                held.replace(fresh);
                tracing::info!("changed tokens applied");
            }
            Err(error) => {
                telemetry.secrets.tokens_rejected.inc();
                tracing::error!("changed tokens rejected, the old ones stay in force: {error}");
            }
        }
        files.report();
    }

    fn check_tls(&mut self, due: Due, telemetry: &Telemetry) {
        let Some((tls, files)) = &mut self.tls else {
            return;
        };
        if !files.changed(due) {
            return;
        }
        match tls.reload(file::read, Clock::machine()) {
            Ok(()) => tracing::info!(expires = %tls.expires(), "changed TLS files applied"),
            Err(error) => {
                telemetry.secrets.tls_rejected.inc();
                tracing::error!("changed TLS files rejected, the old ones stay in force: {error}");
            }
        }
        files.report();
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

    /// Reads the files again. Returns `true` if they have new content, equal in the last two reads, or if the operator asked.
    fn changed(&mut self, due: Due) -> bool {
        let found = look(&self.paths);
        let changed = due == Due::Asked || found == self.last && found != self.reported;
        self.last = found;
        changed
    }

    /// Records that the last content was applied or rejected.
    fn report(&mut self) {
        self.reported.clone_from(&self.last);
    }
}

fn look(paths: &[PathBuf]) -> Vec<Found> {
    let found = paths.iter().map(|path| file::read(path));
    found
        .map(|found| found.map_err(|error| error.kind()))
        .collect()
}

fn paths(files: &TlsFiles) -> Vec<PathBuf> {
    let two = [files.certificate.clone(), files.key.clone()];
    two.into_iter().chain(files.client_ca.clone()).collect()
}

fn tokens() -> Result<Tokens, TokenError> {
    Tokens::from_env(variable, |path| {
        let content = file::read(Path::new(path))?;
        String::from_utf8(content)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
    })
}

/// Rejects a variable that looks like one of the service, but is not: it might be a misspelt token.
fn check_names(names: impl Iterator<Item = String>) -> Result<()> {
    let mut known = Tokens::variables();
    // The commands that call a service read this one.
    known.push("SAIMA_TOKEN".to_owned());
    for name in names.filter(|name| name.starts_with("SAIMA_")) {
        if !known.contains(&name) {
            let known = known.iter().map(String::as_str);
            bail!("{name}: {}", unknown("environment variable", &name, known));
        }
    }
    Ok(())
}

/// Returns an environment variable. Invalid UTF-8 is replaced by a character that no token may contain, so that the value is rejected
/// instead of being treated as missing.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?;
    Some(value.to_string_lossy().into_owned())
}

/// The reason of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// Time has passed.
    Round,
    /// The operator wants it.
    Asked,
}

/// Waits for the next read. Returns `None` if following has ended.
fn next(asked: &Receiver<()>) -> Option<Due> {
    match asked.recv_timeout(ROUND) {
        Ok(()) => Some(Due::Asked),
        Err(RecvTimeoutError::Timeout) => Some(Due::Round),
        Err(RecvTimeoutError::Disconnected) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_misspelt_variable_is_rejected() {
        let check = |name: &str| check_names(std::iter::once(name.to_owned()));
        for name in ["PATH", "SAIMA_TOKEN", "SAIMA_TOKEN_OPS_FILE"] {
            assert!(check(name).is_ok(), "{name}");
        }
        let error = check("SAIMA_TOKEN_OPPS").unwrap_err().to_string();
        let right = "SAIMA_TOKEN_OPPS: unknown environment variable; did you mean SAIMA_TOKEN_OPS?";
        assert_eq!(error, right);
    }

    #[test]
    fn new_content_counts_once_it_settles() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let mut files = Files::new(vec![path.clone()]);
        let mut changed = || {
            let changed = files.changed(Due::Round);
            if changed {
                files.report();
            }
            changed
        };
        assert!(!changed() && !changed(), "the file is still missing");
        for content in ["one", "two"] {
            fs::write(&path, content).unwrap();
            assert!(!changed(), "the content may still change");
            assert!(changed());
            assert!(!changed(), "a change is reported once");
        }
        fs::write(&path, "half").unwrap();
        assert!(!changed());
        fs::write(&path, "two").unwrap();
        assert!(!changed() && !changed(), "the content is as before");
        fs::remove_file(&path).unwrap();
        assert!(!changed() && changed());
        assert!(files.changed(Due::Asked));
    }
}
