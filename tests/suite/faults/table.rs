//! The table of faults, and the outcome of each.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;
use storelogs::ErrorKind::{
    self, Blocked, Forbidden, Frozen, Interrupted, Locked, NotFound, RateLimited, Record, Server, TimedOut, TooLarge,
    Unauthorized, Unreachable,
};
use storelogs::MAX_BODY;
use storelogs_sandbox::Fault as Wire;
use storelogs_sandbox::{Behavior, BeyondLastPage, Platform, Presence, RateLimitForm, Rule, When};

/// One fault. Unless it says otherwise it strikes the second of three pages.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) fault: Fault,
    pub(crate) attempt_timeout: Option<Duration>,
    bigcommerce: Outcome,
    shopline: Outcome,
    note: &'static str,
}

#[derive(Clone)]
pub(crate) enum Fault {
    Script(Vec<Rule>),
    Habit(fn(&mut Behavior)),
    /// A change to three records of the second page.
    Records(fn(&mut Value)),
    NobodyListens,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) delivered: Delivered,
    pub(crate) error: Option<ErrorKind>,
    pub(crate) requests: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Delivered {
    All,
    AllButOne,
    FirstPage,
    Nothing,
    Other(usize),
}

impl Case {
    pub(crate) fn outcome(&self, platform: Platform) -> Outcome {
        match platform {
            Platform::BigCommerce => self.bigcommerce,
            Platform::Shopline => self.shopline,
        }
    }

    fn on_shopline(mut self, outcome: Outcome) -> Self {
        self.shopline = outcome;
        self
    }

    fn timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }
}

const fn all(requests: usize) -> Outcome {
    Outcome { delivered: Delivered::All, error: None, requests }
}

const fn but_one(error: ErrorKind, requests: usize) -> Outcome {
    Outcome { delivered: Delivered::AllButOne, error: Some(error), requests }
}

const fn first_page(error: ErrorKind, requests: usize) -> Outcome {
    Outcome { delivered: Delivered::FirstPage, error: Some(error), requests }
}

const fn nothing(error: ErrorKind, requests: usize) -> Outcome {
    Outcome { delivered: Delivered::Nothing, error: Some(error), requests }
}

/// A case with the same outcome on both platforms.
fn case(name: impl Into<String>, fault: Fault, outcome: Outcome, note: &'static str) -> Case {
    // On SHOPLINE the audit asks for a count when everything was read.
    let audit = usize::from(matches!(outcome.delivered, Delivered::All | Delivered::AllButOne));
    let shopline = Outcome { requests: outcome.requests + audit, ..outcome };
    Case { name: name.into(), fault, attempt_timeout: None, bigcommerce: outcome, shopline, note }
}

/// A fault that lasts: what fails is asked for again with fewer rows. How often depends on where rows lie in time, on
/// SHOPLINE.
fn lasting(name: impl Into<String>, fault: Wire, error: ErrorKind, bigcommerce: usize) -> Case {
    case(name, for_good(fault), first_page(error, bigcommerce), GIVES_UP).on_shopline(first_page(error, UP_TO))
}

/// The most requests: a bound, and not an exact number.
pub(crate) const UP_TO: usize = 400;

fn once(fault: Wire) -> Fault {
    Fault::Script(vec![Rule { times: Some(1), ..Rule::new(When::Page(2), fault) }])
}

fn for_good(fault: Wire) -> Fault {
    Fault::Script(vec![Rule::new(When::Page(2), fault)])
}

pub(crate) fn cases() -> Vec<Case> {
    [on_the_wire(), statuses(), rate_limits(), bodies(), pages()].concat()
}

const AGAIN: &str = "sent again; nothing is lost";
const GIVES_UP: &str = "asked for again with fewer rows; the walk can go on from the last cursor";
const AT_ONCE: &str = "sending it again would not help";

fn on_the_wire() -> Vec<Case> {
    let slow = Duration::from_millis(1_000);
    vec![
        case("connection refused", Fault::NobodyListens, nothing(Unreachable, 5), "attempts, as none arrives"),
        case("connection reset, once", once(Wire::Reset), all(4), AGAIN),
        lasting("connection reset, for good", Wire::Reset, Interrupted, 29),
        case("body cut, once", once(Wire::CutBody(900)), all(4), "the body is read before the answer counts"),
        lasting("body cut, for good", Wire::CutBody(100), Interrupted, 29),
        case("body too slow, once", once(Wire::SlowBody(2_000)), all(4), AGAIN).timeout(slow),
    ]
}

