//! Proxies: obeyed as curl obeys them, and never seen with a password.

use storelogs::{ErrorKind, Http, Proxy};

use super::stage::{Authority, TOKEN, TestProxy, answer, ask_with, head, listen, serve};

const PLATFORM: &str = "https://api.bigcommerce.com";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_goes_through_the_proxy_of_the_environment_by_connect() {
    let authority = Authority::new("proxied");
    let port = serve(authority.server("api.bigcommerce.com", 2020, 2040)).await;
    let proxy = TestProxy::to(port).await;
    let address = format!("http://me:pwd@127.0.0.1:{}", proxy.port);
    let bare = format!("me:pwd@localhost:{}", proxy.port);
    let file = authority.file.to_str().unwrap();
    for (name, address) in
        [("HTTPS_PROXY", &address), ("https_proxy", &address), ("ALL_PROXY", &address), ("all_proxy", &bare)]
    {
        assert_eq!(ask_with(PLATFORM, &[(name, address), ("SSL_CERT_FILE", file)]).await, "1 records", "{name}");
    }
    let heads = proxy.heads.lock().unwrap().clone();
    assert_eq!(heads.len(), 4);
    assert!(heads.iter().all(|head| head.starts_with("CONNECT api.bigcommerce.com:443 HTTP/1.1\r\n")), "{heads:?}");
    assert!(heads.iter().all(|head| !head.contains(TOKEN)));
    let passed = proxy.passed.lock().unwrap().clone();
    assert!(passed.len() > 400 && passed[0] == 22, "a TLS handshake goes through the tunnel");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_is_in_the_way_is_named_without_its_password() {
    let proxy = TestProxy::to(1).await;
    let wrong = format!("http://me:pwd-wrong@127.0.0.1:{}", proxy.port);
    let said = ask_with(PLATFORM, &[("HTTPS_PROXY", &wrong)]).await;
    assert!(said.starts_with("proxy_authorization Unreachable 1 "), "{said}");
    assert!(said.contains(&format!("the proxy http://127.0.0.1:{} wants a user", proxy.port)), "{said}");

    let right = format!("http://me:pwd@127.0.0.1:{}", proxy.port);
    let said = ask_with("https://forbidden.example", &[("HTTPS_PROXY", &right)]).await;
    assert!(said.starts_with("proxy_refused ") && said.contains("refused to connect to forbidden.example"), "{said}");

    let said = ask_with(PLATFORM, &[("HTTPS_PROXY", "http://me:pwd@127.0.0.1:1")]).await;
    assert!(said.starts_with("connection_refused ") && said.contains("the proxy http://127.0.0.1:1 refused"), "{said}");

    let said = ask_with(PLATFORM, &[("HTTPS_PROXY", "http://me:pwd@no-such-proxy.invalid:3128")]).await;
    assert!(said.starts_with("name_not_found ") && said.contains("the proxy http://no-such-proxy.invalid"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_address_that_cannot_be_right_is_an_error_before_anything_is_sent() {
    for address in
        ["ftp://me:pwd@proxy.example", "http://me:pwd@", "http://me:pwd@proxy.example/path?pwd", "http://[me:pwd"]
    {
        let said = ask_with(PLATFORM, &[("HTTPS_PROXY", address)]).await;
        assert!(said.starts_with("- InvalidInput 0 ") && said.contains("HTTPS_PROXY: the proxy address"), "{said}");
        let error = Proxy::new(address).unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && !error.to_string().contains("pwd"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_machine_is_never_asked_for_through_a_proxy() {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            head(&mut stream).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer().as_bytes()).await;
        }
    });
    let dead = "http://127.0.0.1:1";
    let proxies = [("HTTP_PROXY", dead), ("http_proxy", dead), ("ALL_PROXY", dead), ("HTTPS_PROXY", dead)];
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(ask_with(&format!("http://{host}:{port}"), &proxies).await, "1 records");
    }
}

#[tokio::test]
async fn a_setting_names_a_proxy_that_shows_no_password() {
    let proxy = Proxy::new("me:pwd@proxy.example:3128").unwrap();
    let http = Http::through(proxy.clone()).unwrap();
    let url = PLATFORM.parse().unwrap();
    assert_eq!((proxy.of(&url), proxy.source(&url)), (Some("http://proxy.example:3128"), Some("the setting `proxy`")));
    assert_eq!(http.proxy().of(&"http://127.0.0.1:4010".parse().unwrap()), None);
    assert_eq!(Proxy::none().of(&url), None);
    for text in [format!("{proxy:?}"), format!("{http:?}"), format!("{http:#?}")] {
        assert!(!text.contains("pwd") && !text.contains("bWU6cHdk"), "{text}");
    }
}

/// The hosts of `NO_PROXY` are reached without one: to nowhere, here, so that no request leaves the machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_in_no_proxy_are_reached_without_one() {
    let proxied = |no_proxy: &'static str| async move {
        let variables = [("HTTPS_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", no_proxy)];
        let said = ask_with("https://shop.invalid", &variables).await;
        said.contains("the proxy http://127.0.0.1:1 refused")
    };
    for hosts in ["other.example", "xshop.invalid", "10.0.0.0/8"] {
        assert!(proxied(hosts).await, "{hosts}");
    }
    for hosts in ["shop.invalid", ".invalid", "invalid", "a.example, shop.invalid", "*"] {
        assert!(!proxied(hosts).await, "{hosts}");
    }
}
