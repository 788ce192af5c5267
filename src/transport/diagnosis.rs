//! Diagnosis of a request that failed without an answer: one cause and one remedy.

use std::error::Error as StdError;
use std::io;

use reqwest::Url;
use rustls::{CertificateError, Error as Tls};

use super::transport_error::{Cause, TransportError};

/// The target of a request, for the message of its failure.
pub(super) struct Target {
    pub(super) host: String,
    /// The proxy on the way, without its password.
    pub(super) proxy: Option<String>,
}

impl Target {
    pub(super) fn new(url: &Url, proxy: Option<&str>) -> Self {
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Self { host, proxy: proxy.map(str::to_owned) }
    }
}

/// A cause: its kind, the word that programs know it by, the message, and what to do.
struct Diagnosis(Cause, &'static str, String, &'static str);

const AUTHORITY: &str =
    "if a proxy of this network reads the traffic, name the file with its certificate in SSL_CERT_FILE";
const CLOCK: &str = "check the date and time of this machine; if they are right, the other side has to renew it";
const ANOTHER: &str =
    "something else answers at this address: check DNS, and what stands between here and the platform";
const RESOLVE: &str = "check the spelling and DNS; a network that hides other names wants a proxy: set HTTPS_PROXY";
const LISTEN: &str = "nothing listens there, or a firewall refuses: check the port, and whether a proxy is needed";
const ROUTE: &str = "check this machine's network";
const PLAIN_PORT: &str = "it speaks no TLS there: check the port, and the scheme of the address";
const DROPPED: &str = "a firewall may drop what is sent: check whether a proxy is needed (HTTPS_PROXY)";
const CREDENTIALS: &str = "put the user and the password into the proxy's address: http://user:password@host:port";
const ALLOW: &str = "ask who runs the proxy to let this host pass, or name it in NO_PROXY to go past the proxy";
const VERSION: &str = "the two sides agree on no form of TLS: check what stands between here and the platform";
const LATER: &str = "check the network, or try again later";

/// The cause of a request's failure before an answer began.
pub(super) fn failure(error: reqwest::Error, target: &Target) -> TransportError {
    let Diagnosis(cause, reason, what, hint) = diagnose(&error, target);
    TransportError::new(cause, what).because(reason, hint).with_source(error)
}

fn diagnose(error: &reqwest::Error, target: &Target) -> Diagnosis {
    let host = &target.host;
    let (mut at_proxy, mut found) = (false, None);
    for part in chain(error) {
        let text = part.to_string();
        if let Some(proxy) = &target.proxy {
            match text.as_str() {
                "tunnel error: proxy authorization required" => {
                    let what = format!("the proxy {proxy} wants a user and a password, or refuses those it got");
                    return Diagnosis(Cause::Refused, "proxy_authorization", what, CREDENTIALS);
                }
                "tunnel error: unsuccessful" => {
                    let what = format!("the proxy {proxy} refused to connect to {host}");
                    return Diagnosis(Cause::Unreachable, "proxy_refused", what, ALLOW);
                }
                _ => {
                    at_proxy |=
                        text == "tunnel error: failed to create underlying connection" || text.contains("socks");
                }
            }
        }
        found = found.or_else(|| {
            if text == "dns error" {
                return Some(RootCause::Name);
            }
            if let Some(tls) = part.downcast_ref::<Tls>() {
                return Some(RootCause::Tls(tls.clone()));
            }
            let io = part.downcast_ref::<io::Error>().filter(|io| io.get_ref().is_none())?;
            Some(RootCause::Io(io.kind()))
        });
    }
    let whose = match &target.proxy {
        Some(proxy) if at_proxy => format!("the proxy {proxy}"),
        _ => host.clone(),
    };
    match found {
        Some(RootCause::Name) => {
            let what = format!("the name of {whose} could not be found");
            Diagnosis(Cause::Unreachable, "name_not_found", what, RESOLVE)
        }
        Some(RootCause::Tls(tls)) => certificate(&tls, &whose),
        _ if error.is_connect() && error.is_timeout() => {
            let what = format!("no connection to {whose} could be made in time");
            Diagnosis(Cause::Unreachable, "connect_timeout", what, DROPPED)
        }
        _ if error.is_timeout() => {
            let what = "no complete answer came in time".to_owned();
            Diagnosis(Cause::TimedOut, "read_timeout", what, LATER)
        }
        Some(RootCause::Io(kind)) if error.is_connect() => match kind {
            io::ErrorKind::ConnectionRefused => {
                let what = format!("{whose} refused the connection");
                Diagnosis(Cause::Unreachable, "connection_refused", what, LISTEN)
            }
            io::ErrorKind::TimedOut => {
                let what = format!("no connection to {whose} could be made in time");
                Diagnosis(Cause::Unreachable, "connect_timeout", what, DROPPED)
            }
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                let what = format!("{whose} closed the connection at once");
                Diagnosis(Cause::Unreachable, "connection_closed", what, PLAIN_PORT)
            }
            _ => {
                let what = format!("there is no way to {whose}");
                Diagnosis(Cause::Unreachable, "no_route", what, ROUTE)
            }
        },
        _ if error.is_connect() => {
            let what = format!("no connection to {whose} could be made");
            Diagnosis(Cause::Unreachable, "no_connection", what, LATER)
        }
        _ => {
            let what = "the connection broke before the answer was complete".to_owned();
            Diagnosis(Cause::Interrupted, "interrupted", what, LATER)
        }
    }
}

enum RootCause {
    Name,
    Tls(Tls),
    Io(io::ErrorKind),
}

fn certificate(tls: &Tls, whose: &str) -> Diagnosis {
    use CertificateError as Bad;
    let said = |reason, what: &str, hint| Diagnosis(Cause::Untrusted, reason, format!("{whose} {what}"), hint);
    match tls {
        Tls::InvalidCertificate(Bad::UnknownIssuer) => {
            said("unknown_authority", "shows a certificate of an authority that is not known here", AUTHORITY)
        }
        Tls::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
            said("certificate_expired", "shows a certificate that has expired, by this machine's clock", CLOCK)
        }
        Tls::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => said(
            "certificate_not_yet_valid",
            "shows a certificate that is not valid yet, by this machine's clock",
            CLOCK,
        ),
        Tls::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            said("certificate_of_another", "shows a certificate for another name", ANOTHER)
        }
        Tls::InvalidCertificate(_) => {
            said("certificate_invalid", "shows a certificate that cannot be trusted", ANOTHER)
        }
        Tls::InvalidMessage(_) => said("no_tls", "does not answer in TLS", PLAIN_PORT),
        _ => said("tls_refused", "refused the secure connection", VERSION),
    }
}

/// Every error inside another, those in an `io::Error` too.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        let error: &'a (dyn StdError + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}