fn statuses() -> Vec<Case> {
    let transient = [
        ("408", Wire::Status(408), TimedOut),
        ("421", Wire::Status(421), Server),
        ("425", Wire::Status(425), Server),
        ("500", Wire::Status(500), Server),
        ("502 with HTML", Wire::Html(502), Server),
        ("503", Wire::Status(503), Server),
        ("504", Wire::Status(504), Server),
        ("520", Wire::Status(520), Server),
        ("524", Wire::Status(524), Server),
        ("530", Wire::Html(530), Server),
    ];
    let refused = [
        (401, Unauthorized, "the token was refused"),
        (402, Frozen, "the store's plan is not paid"),
        (403, Forbidden, "the scope is missing, or the store hash is wrong"),
        (404, NotFound, AT_ONCE),
        (423, Locked, "too many requests locked the store"),
        (433, Blocked, "a security rule of the platform"),
    ];
    let mut cases = Vec::new();
    for (name, fault, error) in transient {
        cases.push(case(format!("{name}, once"), once(fault.clone()), all(4), AGAIN));
        // What fewer rows may heal is sent twice, and then with fewer; anything else five times.
        let requests = match name {
            "500" | "502 with HTML" | "504" => 29,
            "503" => 6,
            _ => 41,
        };
        cases.push(lasting(format!("{name}, for good"), fault, error, requests));
    }
    for (status, error, note) in refused {
        let always = Fault::Script(vec![Rule::new(When::Always, Wire::Status(status))]);
        cases.push(case(format!("{status} from the start"), always, nothing(error, 1), note));
        let midway = for_good(Wire::Status(status));
        let mut midway = case(format!("{status} midway"), midway, first_page(error, 2), note);
        if status == 404 {
            midway.bigcommerce = all(19);
            midway.note =
                "a BigCommerce list may end so, but its total says that this one does not: read in other ways";
        }
        cases.push(midway);
    }
    cases
}

fn rate_limits() -> Vec<Case> {
    let forms = [
        ("X-Retry-After", RateLimitForm::XRetryAfter, true),
        ("quota headers", RateLimitForm::QuotaHeaders, false),
        ("Retry-After in seconds", RateLimitForm::RetryAfterSeconds, true),
        ("Retry-After as a date", RateLimitForm::RetryAfterDate, true),
    ];
    let (short, long) = (Duration::from_millis(400), Duration::from_secs(120));
    let mut cases = Vec::new();
    for (name, form, both) in forms {
        let note = "waits as long as it is asked to";
        cases.push(case(format!("429 with {name}, once"), once(Wire::RateLimit(form, short)), all(4), note));
        let note = "the wait is above the ceiling of 60 s: given up at once, with the time";
        let ceiling = for_good(Wire::RateLimit(form, long));
        let outcome = first_page(RateLimited, 2);
        let mut case = case(format!("429 with {name}, for two minutes"), ceiling, outcome, note);
        if !both {
            case.shopline = first_page(RateLimited, 6);
            case.note = "above the ceiling of 60 s; SHOPLINE has no such headers";
        }
        cases.push(case);
    }
    let bare = Wire::RateLimit(RateLimitForm::Bare, Duration::ZERO);
    cases.push(case("429 without headers, once", once(bare.clone()), all(4), "the platform is overloaded: backs off"));
    cases.push(case("429 without headers, for good", for_good(bare), first_page(RateLimited, 6), GIVES_UP));
    cases
}

fn bodies() -> Vec<Case> {
    let large = MAX_BODY as u64 + 1;
    vec![
        case(
            "JSON that ends too early, once",
            once(Wire::MalformedJson),
            all(4),
            "whatever its length says, it was cut",
        ),
        lasting("JSON that ends too early, for good", Wire::MalformedJson, Interrupted, 29),
        case(
            "one malformed record",
            for_good(Wire::MalformedRecord(3)),
            but_one(Record, 3),
            "an item of its own, with the raw text",
        ),
        case(
            "wrong types in one record",
            for_good(Wire::WrongTypes(3)),
            but_one(Record, 3),
            "an item of its own, with the raw text",
        ),
        case(
            "unknown severity, type and verb",
            Fault::Records(|record| {
                for field in ["severity", "type", "subject_type", "verb"] {
                    if record.get(field).is_some() {
                        record[field] = "never_seen".into();
                    }
                }
            }),
            all(3),
            "kept as sent; no severity filter hides it",
        ),
        case(
            "unknown fields",
            Fault::Habit(|behavior| {
                behavior.bigcommerce.extra_fields = true;
                behavior.shopline.extra_fields = true;
            }),
            all(3),
            "kept in `extra`",
        ),
        case("body above 32 MiB", for_good(Wire::Oversize(large)), first_page(TooLarge, 9), "not read further")
            .on_shopline(first_page(TooLarge, UP_TO)),
        case("gzip bomb", for_good(Wire::GzipBomb(large)), first_page(TooLarge, 9), "counted as it unpacks")
            .on_shopline(first_page(TooLarge, UP_TO)),
    ]
}

