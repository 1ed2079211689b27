//! Images over the network: politely, safely, and each URL once.
//!
//! A [`Network`] asks for one URL at a time under limits for each host and address, and says of each what came of it.  Connections go to public
//! addresses alone: names are resolved here, the addresses are judged, and the client connects to no others; each redirect is judged anew.

mod broken;
mod failed;
mod gate;
mod hosts;
mod names;
mod roots;
mod sites;

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use obelisc_document::Reason;
use reqwest::header::{self, HeaderMap};
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use url::{Host, Url};

pub(crate) use self::broken::whole;
use self::broken::{broken_off, not_sent};
pub use self::failed::Failed;
pub use self::hosts::Hosts;
use self::names::{ClientNames, Names};
pub use self::names::{Found, Lookup};
pub use self::roots::RootCertificates;
use self::sites::{Sites, Told};
use crate::opt_out::{self, OptOuts};
use crate::{ServiceAddress, Treatment, robots};

/// How the network is asked: what no dataset depends on but by what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manners {
    /// What a site sees of who asks, with a way to reach them: `obelisc/1.0 (+https://lab.example/crawl; crawl@lab.example)`.  Its product token, what is before the
    /// first slash, is the name by which robots.txt and X-Robots-Tag speak to it.
    pub user_agent: String,
    /// Requests that go at a time, to all hosts.
    pub max_in_flight: u32,
    /// Bytes of bodies that are held at a time.
    pub max_in_flight_bytes: u64,
    /// Requests that go to a host at a time.
    pub max_per_host: u32,
    /// Requests that go to an address at a time, whatever hosts share it.
    pub max_per_address: u32,
    /// Time between the beginnings of two requests to a host.
    pub interval: Duration,
    /// Time that a URL may take in all, redirects and further tries included, waiting for its turn not.
    pub deadline: Duration,
    /// Time until a connection must stand.
    pub connect_timeout: Duration,
    /// Further tries where a failure may pass.
    pub max_retries: u32,
    /// Longest time that a server may ask to wait; who asks for more is not asked again.
    pub max_wait: Duration,
    /// Servers that know names; those of the system where there are none.
    pub dns_servers: Vec<IpAddr>,
    /// Addresses that are connected to though they are not public.
    pub allowed_addresses: Vec<IpAddr>,
    /// Ports that are connected to.
    pub ports: Vec<u16>,
    /// Who is asked which works are opted out, where a policy says that one is.
    pub opt_out_service: ServiceAddress,
    /// What is known of hosts; clones share it, so that limits hold for all of them together.
    pub hosts: Hosts,
    /// Authorities whose certificates are trusted beside those of the system.
    pub root_certificates: RootCertificates,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            user_agent: String::new(),
            max_in_flight: 1000,
            max_in_flight_bytes: 256 << 20,
            max_per_host: 4,
            max_per_address: 32,
            interval: Duration::ZERO,
            deadline: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            max_retries: 2,
            max_wait: Duration::from_secs(60),
            dns_servers: Vec::new(),
            allowed_addresses: Vec::new(),
            ports: vec![80, 443, 8080, 8443],
            opt_out_service: ServiceAddress::default(),
            hosts: Hosts::default(),
            root_certificates: RootCertificates::default(),
        }
    }
}

/// What decides which images there are, of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How images are looked at.
    pub treatment: Treatment,
    /// Redirects that are followed.
    pub max_redirects: u32,
    /// Whose wishes are honoured.
    pub opt_outs: OptOuts,
}

/// Bytes of an answer, and the room that they take.
#[derive(Debug)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Given back when the bytes are let go.
    _room: Option<OwnedSemaphorePermit>,
}

/// Asks hosts for images.
pub struct Network {
    manners: Manners,
    policy: Policy,
    product: String,
    client: Client,
    names: Arc<Names>,
    sites: Sites,
    in_flight: Semaphore,
    /// In units of [`UNIT`] bytes.
    room: Arc<Semaphore>,
}

