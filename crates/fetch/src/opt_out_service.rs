//! Lists of works whose owners do not want them used, kept by a service.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use obelisc_document::UrlKey;
use reqwest::{Client, header};
use serde::Deserialize;
use tokio::time::sleep;

use crate::network::whole;
use crate::{Error, Manners};

/// For each URL whether it is in the list, in their order; or why the service did not say.
pub type Listed<'a> = Pin<Box<dyn Future<Output = Result<Vec<bool>, String>> + Send + 'a>>;

/// Who knows which works are opted out.
pub trait OptOutService: Sync {
    /// Most URLs of a question.
    fn max_urls(&self) -> usize;

    /// Asks for URLs, no more than [`max_urls`](Self::max_urls).
    fn listed<'a>(&'a self, urls: &'a [String]) -> Listed<'a>;
}

/// Where a service is, and who asks.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceAddress {
    /// URL that takes questions: one URL a line, as the query interface of Spawning's lists, version 2.
    pub url: String,
    /// What it knows us by; it comes from the environment, and is in no file.
    pub token: Option<String>,
}

impl std::fmt::Debug for ServiceAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "…");
        f.debug_struct("ServiceAddress").field("url", &self.url).field("token", &token).finish()
    }
}

impl Default for ServiceAddress {
    fn default() -> Self {
        Self { url: "https://opts-api.spawningaiapi.com/api/v2/query/urls".to_owned(), token: None }
    }
}

/// A service that speaks as Spawning's does.
struct Spawning {
    address: ServiceAddress,
    client: Client,
}

/// What the ledger says of a URL that is in the list.
pub const LISTED: &str = "in the list of the opt-out service";

/// Most URLs of a question to it.
const MAX_URLS: usize = 1000;
/// Most bytes of an answer.
const MAX_BYTES: usize = 16 << 20;
/// Questions that go at a time.
const MAX_QUESTIONS: usize = 10;
/// Time for an answer.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long it is waited after the first failure; twice as long each time.
const BACKOFF: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Answers {
    urls: Vec<OfUrl>,
}

#[derive(Deserialize)]
struct OfUrl {
    #[serde(rename = "optOut")]
    opt_out: bool,
}

impl Spawning {
    fn new(manners: &Manners) -> Result<Self, Error> {
        let client = crate::network::client(manners).map_err(Error::Network)?;
        let client = client.timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build();
        let client = client.map_err(|error| Error::Network(whole(&error)))?;
        Ok(Self { address: manners.opt_out_service.clone(), client })
    }

    async fn ask(&self, urls: &[String]) -> Result<Vec<bool>, String> {
        let mut question = urls.join("\n");
        // It takes more than one URL.
        if urls.len() == 1 {
            question.push('\n');
        }
        let mut request = self.client.post(&self.address.url).header(header::CONTENT_TYPE, "text/plain");
        if let Some(token) = &self.address.token {
            request = request.header(header::AUTHORIZATION, format!("API {token}"));
        }
        let lines = question.split('\n').count();
        let response = request.body(question).send().await.and_then(reqwest::Response::error_for_status);
        let mut response = response.map_err(|error| whole(&error))?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| whole(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_BYTES {
                return Err(format!("an answer of more than {MAX_BYTES} bytes"));
            }
        }
        let Answers { urls: answers } = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        // In the order of the question, with or without an answer to the empty line.
        if answers.len() != urls.len() && answers.len() != lines {
            return Err(format!("{} answers to {} URLs", answers.len(), urls.len()));
        }
        Ok(answers.iter().take(urls.len()).map(|answer| answer.opt_out).collect())
    }
}

impl OptOutService for Spawning {
    fn max_urls(&self) -> usize {
        MAX_URLS
    }

    fn listed<'a>(&'a self, urls: &'a [String]) -> Listed<'a> {
        Box::pin(self.ask(urls))
    }
}

/// The URLs that are in the list of the service that manners name.
///
/// # Errors
/// [`Error::Network`] where the service does not say, after as many further tries as the manners allow.
pub fn opted_out(manners: &Manners, urls: &[String]) -> Result<BTreeSet<UrlKey>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Network(error.to_string()))?;
    runtime.block_on(ask(manners, urls))
}

/// The same on a runtime that is there.
pub(crate) async fn ask(manners: &Manners, urls: &[String]) -> Result<BTreeSet<UrlKey>, Error> {
    let service = Spawning::new(manners)?;
    let place = |error| Error::Network(format!("opt-out list of {}: {error}", manners.opt_out_service.url));
    all(&service, urls, manners).await.map_err(place)
}

/// Asks for all URLs, in as many questions as it takes.
async fn all(service: &dyn OptOutService, urls: &[String], manners: &Manners) -> Result<BTreeSet<UrlKey>, String> {
    let questions = urls.chunks(service.max_urls().max(1)).map(|urls| async move {
        let mut tries = 0;
        let listed = loop {
            match service.listed(urls).await {
                Ok(listed) => break listed,
                Err(error) if tries >= manners.max_retries => return Err(error),
                Err(_) => sleep((BACKOFF * 2_u32.pow(tries.min(10))).min(manners.max_wait)).await,
            }
            tries += 1;
        };
        Ok(urls.iter().zip(listed).filter(|(_, listed)| *listed).map(|(url, _)| UrlKey::new(url)).collect::<Vec<_>>())
    });
    let found = futures::stream::iter(questions).buffer_unordered(MAX_QUESTIONS);
    found
        .try_fold(BTreeSet::new(), async |mut all, some| {
            all.extend(some);
            Ok(all)
        })
        .await
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A list of the URLs that end in `7`; of small questions, and busy the first time it is asked any.
    #[derive(Default)]
    struct Sevens(Mutex<Vec<Vec<String>>>);

    impl OptOutService for Sevens {
        fn max_urls(&self) -> usize {
            10
        }

        fn listed<'a>(&'a self, urls: &'a [String]) -> Listed<'a> {
            let mut asked = self.0.lock().unwrap();
            let is_new = !asked.iter().any(|before| before == urls);
            asked.push(urls.to_vec());
            let listed = urls.iter().map(|url| url.ends_with('7')).collect();
            Box::pin(async move { if is_new { Err("busy".to_owned()) } else { Ok(listed) } })
        }
    }

    fn found(max_retries: u32) -> (Result<BTreeSet<UrlKey>, String>, Vec<Vec<String>>) {
        let manners = Manners { max_retries, max_wait: Duration::from_millis(1), ..Manners::default() };
        let urls: Vec<String> = (0..25).map(|number| format!("https://a.example/{number}")).collect();
        let service = Sevens::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let found = runtime.block_on(all(&service, &urls, &manners));
        (found, service.0.into_inner().unwrap())
    }

    #[test]
    fn all_urls_are_asked_about_in_questions_of_the_service_s_size_and_again_where_it_fails() {
        let (listed, asked) = found(1);
        let sevens = [7, 17].map(|number| UrlKey::new(&format!("https://a.example/{number}")));
        assert_eq!(listed.unwrap(), BTreeSet::from(sevens));
        let mut sizes: Vec<usize> = asked.iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [5, 5, 10, 10, 10, 10]);
    }

    #[test]
    fn a_service_that_does_not_say_stops_the_fetch() {
        assert_eq!(found(0).0, Err("busy".to_owned()));
    }

    #[test]
    fn what_a_service_knows_us_by_is_not_shown() {
        let address = ServiceAddress { token: Some("s3cret".to_owned()), ..ServiceAddress::default() };
        assert!(!format!("{address:?}").contains("s3cret"));
    }
}
