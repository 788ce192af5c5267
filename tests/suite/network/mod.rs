//! Real networks: proxies, certificates, connections that die. Each test runs its cases in a process of its own, as the
//! environment and the trusted certificates belong to a process.

mod certificates;
mod http2;
mod own_client;
mod proxies;
mod stage;