/// How long a URL waits before it is tried again, where no server says; twice as long each time.
const BACKOFF: Duration = Duration::from_millis(500);
/// Unit of the room for bodies.
const UNIT: u64 = 1024;
/// Largest header of an answer, in bytes as HTTP/2 counts them (RFC 9113, section 6.5.2).
const MAX_HEADER_BYTES: u32 = 64 << 10;
/// Bytes of a header that are read at most in HTTP/2, so that one above the cap is told from what is not HTTP.  In HTTP/1.1 the client reads 417,792 bytes and 100 lines.
const MAX_READ_HEADER_BYTES: u32 = 4 * MAX_HEADER_BYTES;
/// Bytes that are held for an answer that does not say how long it is, until it is longer.
const UNANNOUNCED: u64 = 256 * 1024;
/// Redirects that are followed to a file of a site about itself (RFC 9309, section 2.3.1.2).
const MAX_REDIRECTS_ABOUT: u32 = 5;
/// Bytes by which it is known whether an image comes.
const SNIFFED: usize = 64;

/// One value for each key, made when it is first asked for.
struct Kept<K, V>(Mutex<HashMap<K, Arc<V>>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V> Kept<K, V> {
    fn get(&self, key: K, make: impl FnOnce() -> V) -> Arc<V> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(kept.entry(key).or_insert_with(|| Arc::new(make())))
    }
}

/// The beginning of an answer.
enum Head {
    Answer(Response),
    Redirect(Url),
}

/// What one request brought.
enum Step {
    Body(Body),
    Redirect(Url),
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Image,
    /// A file of the site about itself, of so many bytes at most.
    About(u64),
}

impl Network {
    /// Ready to ask.
    ///
    /// # Errors
    /// Manners that cannot be kept: a user agent that no header can hold, no server for names, no authority to trust.
    pub fn new(manners: Manners, policy: Policy) -> Result<Self, String> {
        let lookup = Names::servers(&manners.dns_servers)?;
        Self::with_names(manners, policy, lookup)
    }

