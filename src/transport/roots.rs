//! The root certificates that this machine trusts, and the error where there are none.

use std::env;
use std::fs;
use std::path::Path;

use super::transport_error::{Cause, TransportError};

/// The error of an https client that could not be made because no certificate authority is known.
pub(super) fn missing(error: reqwest::Error) -> TransportError {
    const NAMED: &str = "name a file of certificates (PEM) that is there, or unset the variable";
    const NONE: &str = "install the package ca-certificates, or name a file of certificates (PEM) in SSL_CERT_FILE";
    let variable = |name: &'static str| Some((name, env::var_os(name).filter(|value| !value.is_empty())?));
    let (what, hint) = match variable("SSL_CERT_FILE").or_else(|| variable("SSL_CERT_DIR")) {
        Some((name, value)) => {
            let path = Path::new(&value);
            let why = match fs::metadata(path) {
                Err(error) => format!("which cannot be read: {error}"),
                Ok(about) if about.is_file() => "in which there is no certificate".to_owned(),
                Ok(_) => "where there is no certificate".to_owned(),
            };
            let shown: String = path.to_string_lossy().chars().filter(|c| !c.is_control()).take(200).collect();
            (format!("no certificate authority is known: {name} names {shown}, {why}"), NAMED)
        }
        None => ("no certificate authority is known: this machine has no certificates".to_owned(), NONE),
    };
    TransportError::new(Cause::Untrusted, what).because("no_authorities", hint).with_source(error)
}
