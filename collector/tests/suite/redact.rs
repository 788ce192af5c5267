//! Redaction: personal data and secrets are removed from every kind of text. The figures are printed.
#![allow(clippy::print_stdout)]

use proptest::prelude::*;
use serde_json::{Value, json};
use storelogs::{LogEntry, Store};
use storelogs_collector::Archive;
use storelogs_collector::redact::Redactor;
use storelogs_sandbox::{History, Platform};

fn redactor() -> Redactor {
    Redactor::new(b"a secret of the archive")
}

/// Ways in which platforms and apps put a text into a message.
fn carriers(text: &str) -> Vec<String> {
    let html = text.replace('&', "&amp;").replace('<', "&lt;");
    vec![
        format!("Order 100045: {text}."),
        format!("<p>Thank you.</p><p>{html}<br/>Example Shop &amp; Co</p>"),
        json!({ "quoteId": "1234567890", "errorDetail": text, "items": [{ "name": "example product (ABC-1234)" }] })
            .to_string(),
        json!({ "response": json!({ "body": { "detail": [text] } }).to_string() }).to_string(),
        format!("Response: {}…", json!({ "detail": text })),
    ]
}

fn emails() -> Vec<String> {
    let locals = ["jane", "jane.doe", "j.d+shop", "o'brien_7", "JANE-DOE", "名字", "a1"];
    let hosts = ["example.com", "mail.example.co.uk", "EXAMPLE.ORG", "xn--bcher-kva.example", "bücher.example"];
    locals.iter().flat_map(|local| hosts.iter().map(move |host| format!("{local}@{host}"))).collect()
}

/// Made up, of the forms that are in use.
fn tokens(dice: &mut fastrand::Rng) -> Vec<(String, String)> {
    let mut run = |letters: &str, length: usize| -> String {
        let letters: Vec<char> = letters.chars().collect();
        (0..length).map(|_| letters[dice.usize(..letters.len())]).collect()
    };
    let any = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let hex = "0123456789abcdef";
    let jwt = format!("eyJ{}.{}.{}", run(any, 30), run(any, 60), run(any, 43));
    let (long, short, digest, key, cookie) = (run(any, 40), run(any, 10), run(hex, 64), run(any, 24), run(hex, 26));
    vec![
        (jwt.clone(), format!("refused {jwt} at once")),
        (long.clone(), format!("Authorization: Bearer {long}")),
        (short.clone(), format!("access_token={short}&page=2")),
        (digest.clone(), format!("signature {digest} does not match")),
        (key.clone(), format!("the API key: {key} was refused")),
        (cookie.clone(), format!("Cookie: session={cookie}")),
        (short.clone(), format!("password is {short}")),
        (short.clone(), format!("https://user:{short}@example.com/hook")),
        (format!("sk_live_{key}"), format!("gateway rejected sk_live_{key}")),
    ]
}

struct Recall {
    found: usize,
    planted: usize,
    missed: Vec<String>,
}

impl Recall {
    fn of(samples: impl IntoIterator<Item = (String, String)>) -> Self {
        let redactor = redactor();
        let mut recall = Self { found: 0, planted: 0, missed: Vec::new() };
        for (secret, text) in samples {
            let redacted = redactor.redact(&text);
            recall.planted += 1;
            if redacted.contains(&secret) {
                recall.missed.push(format!("{secret} in {redacted}"));
            } else {
                recall.found += 1;
            }
        }
        recall
    }

    fn share(&self) -> f64 {
        self.found as f64 / self.planted as f64
    }
}

fn in_carriers(samples: Vec<(String, String)>) -> Vec<(String, String)> {
    samples
        .into_iter()
        .flat_map(|(secret, text)| carriers(&text).into_iter().map(move |text| (secret.clone(), text)))
        .collect()
}

#[test]
fn e_mail_addresses_and_tokens_are_found_in_text_html_and_json() {
    let says = |email: String| (email.clone(), format!("the receipt for {email} could not be sent"));
    let emails = Recall::of(in_carriers(emails().into_iter().map(says).collect()));
    let mut dice = fastrand::Rng::with_seed(5);
    let tokens = Recall::of(in_carriers((0..40).flat_map(|_| tokens(&mut dice)).collect()));
    println!("e-mail addresses: {} of {}", emails.found, emails.planted);
    println!("tokens: {} of {}", tokens.found, tokens.planted);
    assert!(emails.share() >= 0.99, "{:#?}", &emails.missed[..5.min(emails.missed.len())]);
    assert!(tokens.share() >= 0.99, "{:#?}", &tokens.missed[..5.min(tokens.missed.len())]);
}

/// Whether a text stands in another by itself: the number of a quote may have a postcode's digits in it.
fn stands_in(text: &str, secret: &str) -> bool {
    let is_inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(secret).any(|(at, _)| {
        !is_inside(text[..at].chars().next_back()) && !is_inside(text[at + secret.len()..].chars().next())
    })
}

