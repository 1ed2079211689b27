//! URLs → stores, with what the environment and the clouds' own files say of who asks.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use super::pace::{Pace, Paced};
use super::{RemoteFolder, credentials, failed};
use crate::{Error, LocalFolder, Result, Storage, lease};

/// Schemes of URLs that lead to a place where objects can be written.
const WRITTEN: [&str; 8] = ["s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl"];
/// Schemes of URLs that lead to files which can be read.
const READ: [&str; 2] = ["http", "https"];
/// Beginnings of the variables that say who asks, and of whom.
const VARIABLES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// Requests that go to a store at a time, where nothing else is asked for.
pub const DEFAULT_MAX_REQUESTS: u32 = 64;

/// How object stores are reached: who asks, how much at a time, how long.
#[derive(Debug)]
pub struct Remotes {
    variables: BTreeMap<String, String>,
    /// Requests that go to a store at a time, at most.
    pub max_requests: u32,
    /// How long a lease lasts that nobody renews.
    pub lease: Duration,
    stores: Mutex<BTreeMap<String, Arc<dyn ObjectStore>>>,
}

impl Default for Remotes {
    fn default() -> Self {
        Self::new([])
    }
}

impl Remotes {
    /// With variables of the environment: `AWS_…`, `GOOGLE_…`, `AZURE_…` say who asks, as the clouds' own tools read them, and `HOME` where
    /// those tools keep their files.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let known = |name: &str| name == "HOME" || VARIABLES.iter().any(|start| name.starts_with(start));
        let variables = variables.into_iter().filter(|(name, _)| known(name)).collect();
        let stores = Mutex::new(BTreeMap::new());
        Self { variables, max_requests: DEFAULT_MAX_REQUESTS, lease: lease::DEFAULT_LEASE, stores }
    }

    /// Whether a name is a URL, and no path.
    pub fn is_url(name: &str) -> bool {
        let is_scheme = |scheme: &str| {
            scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        };
        name.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
    }

    /// The place behind a URL, to be written to.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for URLs of other schemes and for settings that make no sense.
    pub fn folder(&self, url: &str) -> Result<RemoteFolder> {
        let schemes = WRITTEN[..3].join("://, ");
        self.place(url, &WRITTEN, &format!("use a local folder, or a URL that begins with {schemes}:// or az://"))
    }

    /// The place behind a URL, to be read from.
    ///
    /// # Errors
    /// As [`folder`](Self::folder).
    pub fn readable(&self, url: &str) -> Result<RemoteFolder> {
        let all: Vec<&str> = WRITTEN.into_iter().chain(READ).collect();
        self.place(url, &all, "use a local path, or a URL that begins with s3://, gs://, az://, https:// or http://")
    }

    /// What is under an [`address`](Storage::address): a place of this machine or behind a URL, which is there.
    ///
    /// # Errors
    /// As [`folder`](Self::folder); [`Error::NotFound`] and I/O errors of a folder of this machine.
    pub fn open(&self, address: &str) -> Result<Arc<dyn Storage>> {
        if Self::is_url(address) {
            return Ok(Arc::new(self.folder(address)?));
        }
        Ok(Arc::new(LocalFolder::open(address)?))
    }

    fn place(&self, name: &str, schemes: &[&str], allowed: &str) -> Result<RemoteFolder> {
        let unsupported = |reason: String| Error::Unsupported { name: shown(name), reason };
        let url = Url::parse(name).map_err(|error| unsupported(format!("no URL: {error}; {allowed}")))?;
        if !schemes.contains(&url.scheme()) {
            let scheme = url.scheme();
            return Err(unsupported(format!("{scheme} is not known here; {allowed}")));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(unsupported("names no bucket".to_owned()));
        }
        if url.fragment().is_some() {
            return Err(unsupported(
                "# begins what is no part of a place; write %23 where it is part of a name".to_owned(),
            ));
        }
        if url.query().is_some() && !READ.contains(&url.scheme()) {
            return Err(unsupported(
                "? begins what is no part of a place; write %3F where it is part of a name".to_owned(),
            ));
        }
        let prefix = Path::from_url_path(url.path()).map_err(|error| unsupported(error.to_string()))?;
        let mut root = url.clone();
        root.set_path("/");
        root.set_fragment(None);
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match stores.get(root.as_str()) {
            Some(store) => Arc::clone(store),
            None => {
                let store = self.connect(&root).map_err(|error| match failed("reach", shown(name), &error) {
                    Error::Io { source, .. } => unsupported(source.to_string()),
                    other => other,
                })?;
                stores.insert(root.to_string(), Arc::clone(&store));
                store
            }
        };
        let name = shown(name).trim_end_matches('/').to_owned();
        Ok(RemoteFolder { store, prefix, name, lease: self.lease })
    }

    fn connect(&self, root: &Url) -> object_store::Result<Arc<dyn ObjectStore>> {
        let pace = Paced(Arc::new(Pace::new(self.max_requests)));
        Ok(match root.scheme() {
            "s3" | "s3a" => {
                let variables = credentials::with_files(self.variables.clone());
                let plain = credentials::ENDPOINTS
                    .iter()
                    .any(|name| variables.get(*name).is_some_and(|url| url.starts_with("http://")));
                let builder = AmazonS3Builder::new()
                    .with_client_options(client().with_allow_http(plain))
                    .with_retry(retry())
                    .with_http_connector(pace);
                let builder = known::<AmazonS3ConfigKey>(&variables)
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value));
                Arc::new(builder.with_url(root.as_str()).build()?)
            }
            "gs" => {
                let builder = GoogleCloudStorageBuilder::new()
                    .with_client_options(client())
                    .with_retry(retry())
                    .with_http_connector(pace);
                let builder = known::<GoogleConfigKey>(&self.variables)
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value));
                Arc::new(builder.with_url(root.as_str()).build()?)
            }
            "http" | "https" => {
                let client = client().with_allow_http(root.scheme() == "http");
                let builder = HttpBuilder::new().with_client_options(client).with_retry(retry());
                Arc::new(builder.with_http_connector(pace).with_url(root.as_str()).build()?)
            }
            _ => {
                let builder = MicrosoftAzureBuilder::new()
                    .with_client_options(client())
                    .with_retry(retry())
                    .with_http_connector(pace);
                let builder = known::<AzureConfigKey>(&self.variables)
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value));
                Arc::new(builder.with_url(root.as_str()).build()?)
            }
        })
    }
}

