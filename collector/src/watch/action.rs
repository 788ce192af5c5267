//! The actions that send an alert: to a program, or to a web address.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use reqwest::{Method, Request, StatusCode, Url};
use storelogs::secrecy::{ExposeSecret, SecretString};
use storelogs::{Http, HttpBackend};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::alert::Alert;
use super::chat::{Form, said};
use super::on_call;
use super::signature::Signer;

/// How long a program may take, and how long an answer.
const PROGRAM: Duration = Duration::from_secs(60);
const ANSWER: Duration = Duration::from_secs(30);
/// A longer wait than this is not obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// How much of an answer is read.
const READ: usize = 64 * 1024;

/// The action of a rule: what is done with an alert, besides printing it.
#[derive(Clone, Debug)]
pub enum Action {
    /// A program is run, without a shell. It gets the alert as one line of JSON on its standard input.
    Run(Program),
    /// The alert is sent to a web address.
    Post(Box<Webhook>),
}

/// A program that takes alerts.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program, and its arguments.
    pub command: Vec<String>,
    /// Variables of the environment that it does not get: it has no business with tokens.
    pub without: Vec<String>,
}

/// A web address that takes alerts. The address is a secret: whoever knows it can write there.
#[derive(Clone, Debug)]
pub struct Webhook {
    url: SecretString,
    host: String,
    form: Form,
    /// Headers of its own, whose values are secrets.
    headers: Vec<(HeaderName, HeaderValue)>,
    signer: Option<Signer>,
    /// The key by which PagerDuty and Opsgenie recognize the sender.
    key: Option<SecretString>,
}

/// Headers that are set here.
const OWN: [&str; 9] = [
    "content-type",
    "content-length",
    "host",
    "user-agent",
    "transfer-encoding",
    "idempotency-key",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

/// The reason why an alert did not arrive.
#[derive(Debug)]
pub(super) struct Undelivered {
    /// One line, without the address.
    pub(super) why: String,
    /// It is no use to send it again.
    pub(super) is_final: bool,
    /// It is more than the receiver takes at once.
    is_too_large: bool,
    /// The least time before the next attempt.
    pub(super) wait: Duration,
}

impl Undelivered {
    fn passing(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_final: false, is_too_large: false, wait: Duration::ZERO }
    }
}

fn unsendable(why: &str) -> Undelivered {
    Undelivered { is_final: true, ..Undelivered::passing(why) }
}

