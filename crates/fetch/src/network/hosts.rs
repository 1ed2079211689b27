//! What is known of the hosts that are asked, by all who ask them.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Kept;
use super::gate::Gate;

/// Gates of hosts and addresses, shared by all clones: limits hold for all who ask with one of them.
#[derive(Clone, Default)]
pub struct Hosts(Arc<Inner>);

#[derive(Default)]
struct Inner {
    gates: Kept<String, Gate>,
    addresses: Kept<IpAddr, Semaphore>,
}

impl Hosts {
    /// That of a host; the limits are those of who asks first.
    pub(super) fn gate(&self, host: &str, max: u32, interval: Duration) -> Arc<Gate> {
        self.0.gates.get(host.to_owned(), || Gate::new(max, interval))
    }

    /// That of an address.
    pub(super) fn address(&self, address: IpAddr, max: u32) -> Arc<Semaphore> {
        self.0.addresses.get(address, || Semaphore::new(max as usize))
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts").finish_non_exhaustive()
    }
}

/// They are a state, not a setting: manners that differ in them alone are the same.
impl PartialEq for Hosts {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Hosts {}