/// Those of the variables that a store's client knows.
fn known<K: FromStr>(variables: &BTreeMap<String, String>) -> impl Iterator<Item = (K, &String)> {
    variables.iter().filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value)))
}

fn client() -> ClientOptions {
    // The time of a part of an upload, on a line that others use as well.
    let client = ClientOptions::new().with_timeout(Duration::from_secs(120));
    client.with_connect_timeout(Duration::from_secs(10))
}

/// A store that is away for a minute or two is waited for, however often that is asked; requests are signed for longer than that.
fn retry() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(15), base: 2.0 };
    RetryConfig { backoff, max_retries: usize::MAX, retry_timeout: Duration::from_secs(180) }
}

/// A URL or path as it may stand in a log: without what is behind its `?`, where signatures are, and without a password.
pub fn shown(name: &str) -> String {
    without_secrets(name)
}

/// A text in which no URL has a query, nor a user.
pub(super) fn without_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + 3);
        shown.push_str(before);
        let end = behind
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ']'))
            .unwrap_or(behind.len());
        let (url, other) = behind.split_at(end);
        let (path, query) = url.split_once('?').map_or((url, false), |(path, _)| (path, true));
        let host_end = path.find('/').unwrap_or(path.len());
        let (host, path) = path.split_at(host_end);
        shown.push_str(host.rsplit('@').next().unwrap_or(host));
        shown.push_str(path);
        if query {
            shown.push_str("?…");
        }
        rest = other;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_urls_are_not_shown() {
        let text = "GET \"https://me:pw@h.example/a/b.gz?X-Amz-Signature=abc&x=1\" failed, s3://b/c is fine";
        assert_eq!(without_secrets(text), "GET \"https://h.example/a/b.gz?…\" failed, s3://b/c is fine");
        assert_eq!(shown("a?b"), "a?b");
    }

    #[test]
    fn urls_of_other_kinds_are_refused_with_what_is_allowed() {
        let remotes = Remotes::default();
        let refused = |url: &str| remotes.folder(url).unwrap_err().to_string();
        assert_eq!(
            refused("ftp://a/b"),
            "ftp://a/b: ftp is not known here; use a local folder, or a URL that begins with s3://, s3a://, gs:// or az://"
        );
        assert!(refused("https://a/b?sig=1").starts_with("https://a/b?…: https is not known here"));
        assert!(refused("s3:///x").contains("names no bucket"));
        assert!(remotes.readable("https://a/b").is_ok());
    }

    #[test]
    fn a_path_with_a_colon_is_no_url() {
        assert!(Remotes::is_url("s3://b") && Remotes::is_url("gs://b/c"));
        assert!(!Remotes::is_url("c://x") && !Remotes::is_url("a b://x") && !Remotes::is_url("/a/b"));
    }
}
