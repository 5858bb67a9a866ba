//! TLS: from PEM files to encrypted connections.
//!
//! The files are validated together, at the start and after a change, so that an expired certificate or a key of another certificate is
//! reported before a client connects. A change replaces everything, also the sessions that clients may resume: a client whose
//! authority was removed cannot resume an old session.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus_client::metrics::counter::Counter;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{self, InconsistentKeys, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

use crate::clock::{SECOND, Time};
use crate::config::{self, TlsFiles};

/// Offered protocols (ALPN), most preferred first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The reason why a file of `[tls]` cannot be used. It never contains the content of the file.
#[derive(Debug, Error)]
#[error("tls.{key}: {path}: {fault}", path = .path.display())]
pub struct TlsError {
    key: &'static str,
    path: PathBuf,
    fault: Fault,
}

#[derive(Debug, Error)]
enum Fault {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("is not well-formed PEM")]
    NotPem,
    #[error("contains no certificate in PEM")]
    NoCertificate,
    #[error("contains no private key in PEM that is not encrypted")]
    NoKey,
    #[error("contains an invalid X.509 certificate")]
    NotX509,
    #[error("the certificate expired at {0}")]
    Expired(Time),
    #[error("the certificate is not valid before {0}")]
    NotYetValid(Time),
    #[error("the key does not belong to the certificate")]
    KeyMismatch,
    #[error("cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The TLS side of the listener. It has no `Debug`, because it contains the key.
pub struct Tls {
    files: TlsFiles,
    patience: Duration,
    /// Counts failed handshakes.
    failures: Counter,
    current: ArcSwap<Identity>,
}

/// Subject of the certificate of a client, as RFC 4514 writes it.
#[derive(Clone, Debug)]
pub(super) struct Subject(pub(super) Arc<str>);

impl Subject {
    /// Returns the subject of the client of a connection, if it showed a certificate.
    pub(super) fn of(stream: &TlsStream<TcpStream>) -> Option<Self> {
        let (_, connection) = stream.get_ref();
        let certificate = connection.peer_certificates()?.first()?;
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        Some(Self(certificate.subject().to_string().into()))
    }
}

/// TLS settings read from the files.
struct Identity {
    server: Arc<ServerConfig>,
    expires: Time,
}

impl Tls {
    /// Loads TLS as configured, `None` for plain HTTP. `read` returns the content of a file, the certificate must be valid at `now`,
    /// and `failures` counts failed handshakes.
    ///
    /// # Errors
    /// [`TlsError`] with the key in the configuration, the file and its fault.
    pub fn load(
        config: &config::Tls,
        failures: Counter,
        read: impl Fn(&Path) -> io::Result<Vec<u8>>,
        now: Time,
    ) -> Result<Option<Self>, TlsError> {
        let Some(files) = config.files.clone() else {
            return Ok(None);
        };
        let current = ArcSwap::from_pointee(identity(&files, read, now)?);
        Ok(Some(Self {
            files,
            patience: config.handshake,
            failures,
            current,
        }))
    }

    /// Reads the files again. New connections use the new content, open connections are not affected.
    ///
    /// # Errors
    /// As [`Self::load`]. The previous content stays in use.
    pub fn reload(
        &self,
        read: impl Fn(&Path) -> io::Result<Vec<u8>>,
        now: Time,
    ) -> Result<(), TlsError> {
        let fresh = identity(&self.files, read, now)?;
        self.current.store(Arc::new(fresh));
        Ok(())
    }

    /// Returns the time at which the certificate expires.
    #[must_use]
    pub fn expires(&self) -> Time {
        self.current.load().expires
    }

    /// Performs the TLS handshake with a client.
    ///
    /// # Errors
    /// If the client does not speak TLS, lacks a required certificate, or takes too long.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let server = Arc::clone(&self.current.load().server);
        let handshake = TlsAcceptor::from(server).accept(stream);
        let agreed = tokio::time::timeout(self.patience, handshake).await;
        let agreed = agreed.map_err(io::Error::from).flatten();
        if agreed.is_err() {
            self.failures.inc();
        }
        agreed
    }
}

/// Reads and validates the files.
fn identity(
    files: &TlsFiles,
    read: impl Fn(&Path) -> io::Result<Vec<u8>>,
    now: Time,
) -> Result<Identity, TlsError> {
    let (crypto, read) = (Arc::new(ring::default_provider()), &read);
    let (chain, expires) = checked("certificate", &files.certificate, |path| {
        let chain = certificates(&read(path)?)?;
        let expires = valid_until(&chain[0], now)?;
        Ok((chain, expires))
    })?;
    let own = checked("key", &files.key, |path| {
        certified(chain, &read(path)?, &crypto)
    })?;
    let clients = match &files.client_ca {
        None => WebPkiClientVerifier::no_client_auth(),
        Some(path) => checked("client_ca", path, |path| verifier(&read(path)?, &crypto))?,
    };
    let server = checked("certificate", &files.certificate, |_| {
        Ok(server(own, clients, crypto)?.into())
    })?;
    Ok(Identity { server, expires })
}

/// Runs `work` on the file of a configuration key. An error names both.
fn checked<T>(
    key: &'static str,
    path: &Path,
    work: impl FnOnce(&Path) -> Result<T, Fault>,
) -> Result<T, TlsError> {
    work(path).map_err(|fault| TlsError {
        key,
        path: path.to_owned(),
        fault,
    })
}

/// Parses the certificates of a file, at least one.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|_| Fault::NotPem)?;
    if found.is_empty() {
        return Err(Fault::NoCertificate);
    }
    Ok(found)
}

/// Returns the time at which a certificate expires, or a fault if it is not valid at `now`.
fn valid_until(certificate: &CertificateDer<'_>, now: Time) -> Result<Time, Fault> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| Fault::NotX509)?;
    let time = |at: ASN1Time| Time::default().plus(at.timestamp().saturating_mul(SECOND));
    let (first, last) = (
        time(certificate.validity().not_before),
        time(certificate.validity().not_after),
    );
    if now < first {
        Err(Fault::NotYetValid(first))
    } else if now > last {
        Err(Fault::Expired(last))
    } else {
        Ok(last)
    }
}

/// Joins the certificates with the private key of the first one.
fn certified(
    chain: Vec<CertificateDer<'static>>,
    pem: &[u8],
    crypto: &CryptoProvider,
) -> Result<CertifiedKey, Fault> {
    let key = PrivateKeyDer::pem_slice_iter(pem).next();
    let key = key.ok_or(Fault::NoKey)?.map_err(|_| Fault::NotPem)?;
    CertifiedKey::from_der(chain, key, crypto).map_err(|error| {
        let mismatch = InconsistentKeys::KeyMismatch;
        if error == rustls::Error::InconsistentKeys(mismatch) {
            Fault::KeyMismatch
        } else {
            Fault::Unusable(error)
        }
    })
}

fn server(
    own: CertifiedKey,
    clients: Arc<dyn ClientCertVerifier>,
    crypto: Arc<CryptoProvider>,
) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(crypto);
    let mut server = builder
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
    server.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(server)
}

/// Returns a verifier that requires a client certificate signed by one of these authorities.
fn verifier(
    pem: &[u8],
    crypto: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Fault> {
    let mut authorities = RootCertStore::empty();
    for authority in certificates(pem)? {
        authorities.add(authority).map_err(|_| Fault::NotX509)?;
    }
    let crypto = Arc::clone(crypto);
    let verifier = WebPkiClientVerifier::builder_with_provider(authorities.into(), crypto).build();
    verifier.map_err(|_| Fault::NoCertificate)
}
