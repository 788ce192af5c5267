//! Certificates, and other things that prevent a connection: each error names one cause.

use super::stage::{Authority, answer, ask_with, head, listen, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_a_connection_has_its_own_cause() {
    let (known, other) = (Authority::new("known"), Authority::new("other"));
    let file = known.file.to_str().unwrap();
    let good = serve(known.server("localhost", 2020, 2040)).await;
    assert_eq!(ask_with(&format!("https://localhost:{good}"), &[("SSL_CERT_FILE", file)]).await, "1 records");

    let (plain, no_tls) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            tokio::spawn(async move {
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            });
        }
    });
    let cases = [
        (serve(other.server("localhost", 2020, 2040)).await, "unknown_authority", "SSL_CERT_FILE"),
        (serve(known.server("localhost", 2020, 2021)).await, "certificate_expired", "date and time of this machine"),
        (serve(known.server("localhost", 2038, 2040)).await, "certificate_not_yet_valid", "date and time"),
        (serve(known.server("elsewhere.example", 2020, 2040)).await, "certificate_of_another", "another name"),
        (no_tls, "no_tls", "check the port"),
        (1, "connection_refused", "nothing listens there"),
    ];
    for (port, reason, words) in cases {
        let said = ask_with(&format!("https://localhost:{port}"), &[("SSL_CERT_FILE", file)]).await;
        assert!(said.starts_with(&format!("{reason} Unreachable 1 ")) && said.contains(words), "{reason}: {said}");
        assert!(said.contains(&format!("localhost:{port}")), "{said}");
    }
    let said = ask_with("https://no-such-store.invalid", &[("SSL_CERT_FILE", file)]).await;
    assert!(said.starts_with("name_not_found Unreachable 1 ") && said.contains("no-such-store.invalid"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_authority_only_https_fails_and_the_variable_is_named() {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            head(&mut stream).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer().as_bytes()).await;
        }
    });
    let empty = std::env::temp_dir().join(format!("storelogs-{}-empty.pem", std::process::id()));
    std::fs::write(&empty, "no certificate\n").unwrap();
    let cases = [
        ("SSL_CERT_FILE", "/no/such/file.pem", "SSL_CERT_FILE names /no/such/file.pem, which cannot be read"),
        ("SSL_CERT_FILE", empty.to_str().unwrap(), "in which there is no certificate"),
        ("SSL_CERT_DIR", "/no/such/folder", "SSL_CERT_DIR names /no/such/folder"),
    ];
    for (name, value, words) in cases {
        assert_eq!(ask_with(&format!("http://127.0.0.1:{port}"), &[(name, value)]).await, "1 records");
        let said = ask_with("https://api.bigcommerce.com", &[(name, value)]).await;
        assert!(said.starts_with("no_authorities Unreachable 1 ") && said.contains(words), "{said}");
    }
    std::fs::remove_file(empty).unwrap();
}
