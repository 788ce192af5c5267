//! A rule of `storelogs watch` in a configuration file.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use storelogs::secrecy::SecretString;
use storelogs_collector::watch::{Action, Draft, Form, Program, Rule, Webhook};

use super::mistake::Wrong;
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
pub(super) fn settings(entry: Entry, number: usize, path: &Path) -> Result<Settings, Wrong> {
    let name = entry.name.unwrap_or_else(|| format!("rule {number}"));
    let named = |why: &str| format!("the rule {name:?}: {why}");
    if entry.run.as_ref().is_some_and(|run| run.first().is_none_or(String::is_empty)) {
        return Err(Wrong::of("run")(named("run is empty: its first text is the program")));
    }
    let draft = Draft {
        name: name.clone(),
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
    let misplaced = |key, why: &str| Err(Wrong::beside_others(key)(named(why)));
    let form = entry.webhook_form.unwrap_or_default();
    let is_posted = entry.webhook.is_some() || form.usual_address().is_some();
    match (form.wants_key(), entry.webhook_key.is_some()) {
        (true, false) => {
            return misplaced("webhook_form", "write webhook_key = { env = \"NAME\" }: the key of the integration");
        }
        (false, true) => {
            return misplaced("webhook_key", "webhook_key is for webhook_form = \"pagerduty\" and \"opsgenie\"");
        }
        _ => {}
    }
    for (key, is_there) in [
        ("webhook_form", entry.webhook_form.is_some()),
        ("webhook_secret", entry.webhook_secret.is_some()),
        ("webhook_headers", !entry.webhook_headers.is_empty()),
    ] {
        if is_there && !is_posted {
            return misplaced(key, &format!("{key} says nothing without webhook"));
        }
    }
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

    pub(super) fn secrets_mut(&mut self) -> impl Iterator<Item = &mut TokenSource> {
        let Self { webhook, key, secret, headers, .. } = self;
        webhook.iter_mut().chain(key).chain(secret).chain(headers.values_mut())
    }

    /// The rule, with the address of its webhook. Its program does not get these variables. The error is every secret that
    /// cannot be read; else, what is wrong with one.
    pub(super) async fn rule(&self, secrets: &[String], ui: Ui) -> Result<Rule, Vec<String>> {
        let program = |command: &Vec<String>| Program { command: command.clone(), without: secrets.to_vec() };
        let mut actions: Vec<Action> = self.run.iter().map(program).map(Action::Run).collect();
        let named = |why: String| format!("the rule {:?}: {why}", self.draft.name);
        let read = self.read(ui).await.map_err(|missing| missing.into_iter().map(named).collect::<Vec<_>>())?;
        if let Some(webhook) = self.webhook(read).map_err(|why| vec![named(why)])? {
            actions.push(Action::Post(Box::new(webhook)));
        }
        self.draft.clone().rule(actions).map_err(|wrong| vec![wrong.why])
    }

    /// The rule without what it does.
    pub(super) fn alone(&self) -> Result<Rule, String> {
        self.draft.clone().rule(Vec::new()).map_err(|wrong| wrong.why)
    }

    /// Why its program cannot be run, as far as that is seen without running it.
    pub(super) fn program_fault(&self) -> Option<String> {
        let program = self.run.as_ref()?.first()?;
        let why = if program.contains('/') { "no program is there" } else { "no folder of PATH has it" };
        (!is_program(program)).then(|| format!("the rule {:?}: run: {program} cannot be run: {why}", self.draft.name))
    }

    /// Reads each secret once. The error says why, of each that cannot be read.
    async fn read(&self, ui: Ui) -> Result<ReadSecrets, Vec<String>> {
        let mut missing = Vec::new();
        let mut take = |read: Result<Option<SecretString>, String>| match read {
            Ok(secret) => secret,
            Err(why) => {
                missing.push(why);
                None
            }
        };
        let mut read = ReadSecrets::default();
        for (key, source, place) in [
            ("webhook", &self.webhook, &mut read.address),
            ("webhook_key", &self.key, &mut read.key),
            ("webhook_secret", &self.secret, &mut read.secret),
        ] {
            if let Some(source) = source {
                *place = take(source.read(key, ui).await);
            }
        }
        for (name, source) in &self.headers {
            let value = take(source.read(&format!("webhook_headers.{name}"), ui).await);
            read.headers.extend(value.map(|value| (name.clone(), value)));
        }
        if missing.is_empty() { Ok(read) } else { Err(missing) }
    }

    /// Its webhook, if it has one.
    fn webhook(&self, read: ReadSecrets) -> Result<Option<Webhook>, String> {
        let usual = || self.form.usual_address().map(|address| SecretString::from(address.to_owned()));
        let Some(address) = read.address.or_else(usual) else { return Ok(None) };
        let mut webhook = Webhook::new(&address, self.form).map_err(|why| format!("webhook: {why}"))?;
        for (name, value) in &read.headers {
            webhook = webhook.header(name, value).map_err(|why| format!("webhook_headers: {name}: {why}"))?;
        }
        if let Some(key) = &read.key {
            webhook = webhook.keyed(key).map_err(|why| format!("webhook_key: {why}"))?;
        }
        if let Some(secret) = &read.secret {
            webhook = webhook.signed(secret).map_err(|why| format!("webhook_secret: {why}"))?;
        }
        Ok(Some(webhook))
    }
}

/// Whether a program is there: at a path, or by its name in a folder of `PATH`.
#[cfg(unix)]
fn is_program(program: &str) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let is_one = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return is_one(Path::new(program));
    }
    std::env::var_os("PATH")
        .is_some_and(|folders| std::env::split_paths(&folders).any(|folder| is_one(&folder.join(program))))
}

/// Whether a program is there, as far as is known: endings and registered programs are the system's affair.
#[cfg(not(unix))]
fn is_program(_: &str) -> bool {
    true
}

/// The secrets of a rule as they were read.
#[derive(Default)]
struct ReadSecrets {
    address: Option<SecretString>,
    key: Option<SecretString>,
    secret: Option<SecretString>,
    headers: Vec<(String, SecretString)>,
}
