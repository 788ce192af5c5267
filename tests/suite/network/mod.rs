//! The network as it is: proxies, certificates, connections that die. Each test runs its cases in a process of its own,
//! as the environment and the certificates that are trusted belong to a process.

mod certificates;
mod http2;
mod own_client;
mod proxies;
mod stage;
