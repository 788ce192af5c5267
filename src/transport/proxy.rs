//! Proxies: which one a request goes through, and how.

use std::fmt;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::endpoint::{is_loopback, printable};
use crate::env::optional;
use crate::error::{Error, Result};

/// The choice of a proxy for requests to the platforms, if any. https goes through it by CONNECT, so that the proxy
/// sees the platform's name and nothing of a request. What is on this machine is never asked for through a proxy.
///
/// The address is `http://`, `https://`, `socks5://` or `socks5h://`, with a user and a password if the proxy wants them:
/// `http://user:password@proxy.example:3128`. They are secret, and are never shown.
#[derive(Clone, Default)]
pub struct Proxy {
    secure: Option<Hop>,
    plain: Option<Hop>,
    except: Option<Arc<Matcher>>,
}

#[derive(Clone)]
struct Hop {
    address: SecretString,
    shown: String,
    /// The name of the variable or setting that has it.
    source: &'static str,
}

/// The variables for https in curl's order: the lower-case name wins.
const SECURE: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
/// The variables for http. Not `HTTP_PROXY`: a web server sets it to what a visitor sends.
const PLAIN: [&str; 3] = ["http_proxy", "all_proxy", "ALL_PROXY"];
const EXCEPT: [&str; 2] = ["no_proxy", "NO_PROXY"];

impl Proxy {
    /// The proxies that the environment names: `HTTPS_PROXY`, `ALL_PROXY` and, for the hosts that are reached without
    /// one, `NO_PROXY`, in small letters too, as curl reads them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that names the variable whose address cannot be right.
    pub fn from_env() -> Result<Self> {
        Ok(Self { secure: named(&SECURE)?, plain: named(&PLAIN)?, except: exceptions()? })
    }

    /// This proxy, but for the hosts of `NO_PROXY`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an address that cannot be right.
    pub fn new(address: &str) -> Result<Self> {
        let hop = Hop::new(address, "the setting `proxy`")?;
        Ok(Self { secure: Some(hop.clone()), plain: Some(hop), except: exceptions()? })
    }

    /// No proxy, whatever the environment says.
    pub fn none() -> Self {
        Self::default()
    }

    /// The address of the proxy that carries requests to this URL, without its user and password.
    pub fn of(&self, url: &Url) -> Option<&str> {
        self.hop(url).map(|hop| hop.shown.as_str())
    }

    /// The name of the variable or setting that has the proxy of this URL.
    pub fn source(&self, url: &Url) -> Option<&'static str> {
        self.hop(url).map(|hop| hop.source)
    }

    fn hop(&self, url: &Url) -> Option<&Hop> {
        let hop = if url.scheme() == "https" { &self.secure } else { &self.plain };
        let hop = hop.as_ref().filter(|_| !is_loopback(url))?;
        let uri =
            http::Uri::builder().scheme(url.scheme()).authority(url.authority()).path_and_query("/").build().ok()?;
        let excepted = self.except.as_ref().is_some_and(|except| except.intercept(&uri).is_none());
        (!excepted).then_some(hop)
    }

    /// Whether TLS is spoken to the proxy itself.
    pub(super) fn is_secure(&self, url: &Url) -> bool {
        self.hop(url).is_some_and(|hop| hop.shown.starts_with("https:"))
    }

    pub(super) fn rule(&self) -> reqwest::Proxy {
        let proxy = self.clone();
        reqwest::Proxy::custom(move |url| Some(proxy.hop(url)?.address.expose_secret().to_owned()))
    }
}

/// The first of these variables that is set.
fn named(variables: &[&'static str]) -> Result<Option<Hop>> {
    for name in variables {
        if let Some(address) = optional(name)? {
            return Hop::new(&address, name).map(Some);
        }
    }
    Ok(None)
}

/// The hosts that go through a proxy by `NO_PROXY` alone.
fn exceptions() -> Result<Option<Arc<Matcher>>> {
    for name in EXCEPT {
        if let Some(hosts) = optional(name)? {
            return Ok(Some(Arc::new(Matcher::builder().all("http://proxy.invalid").no(hosts).build())));
        }
    }
    Ok(None)
}

impl Hop {
    fn new(address: &str, source: &'static str) -> Result<Self> {
        const FORM: &str = "write http://proxy.example:3128";
        let address = address.trim();
        // curl's users leave the scheme out.
        let whole = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let bad =
            |why: &str| Error::invalid(format!("{source}: the proxy address {:?} {why}: {FORM}", printable(&whole)));
        // In a text that is no URL a password can be anywhere.
        let broken = |_| Error::invalid(format!("{source}: the proxy address is not a URL: {FORM}"));
        let url = Url::parse(&whole).map_err(broken)?;
        if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
            return Err(bad("is not http, https, socks5 or socks5h"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad("names no host"))?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(bad("is more than a host and a port"));
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { shown: format!("{}://{host}{port}", url.scheme()), address: SecretString::from(whole), source })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |hop: &Option<Hop>| hop.as_ref().map(|hop| hop.shown.clone());
        let (secure, plain) = (shown(&self.secure), shown(&self.plain));
        f.debug_struct("Proxy").field("https", &secure).field("http", &plain).finish_non_exhaustive()
    }
}