    /// The same, with another source of addresses.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_names(manners: Manners, policy: Policy, lookup: Arc<dyn Lookup>) -> Result<Self, String> {
        let names = Arc::new(Names::new(lookup, manners.allowed_addresses.clone()));
        let client = client(&manners)?
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(ClientNames(Arc::clone(&names))))
            .pool_max_idle_per_host(manners.max_per_host as usize)
            .pool_idle_timeout(Duration::from_secs(15))
            .http2_max_header_list_size(MAX_READ_HEADER_BYTES)
            .build()
            .map_err(|error| whole(&error))?;
        let product = manners.user_agent.split(['/', ' ']).next().unwrap_or_default().to_owned();
        let room = usize::try_from(manners.max_in_flight_bytes / UNIT).unwrap_or(usize::MAX);
        Ok(Self {
            policy,
            product,
            client,
            names,
            sites: Sites::default(),
            in_flight: Semaphore::new(manners.max_in_flight as usize),
            room: Arc::new(Semaphore::new(room.clamp(1, u32::MAX as usize))),
            manners,
        })
    }

    /// How images are looked at.
    pub(crate) const fn treatment(&self) -> &Treatment {
        &self.policy.treatment
    }

    /// How it is asked.
    pub(crate) const fn manners(&self) -> &Manners {
        &self.manners
    }

    /// Whose wishes are honoured.
    pub(crate) const fn opt_outs(&self) -> OptOuts {
        self.policy.opt_outs
    }

    /// Requests that go to a host at a time.
    pub(crate) const fn max_per_host(&self) -> usize {
        self.manners.max_per_host as usize
    }

    /// The bytes at a URL, which begin like an image.
    ///
    /// # Errors
    /// [`Failed`], once it is for good.
    pub async fn image(&self, url: &str) -> Result<Body, Failed> {
        let url = Url::parse(url).map_err(|error| Failed::new(Reason::UrlRefused, error.to_string()))?;
        self.get(&url, Wanted::Image).await
    }

    /// Tries until something comes, or what failed is for good.
    async fn get(&self, url: &Url, wanted: Wanted) -> Result<Body, Failed> {
        let mut left = self.manners.deadline;
        let mut tries = 0;
        loop {
            let failed = match self.follow(url, wanted, &mut left).await {
                Ok(body) => return Ok(body),
                Err(failed) => failed,
            };
            let Some(after) = failed.again.filter(|_| tries < self.manners.max_retries) else { return Err(failed) };
            if after.is_some_and(|after| after > self.manners.max_wait) || left.is_zero() {
                return Err(failed);
            }
            // A host that says how long has all its requests wait; else it is this URL alone.
            if after.is_none() {
                sleep((BACKOFF * 2_u32.pow(tries.min(10))).min(self.manners.max_wait)).await;
            }
            tries += 1;
        }
    }

    /// Follows redirects; each place that one leads to is judged like the first.
    async fn follow(&self, url: &Url, wanted: Wanted, left: &mut Duration) -> Result<Body, Failed> {
        let mut url = url.clone();
        let max = if wanted == Wanted::Image { self.policy.max_redirects } else { MAX_REDIRECTS_ABOUT };
        for _ in 0..=max {
            let address = self.check(&url).await?;
            if wanted == Wanted::Image {
                let ask = |file: Url| self.about(file);
                self.sites.check(&url, &self.product, self.policy.opt_outs, ask).await?;
            }
            match self.step(&url, address, wanted, left).await? {
                Step::Body(body) => return Ok(body),
                Step::Redirect(next) => url = next,
            }
        }
        Err(Failed::new(Reason::TooManyRedirects, format!("more than {max}")))
    }

    /// A site's file about itself.
    async fn about(&self, file: Url) -> Told {
        // Boxed, since what it follows asks for files itself.
        let got: std::pin::Pin<Box<dyn Future<Output = _> + '_>> =
            Box::pin(async move { self.get(&file, Wanted::About(robots::MAX_BYTES as u64)).await });
        match got.await {
            Ok(body) => Told::Text(body.bytes),
            Err(
                Failed { reason: Reason::HttpStatus, again: None, .. }
                | Failed { reason: Reason::TooManyRedirects, .. },
            ) => Told::Nothing,
            Err(failed) => Told::Unknown(failed),
        }
    }

    /// Refuses a URL that no request may go to; gives the address that one would.
    async fn check(&self, url: &Url) -> Result<IpAddr, Failed> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failed::new(Reason::UrlRefused, format!("scheme {}", url.scheme())));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.manners.ports.contains(&port) {
            return Err(Failed::new(Reason::UrlRefused, format!("port {port}")));
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(name)) => {
                let addresses = self.names.addresses(name).await?;
                return addresses.first().copied().ok_or_else(|| Failed::new(Reason::HostNotFound, name));
            }
            None => return Err(Failed::new(Reason::UrlRefused, "no host")),
        };
        self.names.check(address).map(|()| address)
    }

    /// One request, when it is its turn.
    async fn step(&self, url: &Url, address: IpAddr, wanted: Wanted, left: &mut Duration) -> Result<Step, Failed> {
        let Manners { hosts, max_per_host, max_per_address, interval, .. } = &self.manners;
        let gate = hosts.gate(url.host_str().unwrap_or_default(), *max_per_host, *interval);
        let of_address = hosts.address(address, *max_per_address);
        let _permits = loop {
            let pass = gate.enter().await;
            // None of the semaphores is ever closed.
            let permits = (of_address.acquire().await, self.in_flight.acquire().await);
            if pass.go() {
                break (pass, permits);
            }
        };
        let came = self.come(url, wanted, left).await;
        gate.heed(came.as_ref().err(), self.manners.max_wait);
        came
    }

    /// What comes of a request; its room is waited for outside of the URL's own time.
    async fn come(&self, url: &Url, wanted: Wanted, left: &mut Duration) -> Result<Step, Failed> {
        match self.in_time(left, self.request(url, wanted)).await? {
            Head::Redirect(next) => Ok(Step::Redirect(next)),
            Head::Answer(response) => {
                let room = self.room(&response, wanted).await?;
                self.in_time(left, self.body(response, room, wanted)).await.map(Step::Body)
            }
        }
    }

    /// What comes of it in the time that is left, which is then less.
    async fn in_time<T>(
        &self,
        left: &mut Duration,
        doing: impl Future<Output = Result<T, Failed>>,
    ) -> Result<T, Failed> {
        let begin = Instant::now();
        let late = || Failed::passing(Reason::FetchTimeout, format!("more than {:?}", self.manners.deadline), None);
        let came = timeout(*left, doing).await.unwrap_or_else(|_| Err(late()));
        *left = left.saturating_sub(begin.elapsed());
        came
    }

    async fn request(&self, url: &Url, wanted: Wanted) -> Result<Head, Failed> {
        let response = self.client.get(url.clone()).header(header::ACCEPT, "image/*,*/*;q=0.5").send().await;
        let response = response.map_err(|error| not_sent(&error))?;
        check_size(response.headers())?;
        let status = response.status();
        if status.is_redirection() && response.headers().contains_key(header::LOCATION) {
            return redirected(url, &response).map(Head::Redirect);
        }
        if !status.is_success() {
            return Err(refused(status, response.headers()));
        }
        if wanted == Wanted::Image {
            self.check_headers(response.headers())?;
        }
        Ok(Head::Answer(response))
    }

    /// Most bytes of an answer.
    const fn cap(&self, wanted: Wanted) -> u64 {
        match wanted {
            Wanted::Image => self.policy.treatment.limits.max_image_bytes,
            Wanted::About(cap) => cap,
        }
    }

    /// Waits for room for as many bytes as are announced, or for [`UNANNOUNCED`].
    async fn room(&self, response: &Response, wanted: Wanted) -> Result<Option<OwnedSemaphorePermit>, Failed> {
        let cap = self.cap(wanted);
        let announced = response.content_length();
        if let Some(bytes) = announced.filter(|bytes| wanted == Wanted::Image && *bytes > cap) {
            return Err(too_large(bytes, cap));
        }
        let needed = self.units(announced.unwrap_or(UNANNOUNCED).min(cap));
        Ok(Arc::clone(&self.room).acquire_many_owned(needed).await.ok())
    }

    /// Bytes in units, no more than there is room for at all.
    fn units(&self, bytes: u64) -> u32 {
        let whole_room = self.manners.max_in_flight_bytes / UNIT;
        u32::try_from(bytes.div_ceil(UNIT).clamp(1, whole_room.max(1))).unwrap_or(u32::MAX)
    }

    /// Refuses an answer whose headers opt out.
    fn check_headers(&self, headers: &HeaderMap) -> Result<(), Failed> {
        let honoured = self.policy.opt_outs;
        let values = |name: &str| {
            let all = headers.get_all(name).iter();
            all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect::<Vec<_>>()
        };
        if honoured.x_robots_tag {
            for value in values("x-robots-tag") {
                if let Some(directive) = opt_out::directive(&value, &self.product) {
                    return Err(Failed::new(Reason::OptedOut, format!("x-robots-tag: {directive}")));
                }
            }
        }
        if honoured.tdm_reservation && values("tdm-reservation").iter().any(|value| opt_out::reserves(value)) {
            return Err(Failed::new(Reason::OptedOut, "tdm-reservation: 1"));
        }
        Ok(())
    }

    async fn body(
        &self,
        mut response: Response,
        mut room: Option<OwnedSemaphorePermit>,
        wanted: Wanted,
    ) -> Result<Body, Failed> {
        let cap = self.cap(wanted);
        let announced = response.content_length();
        let mut bytes = Vec::with_capacity(usize::try_from(announced.unwrap_or(0).min(cap)).unwrap_or_default());
        let mut is_sniffed = wanted != Wanted::Image;
        while let Some(chunk) = response.chunk().await.map_err(|error| broken_off(&error, bytes.len()))? {
            if bytes.len() as u64 + chunk.len() as u64 > cap {
                match wanted {
                    Wanted::Image => return Err(too_large(bytes.len() as u64 + chunk.len() as u64, cap)),
                    // The beginning of it counts.
                    Wanted::About(_) => break,
                }
            }
            let length = (bytes.len() + chunk.len()) as u64;
            let held = room.as_ref().map_or(0, |room| room.num_permits() as u64 * UNIT);
            if announced.is_none() && length > held && held < cap {
                // One that is longer than most gives back what it holds, so that no two wait for each other, and takes all it may need.
                drop(room.take());
                room = Arc::clone(&self.room).acquire_many_owned(self.units(cap)).await.ok();
            }
            bytes.extend_from_slice(&chunk);
            if !is_sniffed && bytes.len() >= SNIFFED {
                check_beginning(&bytes)?;
                is_sniffed = true;
            }
        }
        if !is_sniffed {
            check_beginning(&bytes)?;
        }
        Ok(Body { bytes, _room: room })
    }
}