impl Webhook {
    /// A web address: `https`, or `http` on this machine.
    ///
    /// # Errors
    /// The error says what is wrong with it, without the address itself.
    pub fn new(url: &SecretString, form: Form) -> Result<Self, String> {
        let text = url.expose_secret().trim();
        let parsed = Url::parse(text).map_err(|_| "it is no URL such as https://hooks.example.com/…".to_owned())?;
        let host = parsed.host_str().unwrap_or_default().to_owned();
        let is_local = host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        match parsed.scheme() {
            "https" => {}
            "http" if is_local => {}
            // Alertmanager speaks it beside the collector, in a network of its own.
            "http" if form == Form::Alertmanager => {}
            "http" => return Err("it would be sent unencrypted: use https (http is for this machine only)".to_owned()),
            _ => return Err("it is no http or https URL".to_owned()),
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err("it holds a user name or password: leave them out".to_owned());
        }
        let host = match parsed.port() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        };
        Ok(Self { url: SecretString::from(text.to_owned()), host, form, headers: Vec::new(), signer: None, key: None })
    }

    /// Adds a header. Its value is a secret.
    ///
    /// # Errors
    /// The error says what is wrong with it, without its value.
    pub fn header(mut self, name: &str, value: &SecretString) -> Result<Self, String> {
        let lower = name.to_ascii_lowercase();
        let named = HeaderName::from_bytes(lower.as_bytes()).map_err(|_| "it is no name of a header".to_owned())?;
        if OWN.contains(&lower.as_str()) {
            return Err("this header is set by itself".to_owned());
        }
        let value = HeaderValue::from_str(value.expose_secret().trim());
        let mut value = value.map_err(|_| "its value cannot be in a header".to_owned())?;
        value.set_sensitive(true);
        self.headers.push((named, value));
        Ok(self)
    }

    /// Adds the key of an integration, which is a secret.
    ///
    /// # Errors
    /// The error says what is wrong with it, without the key itself.
    pub fn keyed(mut self, key: &SecretString) -> Result<Self, String> {
        let text = key.expose_secret().trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("it is no key of an integration".to_owned());
        }
        self.key = Some(SecretString::from(text.to_owned()));
        if self.form == Form::Opsgenie {
            let mut value = HeaderValue::from_str(&format!("GenieKey {text}"))
                .map_err(|_| "it is no key of an integration".to_owned())?;
            value.set_sensitive(true);
            self.headers.push((AUTHORIZATION, value));
        }
        Ok(self)
    }

    /// Whether alerts that go on are to be said again and again.
    pub(super) fn forgets(&self) -> bool {
        self.form == Form::Alertmanager
    }

    /// Signs what is sent by this secret, as Standard Webhooks says.
    ///
    /// # Errors
    /// The error says what is wrong with the secret, without the secret itself.
    pub fn signed(mut self, secret: &SecretString) -> Result<Self, String> {
        self.signer = Some(Signer::new(secret)?);
        Ok(self)
    }

    fn request(&self, alert: &Alert) -> Result<Request, Undelivered> {
        let key = self.key.as_ref().map_or("", |key| key.expose_secret());
        let mut behind = String::new();
        let body = match self.form {
            Form::Json => serde_json::to_vec(alert),
            Form::Alertmanager => serde_json::to_vec(&on_call::alertmanager([alert], Timestamp::now())),
            Form::PagerDuty => serde_json::to_vec(&on_call::pagerduty(alert, key)),
            Form::Opsgenie => {
                let (path, body) = on_call::opsgenie(alert);
                behind = path;
                serde_json::to_vec(&body)
            }
            chat => serde_json::to_vec(&chat.body(alert)),
        };
        let body = body.map_err(|_| unsendable("the alert cannot be written as JSON"))?;
        self.posted(alert, &behind, body)
    }

    /// A request with this body, to what stands behind the address.
    fn posted(&self, alert: &Alert, behind: &str, body: Vec<u8>) -> Result<Request, Undelivered> {
        let url = self.url.expose_secret();
        let url = if behind.is_empty() { url.to_owned() } else { url.trim_end_matches('/').to_owned() + behind };
        let url = Url::parse(&url).map_err(|_| unsendable("the address is no URL"))?;
        let mut request = Request::new(Method::POST, url);
        let headers = request.headers_mut();
        headers.extend(self.headers.iter().cloned());
        if let Some(signer) = &self.signer {
            let now = Timestamp::now().as_second();
            let signed = [
                ("webhook-id", alert.id.clone()),
                ("webhook-timestamp", now.to_string()),
                ("webhook-signature", signer.sign(&alert.id, now, &body)),
            ];
            for (name, value) in signed {
                let value = HeaderValue::from_str(&value).map_err(|_| unsendable("the alert cannot be signed"))?;
                headers.insert(name, value);
            }
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("storelogs/", env!("CARGO_PKG_VERSION"))));
        // Hexadecimal digits.
        if let Ok(id) = HeaderValue::from_str(&alert.id) {
            headers.insert("idempotency-key", id);
        }
        *request.body_mut() = Some(body.into());
        Ok(request)
    }

    async fn send(&self, alert: &Alert, http: &Http) -> Result<(), Undelivered> {
        match self.exchange(self.request(alert)?, http).await {
            // An alert without its examples is better than none.
            Err(refused) if refused.is_too_large && !alert.examples.is_empty() => {
                let alert = Alert { examples: Vec::new(), ..alert.clone() };
                self.exchange(self.request(&alert)?, http).await
            }
            sent => sent,
        }
    }

    /// Says again what goes on.
    pub(super) async fn send_again(&self, open: &[Alert], http: &Http) -> Result<(), Undelivered> {
        let [first, ..] = open else { return Ok(()) };
        let body = serde_json::to_vec(&on_call::alertmanager(open, Timestamp::now()));
        let body = body.map_err(|_| unsendable("the alerts cannot be written as JSON"))?;
        self.exchange(self.posted(first, "", body)?, http).await
    }

    /// The text of an answer, on one line, without secrets: it may repeat what was sent.
    fn without_secrets(&self, answer: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(answer).into_owned();
        let path = Url::parse(self.url.expose_secret()).map(|url| url.path().to_owned()).unwrap_or_default();
        let key = self.key.as_ref().map_or("", |key| key.expose_secret());
        let headers = self.headers.iter().filter_map(|(_, value)| value.to_str().ok());
        for secret in [self.url.expose_secret(), &path, key].into_iter().chain(headers).filter(|text| text.len() > 1) {
            text = text.replace(secret, "…");
        }
        said(&text)
    }

    async fn exchange(&self, request: Request, http: &Http) -> Result<(), Undelivered> {
        let host = &self.host;
        let answer = match tokio::time::timeout(ANSWER, http.send("webhook", request)).await {
            Err(_) => return Err(Undelivered::passing(format!("{host} did not answer within {} s", ANSWER.as_secs()))),
            Ok(Err(failure)) => return Err(Undelivered::passing(format!("{host} cannot be reached: {failure}"))),
            Ok(Ok(answer)) => answer,
        };
        let status = answer.status();
        if status.is_success() {
            let said = tokio::time::timeout(ANSWER, beginning(answer)).await.unwrap_or_default();
            return self.form.objection(&said).map_or(Ok(()), |(said, may_help)| {
                let why = format!("{host} answered HTTP {} and took no alert: {said}", status.as_u16());
                Err(Undelivered { is_final: !may_help, ..Undelivered::passing(why) })
            });
        }
        let wait = answer.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.trim().parse().ok());
        let is_passing =
            status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        let remedy = match status.as_u16() {
            _ if is_passing => String::new(),
            300..=399 => ": redirects are not followed; write the address that it leads to".to_owned(),
            401 | 403 if self.form.wants_key() => ": the key is wrong, or was taken back".to_owned(),
            401 | 403 | 404 | 410 => ": the address is wrong, or was taken back; make a new one".to_owned(),
            _ => {
                let said = tokio::time::timeout(ANSWER, beginning(answer)).await.unwrap_or_default();
                match self.without_secrets(&said) {
                    none if none.is_empty() => ": it does not take this form; see webhook_form".to_owned(),
                    said => format!(" and took no alert: {said}; see webhook_form and webhook_key"),
                }
            }
        };
        Err(Undelivered {
            why: format!("{host} answered HTTP {}{remedy}", status.as_u16()),
            is_final: !is_passing,
            is_too_large: status == StatusCode::PAYLOAD_TOO_LARGE,
            wait: Duration::from_secs(wait.unwrap_or(0)).min(LONGEST_WAIT),
        })
    }
}

