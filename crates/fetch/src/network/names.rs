//! Names to addresses: resolved in this process, kept, and held to what may be connected to.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use obelisc_document::Reason;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Failed;
use crate::address;

/// The addresses of a name, none where there is no such name; or why nobody could be asked.
pub type Found = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, String>> + Send>>;

/// Who knows the addresses of names.
pub trait Lookup: Send + Sync {
    /// Asks for the addresses of a name.
    fn lookup(&self, name: &str) -> Found;
}

/// The servers of a network, asked in this process; answers are kept as long as they say, those that there is no such name too.
struct Servers(TokioResolver);

impl Lookup for Servers {
    fn lookup(&self, name: &str) -> Found {
        // With a dot at its end a name is looked for nowhere else.
        let (resolver, name) = (self.0.clone(), format!("{}.", name.trim_end_matches('.')));
        Box::pin(async move {
            match resolver.lookup_ip(name).await {
                Ok(found) => Ok(found.iter().collect()),
                Err(error) if error.is_nx_domain() || error.is_no_records_found() => Ok(Vec::new()),
                Err(error) => Err(error.to_string()),
            }
        })
    }
}

/// Names that a fetch knows.
pub(super) struct Names {
    lookup: Arc<dyn Lookup>,
    /// Addresses that are connected to though they are not public.
    allowed: Vec<IpAddr>,
    known: Mutex<HashMap<String, Vec<IpAddr>>>,
}

/// Names that are kept.
const MAX_KNOWN: usize = 100_000;

impl Names {
    pub(super) fn new(lookup: Arc<dyn Lookup>, allowed: Vec<IpAddr>) -> Self {
        Self { lookup, allowed, known: Mutex::default() }
    }

    /// These servers; those of the system where there are none.
    pub(super) fn servers(servers: &[IpAddr]) -> Result<Arc<dyn Lookup>, String> {
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(|error| error.to_string())?
        } else {
            let servers = servers.iter().map(|server| NameServerConfig::udp_and_tcp(*server)).collect();
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        builder.options_mut().cache_size = 1 << 16;
        Ok(Arc::new(Servers(builder.build().map_err(|error| error.to_string())?)))
    }

    /// Refuses an address that is not public and not allowed.
    pub(super) fn check(&self, address: IpAddr) -> Result<(), Failed> {
        match address::refused(address).filter(|_| !self.allowed.contains(&address)) {
            Some(refused) => Err(Failed::new(Reason::AddressRefused, format!("{address} is {}", refused.name()))),
            None => Ok(()),
        }
    }

    /// The addresses of a name that may be connected to.
    pub(super) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Failed> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(addresses) = known {
            return Ok(addresses);
        }
        let not_asked = |detail: String| Failed::passing(Reason::HostNotFound, detail, None);
        let mut addresses = self.lookup.lookup(name).await.map_err(not_asked)?;
        let all = addresses.len();
        let mut refused = None;
        addresses.retain(|address| match self.check(*address) {
            Ok(()) => true,
            Err(failed) => {
                refused.get_or_insert(failed);
                false
            }
        });
        match refused {
            Some(failed) if addresses.is_empty() => return Err(failed),
            _ if all == 0 => return Err(Failed::new(Reason::HostNotFound, format!("{name} has no address"))),
            _ => {}
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(name.to_owned(), addresses.clone());
        Ok(addresses)
    }
}

/// The names, as the client of HTTP asks for them.
pub(super) struct ClientNames(pub(super) Arc<Names>);

impl Resolve for ClientNames {
    fn resolve(&self, name: Name) -> Resolving {
        let names = Arc::clone(&self.0);
        Box::pin(async move {
            let found = names.addresses(name.as_str()).await.map_err(|failed| failed.detail)?;
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
