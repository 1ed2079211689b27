//! A made-up authority, and certificates of servers: good ones, and such as no client should take.
#![expect(clippy::expect_used, reason = "development only")]

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// An authority that nobody knows.
#[derive(Debug)]
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key: who a server says that it is.
#[derive(Debug)]
pub struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Identity {
    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        Self { certificate: certificate.der().clone(), key }
    }

    /// One that no authority signed.
    ///
    /// # Panics
    /// For what is no name.
    #[must_use]
    pub fn self_signed(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        Self::new(&server(name).self_signed(&key).expect("a certificate"), &key)
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// One with a new key.
    ///
    /// # Panics
    /// Where no key can be made.
    #[must_use]
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "made-up authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// Its certificate, as PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A good certificate for a name or an address.
    ///
    /// # Panics
    /// For what is no name.
    #[must_use]
    pub fn sign(&self, name: &str) -> Identity {
        self.signed(&server(name))
    }

    /// One that ended long ago.
    ///
    /// # Panics
    /// For what is no name.
    #[must_use]
    pub fn sign_expired(&self, name: &str) -> Identity {
        let mut params = server(name);
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
        self.signed(&params)
    }

    fn signed(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        Identity::new(&params.signed_by(&key, &self.issuer).expect("a certificate"), &key)
    }
}

fn server(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).expect("a name")
}