/// The beginning of an answer.
async fn beginning(mut answer: reqwest::Response) -> Vec<u8> {
    let mut said = Vec::new();
    while said.len() < READ
        && let Ok(Some(piece)) = answer.chunk().await
    {
        said.extend_from_slice(&piece[..piece.len().min(READ - said.len())]);
    }
    said
}

impl Action {
    /// Does it once.
    pub(super) async fn act(&self, alert: &Alert, http: &Http) -> Result<(), Undelivered> {
        match self {
            Self::Run(program) => run(program, alert).await,
            Self::Post(webhook) => webhook.send(alert, http).await,
        }
    }

    /// Its name in the archive. A rule has at most one of each.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Post(_) => "post",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(program) => write!(f, "the program {}", program.command.first().map_or("", String::as_str)),
            Self::Post(webhook) => write!(f, "the webhook at {}", webhook.host),
        }
    }
}

async fn run(Program { command, without }: &Program, alert: &Alert) -> Result<(), Undelivered> {
    let [program, arguments @ ..] = &command[..] else { return Ok(()) };
    let mut line = serde_json::to_vec(alert).map_err(|error| Undelivered::passing(error.to_string()))?;
    line.push(b'\n');
    let mut command = Command::new(program);
    // Stdout is for the alerts.
    command.args(arguments).stdin(Stdio::piped()).stdout(std::io::stderr()).stderr(Stdio::inherit());
    for name in without {
        command.env_remove(name);
    }
    let mut child = command
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Undelivered::passing(format!("the program {program} cannot be run: {error}")))?;
    let input = child.stdin.take();
    let done = async {
        if let Some(mut input) = input {
            // A program that does not read has ended, or will: its exit code says why.
            let _ = input.write_all(&line).await;
        }
        child.wait().await
    };
    match tokio::time::timeout(PROGRAM, done).await {
        Err(_) => Err(Undelivered::passing(format!("the program {program} took longer than {} s", PROGRAM.as_secs()))),
        Ok(Err(error)) => Err(Undelivered::passing(format!("the program {program}: {error}"))),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(Undelivered::passing(format!("the program {program} failed: {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(url: &str) -> Result<Webhook, String> {
        Webhook::new(&SecretString::from(url.to_owned()), Form::Json)
    }

    #[test]
    fn an_address_is_encrypted_or_of_this_machine_and_never_shown() {
        for fine in ["https://hooks.example.com/a/b", "http://127.0.0.1:9/x", "http://[::1]/x", "http://localhost/x"] {
            let webhook = webhook(fine).unwrap();
            let shown = format!("{webhook:?} {}", Action::Post(Box::new(webhook.clone())));
            assert!(!shown.contains("/a/b") && !shown.contains("/x"), "{shown}");
        }
        for (wrong, why) in [
            ("http://hooks.example.com/secret", "unencrypted"),
            ("ftp://example.com/secret", "no http or https"),
            ("https://user:secret@example.com/", "user name or password"),
            ("secret", "no URL"),
        ] {
            let error = webhook(wrong).unwrap_err();
            assert!(error.contains(why) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_header_is_of_the_users_own_and_its_value_is_never_shown() {
        let with = |name: &str, value: &str| {
            webhook("https://example.com/").unwrap().header(name, &SecretString::from(value.to_owned()))
        };
        let shown = format!("{:?}", with("Authorization", "Bearer hidden").unwrap());
        assert!(shown.contains("authorization") && !shown.contains("hidden"), "{shown}");
        for (name, value, why) in [
            ("Content-Type", "hidden", "set by itself"),
            ("webhook-signature", "hidden", "set by itself"),
            ("no name", "hidden", "no name of a header"),
            ("x-team", "hidden\nx: y", "cannot be in a header"),
        ] {
            let error = with(name, value).unwrap_err();
            assert!(error.contains(why) && !error.contains("hidden"), "{error}");
        }
    }
}
