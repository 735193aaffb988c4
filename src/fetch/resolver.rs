//! Name resolution that hands the connector only addresses it may connect to, so that DNS cannot lead us inside.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{AddressRange, is_allowed};

/// Resolves with the system's resolver and drops refused addresses.
#[derive(Debug)]
pub(super) struct GuardedResolver {
    pub(super) allow_private: Arc<[AddressRange]>,
}

/// Why a name gave no address.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum ResolveFailure {
    #[error("the name {name} has no address; check the spelling or the network")]
    NoAddress { name: String },
    #[error("{name} leads to the private address {address}; open it with allow_private if that is meant")]
    Blocked { name: String, address: String },
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = Arc::clone(&self.allow_private);
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let found: Vec<SocketAddr> = match tokio::net::lookup_host((name.as_str(), 0)).await {
                Ok(found) => found.collect(),
                Err(_) => Vec::new(),
            };
            let allowed: Vec<SocketAddr> =
                found.iter().copied().filter(|address| is_allowed(address.ip(), &allow_private)).collect();
            if allowed.is_empty() {
                return Err(match found.first() {
                    Some(address) => ResolveFailure::Blocked { name, address: address.ip().to_string() },
                    None => ResolveFailure::NoAddress { name },
                }
                .into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}
