//! A rule of `storelogs watch` in a configuration file.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use storelogs::secrecy::SecretString;
use storelogs_collector::watch::{Action, Draft, Form, Program, Rule, Webhook};

use super::reference::{Reference, Secret};
use super::token::TokenSource;
use crate::ui::Ui;

/// A rule as a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    name: Option<String>,
    when: Option<String>,
    more_than: Option<u64>,
    within: Option<String>,
    #[serde(default)]
    new_template: bool,
    #[serde(default)]
    incident: bool,
    #[serde(default)]
    sensitive: bool,
    silent_for: Option<String>,
    per: Option<Vec<String>>,
    cool_down: Option<String>,
    redact: Option<bool>,
    run: Option<Vec<String>>,
    webhook: Option<Reference<Address>>,
    webhook_form: Option<Form>,
    webhook_secret: Option<Reference<SigningSecret>>,
    webhook_key: Option<Reference<IntegrationKey>>,
    resolve: Option<bool>,
    level: Option<String>,
    #[serde(default)]
    webhook_headers: BTreeMap<String, Reference<HeaderText>>,
}

struct Address;

impl Secret for Address {
    const KEY: &'static str = "webhook";
    const WHAT: &'static str = "an address that lets everybody write there";
}

struct SigningSecret;

impl Secret for SigningSecret {
    const KEY: &'static str = "webhook_secret";
    const WHAT: &'static str = "a secret";
}

struct IntegrationKey;

impl Secret for IntegrationKey {
    const KEY: &'static str = "webhook_key";
    const WHAT: &'static str = "a key that lets everybody alert";
}

struct HeaderText;

impl Secret for HeaderText {
    const KEY: &'static str = "webhook_headers.NAME";
    const WHAT: &'static str = "a secret";
}

/// A rule, and where the address of its webhook comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    draft: Draft,
    run: Option<Vec<String>>,
    webhook: Option<TokenSource>,
    /// The key by which PagerDuty and Opsgenie know the sender.
    key: Option<TokenSource>,
    form: Form,
    /// The key that its webhook is signed with.
    secret: Option<TokenSource>,
    /// The headers that its webhook gets besides.
    headers: BTreeMap<String, TokenSource>,
}

/// Reads the settings of a rule from its entry. The number is its place in the file.
pub(super) fn settings(entry: Entry, number: usize, path: &Path) -> Result<Settings, String> {
    let name = entry.name.unwrap_or_else(|| format!("rule {number}"));
    if entry.run.as_ref().is_some_and(|run| run.first().is_none_or(String::is_empty)) {
        return Err(format!("the rule {name:?}: run is empty: its first text is the program"));
    }
    let form = entry.webhook_form.unwrap_or_default();
    let is_posted = entry.webhook.is_some() || form.usual_address().is_some();
    if form.wants_key() != entry.webhook_key.is_some() {
        return Err(format!(
            "the rule {name:?}: {}",
            if form.wants_key() {
                "write webhook_key = { env = \"NAME\" }: the key of the integration"
            } else {
                "webhook_key is for webhook_form = \"pagerduty\" and \"opsgenie\""
            }
        ));
    }
    for (key, is_there) in [
        ("webhook_form", entry.webhook_form.is_some()),
        ("webhook_secret", entry.webhook_secret.is_some()),
        ("webhook_headers", !entry.webhook_headers.is_empty()),
    ] {
        if is_there && !is_posted {
            return Err(format!("the rule {name:?}: {key} says nothing without webhook"));
        }
    }
    let draft = Draft {
        name,
        when: entry.when,
        more_than: entry.more_than,
        within: entry.within,
        new_template: entry.new_template,
        incident: entry.incident,
        sensitive: entry.sensitive,
        silent_for: entry.silent_for,
        per: entry.per,
        cool_down: entry.cool_down,
        redact: entry.redact,
        resolve: entry.resolve,
        level: entry.level,
    };
    draft.clone().rule(Vec::new())?;
    let webhook = entry.webhook.map(|reference| reference.source(path));
    let key = entry.webhook_key.map(|reference| reference.source(path));
    let secret = entry.webhook_secret.map(|reference| reference.source(path));
    let headers = entry.webhook_headers.into_iter().map(|(name, reference)| (name, reference.source(path))).collect();
    Ok(Settings { draft, run: entry.run, webhook, key, form, secret, headers })
}

impl Settings {
    pub(super) fn name(&self) -> &str {
        &self.draft.name
    }

    /// The sources of its webhook's address and other secrets.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &TokenSource> {
        self.webhook.iter().chain(&self.key).chain(&self.secret).chain(self.headers.values())
    }

    /// What keeps it from sending an alert: every secret that cannot be read; else, what is wrong with one.
    pub(super) async fn faults(&self, secrets: &[String], ui: Ui) -> Vec<String> {
        let Err(why) = self.rule(secrets, ui).await else { return Vec::new() };
        let own = [("webhook", &self.webhook), ("webhook_key", &self.key), ("webhook_secret", &self.secret)];
        let own = own.into_iter().filter_map(|(key, source)| Some((key.to_owned(), source.as_ref()?)));
        let headers = self.headers.iter().map(|(name, source)| (format!("webhook_headers.{name}"), source));
        let mut missing = Vec::new();
        for (key, source) in own.chain(headers) {
            let read = source.read(&key, ui).await;
            missing.extend(read.err().map(|why| format!("the rule {:?}: {why}", self.draft.name)));
        }
        if missing.is_empty() { vec![why] } else { missing }
    }

    /// The rule, with the address of its webhook. Its program does not get these variables.
    pub(super) async fn rule(&self, secrets: &[String], ui: Ui) -> Result<Rule, String> {
        let program = |command: &Vec<String>| Program { command: command.clone(), without: secrets.to_vec() };
        let mut actions: Vec<Action> = self.run.iter().map(program).map(Action::Run).collect();
        let usual = self.form.usual_address().map(|address| SecretString::from(address.to_owned()));
        if self.webhook.is_some() || usual.is_some() {
            let named = |why| format!("the rule {:?}: {why}", self.draft.name);
            let url = match &self.webhook {
                Some(source) => source.read("webhook", ui).await.map_err(named)?,
                None => usual,
            };
            let url = url.ok_or_else(|| named("there is no address of a webhook".to_owned()))?;
            let mut webhook = Webhook::new(&url, self.form).map_err(|why| named(format!("webhook: {why}")))?;
            for (name, source) in &self.headers {
                let value = source.read("value of a header", ui).await.map_err(named)?.unwrap_or_default();
                webhook =
                    webhook.header(name, &value).map_err(|why| named(format!("webhook_headers: {name}: {why}")))?;
            }
            if let Some(source) = &self.key {
                let key = source.read("webhook_key", ui).await.map_err(named)?.unwrap_or_default();
                webhook = webhook.keyed(&key).map_err(|why| named(format!("webhook_key: {why}")))?;
            }
            if let Some(source) = &self.secret {
                let secret = source.read("webhook_secret", ui).await.map_err(named)?.unwrap_or_default();
                webhook = webhook.signed(&secret).map_err(|why| named(format!("webhook_secret: {why}")))?;
            }
            actions.push(Action::Post(Box::new(webhook)));
        }
        self.draft.clone().rule(actions)
    }
}