/// A client of HTTP that says who asks, and asks nobody else on the way.
pub(crate) fn client(manners: &Manners) -> Result<ClientBuilder, String> {
    // The same provider for all of the process; a second call finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().user_agent(&manners.user_agent).connect_timeout(manners.connect_timeout);
    let roots = manners.root_certificates.certificates().map_err(|error| whole(&error))?;
    Ok(client.tls_certs_merge(roots).referer(false).no_proxy())
}

fn too_large(bytes: u64, cap: u64) -> Failed {
    Failed::new(Reason::ImageTooLarge, format!("{bytes} bytes, at most {cap} are read"))
}

/// Refuses an answer whose header is larger than any needs to be.
fn check_size(headers: &HeaderMap) -> Result<(), Failed> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    if bytes > MAX_HEADER_BYTES as usize {
        return Err(Failed::new(
            Reason::HeaderTooLarge,
            format!("{bytes} bytes, at most {MAX_HEADER_BYTES} are taken"),
        ));
    }
    Ok(())
}

/// Refuses what does not begin like an image, so that the rest of it need not come.
fn check_beginning(bytes: &[u8]) -> Result<(), Failed> {
    match obelisc_image::sniff(bytes) {
        Some(_) => Ok(()),
        None => Err(Failed::new(Reason::NotAnImage, "no image of a known format")),
    }
}

/// Where an answer sends to.
fn redirected(url: &Url, response: &Response) -> Result<Url, Failed> {
    let location = response.headers().get(header::LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let next = url.join(location.unwrap_or_default().trim());
    next.map_err(|error| Failed::new(Reason::UrlRefused, format!("redirect: {error}")))
}

/// Why an answer holds no body for us.
fn refused(status: StatusCode, headers: &HeaderMap) -> Failed {
    let detail = status.to_string();
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let after = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(seconds);
            Failed::passing(Reason::RateLimited, detail, after)
        }
        StatusCode::REQUEST_TIMEOUT => Failed::passing(Reason::HttpStatus, detail, None),
        _ if status.is_server_error() => Failed::passing(Reason::HttpStatus, detail, None),
        _ => Failed::new(Reason::HttpStatus, detail),
    }
}

/// How long `Retry-After` says to wait (RFC 9110, section 10.2.3): seconds, or until a date.
fn seconds(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(std::time::SystemTime::now()).unwrap_or_default())
}
