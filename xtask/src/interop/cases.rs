//! The cases: every filter and every format, on each platform, against examples with known answers.

use jiff::{SignedDuration, Timestamp, tz};
use serde_json::{Value, json};

pub(super) struct Platform {
    pub(super) name: &'static str,
    /// The part of the platform's addresses before the document's paths.
    pub(super) prefix: &'static str,
    /// The environment variable that moves the program to the mock server.
    pub(super) api_url: &'static str,
    pub(super) environment: Vec<(&'static str, &'static str)>,
    /// The answers of the mock server, by the document's path.
    pub(super) examples: Vec<(&'static str, Value)>,
    /// A request that breaks a rule of the document, and the header that carries the token.
    pub(super) broken: &'static str,
    pub(super) token_header: &'static str,
    /// How the header with a token of the sandbox's begins, and the variable that it exports the token as.
    pub(super) token: (&'static str, &'static str),
    /// Headers that the platform demands besides.
    pub(super) headers: &'static [&'static str],
    /// The statuses with which a platform may refuse a request that keeps to its document, beyond those that
    /// Schemathesis accepts, and why no document can say it.
    pub(super) refusals: (&'static [u16], &'static str),
    pub(super) cases: Vec<Case>,
}

pub(super) struct Case {
    pub(super) arguments: Vec<String>,
    /// How many lines it prints. `None`: some.
    pub(super) entries: Option<usize>,
}

impl Case {
    pub(super) fn line(&self) -> String {
        let quoted = |argument: &String| {
            if argument.contains([' ', '(']) { format!("'{argument}'") } else { argument.clone() }
        };
        self.arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
    }
}

pub(super) fn platforms() -> [Platform; 2] {
    let clock = Clock::now();
    [bigcommerce(&clock), shopline(&clock)]
}

/// Two moments of today for the two entries of each platform, and a time range that only the older one lies in.
struct Clock {
    newer: Timestamp,
    older: Timestamp,
    since: String,
    until: String,
}

impl Clock {
    fn now() -> Self {
        // Whole seconds: that is all that the platforms send.
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH);
        let before = |minutes| now - SignedDuration::from_mins(minutes);
        Self { newer: before(60), older: before(120), since: before(180).to_string(), until: before(90).to_string() }
    }
}

/// Two entries on the only page. Without an example Prism makes one up, and its `links.next` leads on for ever.
fn bigcommerce(clock: &Clock) -> Platform {
    let date = |time: Timestamp| time.display_with_offset(tz::Offset::UTC).to_string();
    let page = json!({
        "data": [
            {
                "id": 93,
                "type": "general",
                "module": "",
                "severity": "success",
                "summary": "Marking order 100 as deleted.",
                "message": null,
                "date_created": date(clock.newer),
            },
            {
                "id": 92,
                "type": "shipping",
                "module": "USPS (endicia)",
                "severity": "errors",
                "summary": "Some shipping quotes were not able to be retrieved",
                "message": "{\"quoteId\":\"1659036199\"}",
                "date_created": date(clock.older),
            },
        ],
        "meta": {
            "pagination": {
                "total": 2,
                "count": 2,
                "per_page": 50,
                "current_page": 1,
                "total_pages": 1,
                "links": { "current": "?page=1&limit=50" },
            },
        },
    });
    let mut cases = common(clock);
    cases.extend([
        fetch(&["--store", "bigcommerce:abc123"], 2),
        fetch(&["--min-severity", "error"], 1),
        fetch(&["--category", "shipping"], 1),
        fetch(&["--module", "USPS (endicia)"], 1),
        fetch(&["--min-severity", "notice", "--category", "shipping", "--module", "USPS (endicia)"], 1),
    ]);
    Platform {
        name: "bigcommerce",
        prefix: "/stores/abc123/v3",
        api_url: "BIGCOMMERCE_API_URL",
        environment: vec![("BIGCOMMERCE_STORE_HASH", "abc123"), ("BIGCOMMERCE_ACCESS_TOKEN", "sandbox-token")],
        examples: vec![("/store/systemlogs", page)],
        broken: "/store/systemlogs?severity=9",
        token_header: "X-Auth-Token: sandbox-token",
        token: ("X-Auth-Token: ", "BIGCOMMERCE_ACCESS_TOKEN"),
        headers: &[],
        refusals: (&[413], "the greatest page size is not documented for store logs"),
        cases,
    }
}

fn shopline(clock: &Clock) -> Platform {
    let offset = tz::offset(8);
    let date = |time: Timestamp| time.display_with_offset(offset).to_string();
    let newer = json!({
        "id": "6579336590463354672",
        "author": "shopline",
        "created_at": date(clock.newer),
        "subject_type": "products",
        "verb": "add_new_product",
        "detail": "Add new product Product name:Canvas bag",
    });
    let older = json!({
        "id": "6579336590463354671",
        "author": "Ada",
        "created_at": date(clock.older),
        "subject_type": "orders",
        "subject_id": "21050",
        "verb": "change_status",
        "detail": "Change status",
    });
    let mut cases = common(clock);
    cases.extend([
        fetch(&["--store", "shopline:open001"], 2),
        fetch(&["--category", "orders"], 1),
        fetch(&["--action", "change_status"], 1),
        fetch(&["--actor", "Ada"], 1),
        fetch(&["--category", "orders", "--action", "change_status", "--actor", "Ada"], 1),
    ]);
    Platform {
        name: "shopline",
        prefix: "/admin/openapi/v20260301",
        api_url: "SHOPLINE_API_URL",
        environment: vec![("SHOPLINE_HANDLE", "open001"), ("SHOPLINE_ACCESS_TOKEN", "sandbox-token")],
        examples: vec![
            ("/store/operation_logs.json", json!({ "data": [newer, older] })),
            ("/store/operation_logs/count.json", json!({ "data": { "count": 2 } })),
            ("/store/operation_logs/{id}.json", json!({ "data": newer })),
        ],
        broken: "/store/operation_logs.json?limit=many",
        token_header: "Authorization: Bearer sandbox-token",
        token: ("Authorization: Bearer ", "SHOPLINE_ACCESS_TOKEN"),
        headers: &["Content-Type: application/json; charset=utf-8"],
        refusals: (&[400], "a schema cannot say that one bound is before the other, or how far apart they may be"),
        cases,
    }
}

fn common(clock: &Clock) -> Vec<Case> {
    let formatted = |format: &str| Case { arguments: words(&["fetch", "--format", format]), entries: None };
    vec![
        Case { arguments: words(&["check"]), entries: None },
        fetch(&[], 2),
        fetch(&["--since", "24h", "--limit", "5"], 2),
        fetch(&["--limit", "1"], 1),
        fetch(&["--since", &clock.since, "--until", &clock.until], 1),
        formatted("pretty"),
        formatted("json"),
        formatted("csv"),
    ]
}

fn fetch(options: &[&str], entries: usize) -> Case {
    let mut arguments = words(&["fetch", "--format", "jsonl"]);
    arguments.extend(words(options));
    Case { arguments, entries: Some(entries) }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
