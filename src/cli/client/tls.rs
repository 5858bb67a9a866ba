//! The TLS settings of a client, from PEM files.

use std::fmt;
use std::fs;
use std::path::Path;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, InconsistentKeys};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use super::error::CallError;
use super::service::Service;

/// Returns the TLS settings of a client: the trusted authorities and its own certificate.
pub(super) fn tls(service: &Service) -> Result<TlsConfig, CallError> {
    let mut tls = TlsConfig::builder();
    if let Some(file) = &service.ca {
        let (authorities, _) = pem("--ca", file, &read("--ca", file)?)?;
        tls = tls.root_certs(RootCerts::new_with_certs(&authorities));
    }
    if let Some(file) = &service.identity {
        tls = tls.client_cert(Some(identity(file)?));
    }
    Ok(tls.build())
}

/// Reads and checks the client certificate. An invalid one would make ureq panic when it connects.
fn identity(file: &Path) -> Result<ClientCert, CallError> {
    let text = read("--identity", file)?;
    let (chain, key) = pem("--identity", file, &text)?;
    let key = key.ok_or_else(|| unusable("--identity", file, "holds no private key"))?;
    certified(&chain, &text).map_err(|fault| unusable("--identity", file, fault))?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

/// Checks that TLS accepts the certificates with the last key in the text, and returns the fault otherwise.
fn certified(chain: &[Certificate<'_>], text: &[u8]) -> Result<(), String> {
    let crypto = ring::default_provider();
    let own = chain
        .iter()
        .map(|it| CertificateDer::from(it.der().to_vec()));
    let key = PrivateKeyDer::pem_slice_iter(text).last();
    let key = key.and_then(Result::ok).ok_or("holds no private key")?;
    match CertifiedKey::from_der(own.collect(), key, &crypto) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err("the key does not belong to the certificate".to_owned())
        }
        Err(error) => Err(fault_of(chain).unwrap_or_else(|| format!("cannot be used: {error}"))),
    }
}

/// Returns the fault of the certificate itself, in plainer words than those of the TLS library.
fn fault_of(chain: &[Certificate<'_>]) -> Option<String> {
    let Ok((_, own)) = X509Certificate::from_der(chain.first()?.der()) else {
        return Some("does not hold a valid X.509 certificate".to_owned());
    };
    (own.version() != X509Version::V3).then(|| {
        let version = own.version().0 + 1;
        format!("holds a certificate of X.509 version {version}, but TLS requires version 3")
    })
}

/// Parses a PEM file: at least one certificate, and the private key if there is one.
fn pem(
    option: &'static str,
    file: &Path,
    text: &[u8],
) -> Result<(Vec<Certificate<'static>>, Option<PrivateKey<'static>>), CallError> {
    let (mut certificates, mut key) = (Vec::new(), None);
    for part in parse_pem(text) {
        match part.map_err(|_| unusable(option, file, "is not well-formed PEM"))? {
            PemItem::Certificate(certificate) => certificates.push(certificate),
            PemItem::PrivateKey(found) => key = Some(found),
            _ => {}
        }
    }
    if certificates.is_empty() {
        return Err(unusable(option, file, "holds no certificate in PEM"));
    }
    Ok((certificates, key))
}

fn read(option: &'static str, file: &Path) -> Result<Vec<u8>, CallError> {
    fs::read(file).map_err(|error| unusable(option, file, error))
}

fn unusable(option: &'static str, file: &Path, cause: impl fmt::Display) -> CallError {
    CallError::Pem {
        option,
        file: file.to_owned(),
        cause: cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unusable_pem_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.pem");
        let reported = |service: &Service| tls(service).unwrap_err().to_string();
        let mut service = Service::sample("https://h:1");
        service.ca = Some(file.clone());
        assert!(reported(&service).starts_with("--ca ") && reported(&service).contains("x.pem"));
        fs::write(&file, "nothing").unwrap();
        assert!(reported(&service).contains("no certificate"));
        (service.ca, service.identity) = (None, Some(file));
        assert!(reported(&service).starts_with("--identity "));
    }

    /// A certificate of X.509 version 1, as `openssl x509 -req` makes it from a request without extensions.
    const VERSION_1: &str = "-----BEGIN CERTIFICATE-----
MIIBHjCBxQIUEOYeqf4hkSqbfj3JW70Pk1bcgXwwCgYIKoZIzj0EAwIwETEPMA0G
A1UEAwwGY2xpZW50MCAXDTI2MTEyMjE0NDI0N1oYDzIxMjYxMDI5MTQ0MjQ3WjAR
MQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASFGhhz
28IY0at5axkboEksHhrpFmYUbTf1qyNkfBbRYw5mwyDaZYRt+P/fZF+5me3j6TIH
3+KZL9hrmNV7Y74tMAoGCCqGSM49BAMCA0gAMEUCIAhMmgINUsnx3jAFl86IlBE6
asJgJiZV44zKvixdeuWAAiEA21OAos7u7WsVdBfzyzwp63tXhKk5AMsW9m81BKQD
YBU=
-----END CERTIFICATE-----
";
    const NO_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn an_unusable_identity_is_rejected_before_calls() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.pem");
        let mut service = Service::sample("https://h:1");
        service.identity = Some(file.clone());
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["client".to_owned()]).unwrap();
        let own = params.self_signed(&key).unwrap().pem();
        let stranger = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let key = key.serialize_pem();
        let bad_key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        for (certificate, key, fault) in [
            (VERSION_1, &*key, "version 1"),
            (NO_CERTIFICATE, &*key, "not hold a valid"),
            (&*own, &*stranger, "does not belong"),
            (&*own, bad_key, "key"),
        ] {
            fs::write(&file, [certificate, key].concat()).unwrap();
            let reported = tls(&service).unwrap_err().to_string();
            let place = format!("--identity {}: ", file.display());
            assert!(
                reported.starts_with(&place) && reported.contains(fault),
                "{reported}"
            );
        }
        fs::write(&file, own + &key).unwrap();
        assert!(tls(&service).is_ok());
    }
}
