//! The options of every command that collects.

use std::net::SocketAddr;

use clap::Args;
use storelogs_collector::sync::{Shard, SyncOptions};

/// How many stores are read at once, unless it is said.
const WALKS: u16 = 32;

/// How stores are collected.
#[derive(Args, Debug)]
pub(crate) struct CollectingOptions {
    /// Only this shard of the stores, such as 2/8: for several machines
    #[arg(long, value_name = "N/M")]
    pub(crate) shard: Option<Shard>,

    /// How many stores are read at once [default: 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) walks: Option<u16>,

    /// Serve metrics for Prometheus at http://ADDRESS/metrics, and a health check at /healthz
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) metrics_listen: Option<SocketAddr>,
}

impl CollectingOptions {
    /// The options as the collector takes them.
    pub(crate) fn sync(&self, follow: bool) -> SyncOptions {
        let walks = usize::from(self.walks.unwrap_or(WALKS));
        SyncOptions { follow, walks, shard: self.shard, ..SyncOptions::default() }
    }
}

/// An address as the user writes it.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an address of this machine and a port, such as 127.0.0.1:9464".to_owned())
}