fn pages() -> Vec<Case> {
    vec![
        case(
            "ids twice",
            Fault::Habit(|behavior| {
                behavior.bigcommerce.duplicate_rows = true;
                behavior.shopline.duplicate_rows = true;
            }),
            all(3),
            "each is delivered once",
        ),
        case("empty page, once", once(Wire::EmptyPage), all(4), "asked for again").on_shopline(all(6)),
        case(
            "empty page, for good",
            for_good(Wire::EmptyPage),
            all(19),
            "the total says that rows are missing: read in other ways",
        )
        .on_shopline(all(6)),
        case(
            "empty page in the middle",
            Fault::Habit(|behavior| {
                behavior.bigcommerce.empty_middle_page = Some(2);
                behavior.shopline.empty_middle_page = Some(2);
            }),
            all(8),
            "no end is taken from one empty page",
        )
        .on_shopline(all(4)),
        case(
            "last page repeats",
            Fault::Habit(|behavior| {
                behavior.bigcommerce.meta = Presence::Missing;
                behavior.bigcommerce.beyond_last_page = BeyondLastPage::RepeatLast;
                behavior.shopline.repeat_last_page = true;
            }),
            all(7),
            "a page that comes again and again ends the walk",
        )
        .on_shopline(all(4)),
        case("page repeats, once", once(Wire::RepeatPage), all(4), "asked for again").on_shopline(all(4)),
        case(
            "page repeats, for good",
            for_good(Wire::RepeatPage),
            all(31),
            "the total says that rows are missing: read in other ways",
        )
        .on_shopline(all(4)),
    ]
}

/// `docs/faults.md`.
pub(crate) fn print() -> String {
    let mut page = String::from(HEAD);
    for case in cases() {
        if case.bigcommerce == case.shopline {
            line(&mut page, &case, "both", case.bigcommerce);
        } else {
            line(&mut page, &case, "BigCommerce", case.bigcommerce);
            line(&mut page, &case, "SHOPLINE", case.shopline);
        }
    }
    page + BETWEEN
}

/// The section on what stands between here and the platform; the groups `network` and `gateways` of the library's tests
/// hold to it.
const BETWEEN: &str = "
## What stands in between

Tests of the library with servers, proxies and certificates of their own; `cargo xtask network` tries the program behind
nginx, haproxy, squid, Caddy, Apache and mitmproxy. [Behind a proxy](operations.md#behind-a-proxy) says what each cause asks for.

| What | What becomes of it |
|---|---|
| a proxy in the environment or a setting | https goes through it by CONNECT; this machine and `NO_PROXY` do not |
| a proxy that wants another password, or forbids the host | `proxy_authorization`, `proxy_refused`: not sent again |
| a certificate that is unknown, expired, not valid yet, or of another name | a cause of its own: not sent again |
| no certificate on this machine | plain http works; https is `no_authorities`, with the variable and the file |
| no name, no listener, no TLS | `name_not_found`, `connection_refused`, `no_tls` |
| an HTTP/2 connection that swallows everything | dropped after 20 seconds, and what waited is sent over another |
| 429 without headers | the whole store waits, slows down and speeds up again; everything comes near the gateway's rate |
| rate-limit headers doubled or folded | the least left, the latest reset, the longest wait |
| `Retry-After` and `Date` in RFC 850 and asctime | read |
| `x-gzip`, `GZip`, `gzip, gzip` | unpacked; any other coding is named as `unknown_coding` |
| a redirect within the origin | followed, three at most |
| any other redirect | refused as `redirected`; the other host sees no request |
| a 500 that names a scope | `Forbidden`: not sent again |
| a token that an answer echoes | taken out before the answer is kept or shown, whatever its status |
| a gateway that drops the query | nothing is lost silently: everything by the platform's count, or an error that says every request brings the same page |
| a chat that answers 200 and means no | not delivered, with what the chat said: `watch --try` shows it |
| many idle connections to `--metrics-listen` | their number is capped, and a slow head is timed out: the collector keeps its descriptors |
| a lock that another user left | named, and not the archive; a lock belongs to whom the archive belongs to |
| no body, 204, `data: null` | an empty page |
| bytes that are not UTF-8, half a surrogate pair | U+FFFD in the entry, what was sent in its `extra` |
| JSON that ends too early | a cut answer: sent again |
| millions of records in a small answer | `TooLarge`, in less than 100 MiB |
";

fn line(page: &mut String, case: &Case, platform: &str, outcome: Outcome) {
    let delivered = match outcome.delivered {
        Delivered::All => "all",
        Delivered::AllButOne => "all but that record",
        Delivered::FirstPage => "what came before",
        Delivered::Nothing | Delivered::Other(_) => "nothing",
    };
    let error = outcome.error.map_or_else(|| "none".to_owned(), |error| format!("`{error:?}`"));
    let Case { name, note, .. } = case;
    let requests = match outcome.requests {
        UP_TO.. => format!("up to {UP_TO}"),
        requests => requests.to_string(),
    };
    writeln!(page, "| {name} | {platform} | {delivered} | {error} | {requests} | {note} |").unwrap();
}

const HEAD: &str = "\
# Faults

The result of a walk for every fault that the platforms, or the network before them, can have. Each line is a test over
real HTTP against the sandbox. A store has three pages of entries, which are read one page at a time, and a fault strikes
the second page, unless the line says otherwise. A fault that lasts strikes the entries of that page, however they are asked
for. Without a fault, a walk takes three requests, and on SHOPLINE one more for the count.

An error names the store, the cause and the remedy. All pages before it were delivered, and the walk goes on from the
last cursor. The waits are those of the default policy, `RetryPolicy`: five attempts.

This page is printed from `tests/suite/faults/table.rs`. `cargo xtask regen` prints it again.

| Fault | Platform | Delivered | Error | Requests | Note |
|---|---|---|---|---|---|
";
