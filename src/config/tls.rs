//! `[tls]`: encryption of connections.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::check::need;
use super::section::Section;
use super::value::{Checked, path_or_none};

/// Settings of TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The PEM files; `None` for plain HTTP.
    pub files: Option<TlsFiles>,
    /// Maximum time of a handshake.
    pub handshake: Duration,
}

/// The PEM files of TLS.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate of the service, followed by its intermediates.
    pub certificate: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
    /// The authorities of client certificates; `None` if clients need no certificate.
    pub client_ca: Option<PathBuf>,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Tls {
    let file = |key| s.text(key, None, path);
    let (certificate, key, client_ca) = (file("certificate"), file("key"), file("client_ca"));
    let seconds = s.number("handshake_seconds", 0.1..=300.0);
    if certificate.is_none() && client_ca.is_some() {
        s.fault("client_ca", "must be \"none\" if certificate is \"none\"");
    }
    let files = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsFiles {
            certificate,
            key,
            client_ca,
        }),
        (None, None) => None,
        (given, _) => {
            let lacking = given.map_or("certificate", |_| "key");
            s.fault(
                lacking,
                "must be given too: certificate and key go together",
            );
            None
        }
    };
    Tls {
        files,
        handshake: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
    }
}

/// Reads a path or `none`.
fn path(text: &str) -> Checked<Option<PathBuf>> {
    need(!text.is_empty(), "must be the path of a file, or \"none\"")?;
    Ok((text != "none").then(|| text.into()))
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(tls: &Tls) -> Value {
    let files = tls.files.as_ref();
    json!({
        "certificate": path_or_none(files.map(|files| &*files.certificate)),
        "key": path_or_none(files.map(|files| &*files.key)),
        "client_ca": path_or_none(files.and_then(|files| files.client_ca.as_deref())),
        "handshake_seconds": tls.handshake.as_secs_f64(),
    })
}