#[test]
fn nothing_of_a_customer_is_left_in_a_shops_messages() {
    let redactor = redactor();
    let (mut entries, mut planted) = (0, 0);
    for seed in 0..4 {
        for record in History::seeded(seed).months(1).records(Platform::BigCommerce).values().into_iter().step_by(12) {
            let Some(message) = record["message"].as_str() else { continue };
            entries += 1;
            let redacted = redactor.redact(message);
            let mut secrets: Vec<String> = message
                .split([' ', ':', '"', '<', '>', ','])
                .filter(|word| word.contains('@'))
                .map(|word| word.trim_end_matches('.').to_owned())
                .collect();
            if let Ok(quote) = serde_json::from_str::<Value>(message) {
                let text = |place: &str| quote.pointer(place).and_then(Value::as_str).map(str::to_owned);
                let places = ["streetAddress1", "city", "postcode", "stateName"];
                secrets.extend(text("/customerEmail"));
                secrets.extend(places.iter().filter_map(|place| text(&format!("/destination/{place}"))));
                let after: Value = serde_json::from_str(&redacted).expect("it is JSON still");
                assert_eq!(after["quoteId"], quote["quoteId"]);
                assert_eq!(after["items"], quote["items"]);
                assert_eq!(after["customerGroup"], quote["customerGroup"]);
            }
            planted += secrets.len();
            for secret in secrets {
                assert!(!stands_in(&redacted, &secret), "{secret} in {redacted}");
            }
        }
    }
    println!("{planted} pieces of personal data in {entries} messages, none left");
    assert!(entries > 500 && planted > 500);
}

#[test]
fn the_same_person_stays_the_same_and_only_in_one_archive() {
    let redactor = redactor();
    let one = redactor.redact("jane@example.com").into_owned();
    assert_eq!(redactor.redact("JANE@example.com"), one);
    assert_eq!(redactor.redact("jane%40example.com"), one);
    assert!(redactor.redact(r#"{"customerEmail":"jane@example.com"}"#).contains(&one));
    assert_ne!(redactor.redact("john@example.com"), one);
    assert_ne!(Redactor::new(b"another").redact("jane@example.com"), one);

    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| Archive::open(folder.path().join(name)).unwrap();
    let of = |archive: &Archive| archive.redactor().unwrap().redact("jane@example.com").into_owned();
    let archive = open("a.db");
    let first = of(&archive);
    drop(archive);
    assert_eq!(of(&open("a.db")), first);
    assert_ne!(of(&open("b.db")), first);
}

#[test]
fn an_entry_says_nothing_of_a_customer_but_still_who_did_it() {
    let store = Store::shopline("open001").unwrap();
    let at = jiff::Timestamp::UNIX_EPOCH;
    let mut entry = LogEntry::new(&store, "1", at, at);
    entry.actor = Some("Amelia Wong".into());
    entry.summary = Some("Export products to jane@example.com".into());
    entry.message = Some(r#"{"b":1,"a":{"shippingAddress":{"name":"Jane Doe","city":"Austin"}}}"#.into());
    entry.extra.insert("phone".into(), json!(15_125_550_100_i64));
    entry.category = Some("mail of kim@example.com".into());
    entry.module = Some("password: hunter2secret".into());
    entry.action = Some("notify lee@example.com".into());
    entry.severity_text = Some("as ann@example.com set it".into());
    let redacted = redactor().entry(&entry);
    let text = serde_json::to_string(&redacted).unwrap();
    for secret in ["jane@", "Jane", "Austin", "15125550100", "kim@", "hunter2", "lee@", "ann@"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(redacted.actor.as_deref(), Some("Amelia Wong"));
    assert!(redacted.message.unwrap().starts_with(r#"{"b":1,"a":{"#), "the order of fields stays");
}

/// The pseudonyms in a text.
fn pseudonyms(text: &str) -> Vec<&str> {
    let kinds = ["[email ", "[token ", "[card ", "[phone ", "[address ", "[name "];
    let begins = text.match_indices('[').map(|(at, _)| &text[at..]);
    let begins = begins.filter(|rest| kinds.iter().any(|kind| rest.starts_with(kind)));
    begins.filter_map(|rest| rest.split_inclusive(']').next()).collect()
}

proptest! {
    #[test]
    fn a_pseudonym_is_never_taken_for_data(
        text in r#"([a-z ]{1,8}|@example\.com|jane|token[:=] ?|[A-Z][a-z]{2,5}|[0-9]{1,16}|[{}\[\]":,<>/&;\\. -]|Dear |名|é){0,24}"#
    ) {
        let redactor = redactor();
        let once = redactor.redact(&text).into_owned();
        let twice = redactor.redact(&once).into_owned();
        for pseudonym in pseudonyms(&once) {
            prop_assert!(twice.contains(pseudonym), "{} became {}", once, twice);
        }
    }
}
