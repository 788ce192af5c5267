//! The cases: the gateway or proxy in the way, and the right outcome.

/// A server that stands between the program and the sandbox.
#[derive(Clone, Copy)]
pub(super) enum Server {
    Nginx(&'static str),
    Haproxy(&'static str),
    Squid(&'static str),
    Caddy(&'static str),
    Apache(&'static str),
    /// mitmproxy, in one of its modes.
    Mitm(&'static str),
}

pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) needs: &'static [&'static str],
    pub(super) servers: &'static [Server],
    /// The address of the store's API. `{front}`, `{secure}`, `{proxy}` are ports.
    pub(super) api_url: &'static str,
    pub(super) environment: &'static [(&'static str, &'static str)],
    pub(super) wanted: Wanted,
}

pub(super) enum Wanted {
    /// Every entry once, within this many seconds.
    Everything { within: f64 },
    /// An error of this cause.
    Reason(&'static str),
}

const SOON: Wanted = Wanted::Everything { within: 60.0 };
const FRONT: &str = "http://127.0.0.1:{front}";
/// A name that only the proxy can find.
const FAR: &str = "https://store.example:{secure}";
const THROUGH: (&str, &str) = ("HTTPS_PROXY", "http://me:pwd@127.0.0.1:{proxy}");
const TRUSTED: (&str, &str) = ("SSL_CERT_FILE", "{folder}/ca.pem");

const PASS: Server = Server::Nginx("location / { proxy_pass http://127.0.0.1:{sandbox}; }");
const SQUID: Server = Server::Squid(
    "auth_param basic program {basic} {folder}/passwords
     acl known proxy_auth REQUIRED
     acl forbidden dstdomain forbidden.example
     http_access deny forbidden
     http_access allow known
     http_access deny all",
);

pub(super) fn all() -> Vec<Case> {
    vec![
        Case {
            name: "nginx passes requests on",
            needs: &["nginx"],
            servers: &[PASS],
            api_url: FRONT,
            environment: &[],
            wanted: SOON,
        },
        Case {
            name: "nginx packs every answer",
            needs: &["nginx"],
            servers: &[Server::Nginx(
                "gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
                 location / { proxy_pass http://127.0.0.1:{sandbox}; }",
            )],
            api_url: FRONT,
            environment: &[],
            wanted: SOON,
        },
        Case {
            name: "nginx limits to five requests a second without saying so",
            needs: &["nginx"],
            servers: &[Server::Nginx(
                "limit_req zone=five burst=2 nodelay; limit_req_status 429;
                 location / { proxy_pass http://127.0.0.1:{sandbox}; }",
            )],
            api_url: FRONT,
            environment: &[],
            wanted: SOON,
        },
        Case {
            name: "nginx redirects within the origin",
            needs: &["nginx"],
            servers: &[Server::Nginx(
                "location /stores/ { return 307 http://127.0.0.1:{front}/moved$request_uri; }
                 location /moved/ { proxy_pass http://127.0.0.1:{sandbox}/; }",
            )],
            api_url: FRONT,
            environment: &[],
            wanted: SOON,
        },
        Case {
            name: "nginx redirects to a sign-in page elsewhere",
            needs: &["nginx"],
            servers: &[Server::Nginx("location / { return 302 https://login.example/?token=x; }")],
            api_url: FRONT,
            environment: &[],
            wanted: Wanted::Reason("redirected"),
        },
        Case {
            name: "nginx speaks https with a certificate of the company",
            needs: &["nginx", "openssl"],
            servers: &[PASS],
            api_url: "https://localhost:{secure}",
            environment: &[TRUSTED],
            wanted: SOON,
        },
        Case {
            name: "nginx speaks https with a certificate that is not known",
            needs: &["nginx", "openssl"],
            servers: &[PASS],
            api_url: "https://localhost:{secure}",
            environment: &[("SSL_CERT_FILE", "{folder}/other.pem")],
            wanted: Wanted::Reason("unknown_authority"),
        },
        Case {
            name: "nginx speaks https with a certificate of another name",
            needs: &["nginx", "openssl"],
            servers: &[PASS],
            api_url: "https://127.0.0.1:{secure}",
            environment: &[TRUSTED],
            wanted: Wanted::Reason("certificate_of_another"),
        },
        Case {
            name: "nginx speaks http where https is asked for",
            needs: &["nginx", "openssl"],
            servers: &[PASS],
            api_url: "https://localhost:{front}",
            environment: &[TRUSTED],
            wanted: Wanted::Reason("no_tls"),
        },
        Case {
            name: "nginx speaks https where http is asked for",
            needs: &["nginx", "openssl"],
            servers: &[PASS],
            api_url: "http://localhost:{secure}",
            environment: &[],
            wanted: Wanted::Reason("https_wanted"),
        },
        Case {
            name: "haproxy passes requests on",
            needs: &["haproxy"],
            servers: &[Server::Haproxy("")],
            api_url: FRONT,
            environment: &[],
            wanted: SOON,
        },
        Case {
            name: "haproxy refuses more than ten requests in two seconds",
            needs: &["haproxy"],
            servers: &[Server::Haproxy(
                "stick-table type ip size 10 expire 10s store http_req_rate(2s)
                 http-request track-sc0 src
                 http-request deny deny_status 429 if { sc_http_req_rate(0) gt 10 }",
            )],
            api_url: FRONT,
            environment: &[],
            wanted: SOON,
        },
        Case {
            name: "Caddy passes requests on",
            needs: &["caddy"],
            servers: &[Server::Caddy("reverse_proxy 127.0.0.1:{sandbox}")],
            api_url: FRONT,
            environment: &[],
            wanted: SOON,
        },
        Case {
            name: "Caddy packs every answer, over https with a certificate of the company",
            needs: &["caddy", "openssl"],
            servers: &[Server::Caddy(
                "encode zstd gzip
                 reverse_proxy 127.0.0.1:{sandbox}",
            )],
            api_url: "https://localhost:{secure}",
            environment: &[TRUSTED],
            wanted: SOON,
        },
        Case {
            name: "Apache passes requests on",
            needs: &["apache2"],
            servers: &[Server::Apache("")],
            api_url: FRONT,
            environment: &[],
            wanted: SOON,
        },
        Case {
            name: "Apache packs every answer",
            needs: &["apache2"],
            servers: &[Server::Apache("SetOutputFilter DEFLATE")],
            api_url: FRONT,
            environment: &[],
            wanted: SOON,
        },
        Case {
            name: "mitmproxy stands before the platform",
            needs: &["mitmdump"],
            servers: &[Server::Mitm("reverse:http://127.0.0.1:{sandbox}")],
            api_url: "http://127.0.0.1:{proxy}",
            environment: &[],
            wanted: SOON,
        },
        Case {
            name: "mitmproxy reads the traffic, and its authority is not known",
            needs: &["mitmdump", "openssl"],
            servers: &[Server::Mitm("regular")],
            api_url: FAR,
            environment: &[THROUGH, TRUSTED],
            wanted: Wanted::Reason("unknown_authority"),
        },
        Case {
            name: "squid leads out by CONNECT, with a password",
            needs: &["squid", "nginx", "openssl"],
            servers: &[PASS, SQUID],
            api_url: FAR,
            environment: &[THROUGH, TRUSTED],
            wanted: SOON,
        },
        Case {
            name: "squid gets a wrong password",
            needs: &["squid", "nginx", "openssl"],
            servers: &[PASS, SQUID],
            api_url: FAR,
            environment: &[("HTTPS_PROXY", "http://me:other@127.0.0.1:{proxy}"), TRUSTED],
            wanted: Wanted::Reason("proxy_authorization"),
        },
        Case {
            name: "squid forbids the host",
            needs: &["squid"],
            servers: &[SQUID],
            api_url: "https://forbidden.example",
            environment: &[THROUGH, TRUSTED],
            wanted: Wanted::Reason("proxy_refused"),
        },
        Case {
            name: "squid is passed by on the way to this machine",
            needs: &["squid", "nginx"],
            servers: &[PASS],
            api_url: FRONT,
            environment: &[("ALL_PROXY", "http://127.0.0.1:1"), ("HTTP_PROXY", "http://127.0.0.1:1")],
            wanted: SOON,
        },
    ]
}
