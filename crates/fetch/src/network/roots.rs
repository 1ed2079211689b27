//! Authorities that are trusted beside those of the system.

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Certificates of authorities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootCertificates(Vec<CertificateDer<'static>>);

impl RootCertificates {
    /// Those of a PEM text.
    ///
    /// # Errors
    /// In words: what cannot be read as one, or that there is none.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let mut store = RootCertStore::empty();
        let mut all = Vec::new();
        for (i, found) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let wrong = |why: &dyn std::fmt::Display| format!("certificate {}: {why}", i + 1);
            let certificate = found.map_err(|error| wrong(&error))?;
            store.add(certificate.clone()).map_err(|error| wrong(&error))?;
            all.push(certificate);
        }
        if all.is_empty() { Err("holds no certificate in PEM".to_owned()) } else { Ok(Self(all)) }
    }

    /// The same, as the client of HTTP takes them.
    pub(super) fn certificates(&self) -> Result<Vec<Certificate>, reqwest::Error> {
        self.0.iter().map(|certificate| Certificate::from_der(certificate)).collect()
    }
}
