//! Names to addresses: resolved in this process, and held to what may be connected to.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

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
    /// Asks for the addresses of a name; so does each request and each connection, so that answers are kept here, as long as they hold.
    fn lookup(&self, name: &str) -> Found;
}

/// The servers of a network, asked in this process; answers are kept as long as they say, and [`MIN_KEPT`] at least, those that there is no such name too.
struct Servers(TokioResolver);

/// Answers that are kept.
const MAX_KEPT: u64 = 1 << 16;
/// How long an answer is kept that says less; a name that is asked for with each request is asked for too often.
const MIN_KEPT: Duration = Duration::from_secs(30);

impl Servers {
    /// These servers; those of the system where there are none.
    fn new(servers: Vec<NameServerConfig>) -> Result<Self, String> {
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(|error| error.to_string())?
        } else {
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.cache_size = MAX_KEPT;
        (options.positive_min_ttl, options.negative_min_ttl) = (Some(MIN_KEPT), Some(MIN_KEPT));
        builder.build().map(Self).map_err(|error| error.to_string())
    }
}

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
}

impl Names {
    pub(super) const fn new(lookup: Arc<dyn Lookup>, allowed: Vec<IpAddr>) -> Self {
        Self { lookup, allowed }
    }

    /// These servers; those of the system where there are none.
    pub(super) fn servers(servers: &[IpAddr]) -> Result<Arc<dyn Lookup>, String> {
        let servers = servers.iter().map(|server| NameServerConfig::udp_and_tcp(*server)).collect();
        Ok(Arc::new(Servers::new(servers)?))
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
            Some(failed) if addresses.is_empty() => Err(failed),
            _ if all == 0 => Err(Failed::new(Reason::HostNotFound, format!("{name} has no address"))),
            _ => Ok(addresses),
        }
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

#[cfg(test)]
#[expect(clippy::disallowed_types, reason = "a server for names on loopback")]
mod tests {
    use std::net::UdpSocket;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// The answer to a question in the format of RFC 1035: one address that holds for no time, of IPv4 alone.
    fn answer(question: &[u8]) -> Vec<u8> {
        let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
        let is_ipv4 = question[end - 4..end] == [0, 1, 0, 1];
        let mut answer = [&question[..2], &[0x81, 0x80, 0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0]].concat();
        answer.extend_from_slice(&question[12..end]);
        if is_ipv4 {
            answer.extend_from_slice(&[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
        }
        answer
    }

    #[test]
    fn a_name_that_is_asked_for_again_has_its_answer() {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let questions = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&questions);
        std::thread::spawn(move || {
            let mut question = [0; 512];
            while let Ok((bytes, from)) = socket.recv_from(&mut question) {
                counted.fetch_add(1, Ordering::Relaxed);
                socket.send_to(&answer(&question[..bytes]), from).unwrap();
            }
        });
        let mut server = NameServerConfig::udp("127.0.0.1".parse().unwrap());
        server.connections[0].port = port;
        let names = Names::new(Arc::new(Servers::new(vec![server]).unwrap()), Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..1000 {
                let failed = names.addresses("images.example").await.unwrap_err();
                assert_eq!((failed.reason, &*failed.detail), (Reason::AddressRefused, "127.0.0.1 is loopback"));
            }
        });
        // One for each kind of address.
        assert!(questions.load(Ordering::Relaxed) <= 2, "{questions:?}");
    }
}
