//! A rule of `storelogs watch` in a configuration file.

use std::path::Path;

use serde::Deserialize;
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
    webhook_form: Option<WebhookForm>,
}

struct Address;

impl Secret for Address {
    const KEY: &'static str = "webhook";
    const WHAT: &'static str = "an address that lets everybody write there";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WebhookForm {
    Json,
    Slack,
    Mattermost,
    Discord,
    Teams,
    Feishu,
    DingTalk,
    WeCom,
}

/// A rule, and where the address of its webhook comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    draft: Draft,
    run: Option<Vec<String>>,
    webhook: Option<TokenSource>,
    form: Form,
}

/// What an entry says. The number is its place in the file.
pub(super) fn settings(entry: Entry, number: usize, path: &Path) -> Result<Settings, String> {
    let name = entry.name.unwrap_or_else(|| format!("rule {number}"));
    if entry.run.as_ref().is_some_and(|run| run.first().is_none_or(String::is_empty)) {
        return Err(format!("the rule {name:?}: run is empty: its first text is the program"));
    }
    if entry.webhook_form.is_some() && entry.webhook.is_none() {
        return Err(format!("the rule {name:?}: webhook_form says nothing without webhook"));
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
    };
    draft.clone().rule(Vec::new())?;
    let form = match entry.webhook_form {
        Some(WebhookForm::Slack) => Form::Slack,
        Some(WebhookForm::Mattermost) => Form::Mattermost,
        Some(WebhookForm::Discord) => Form::Discord,
        Some(WebhookForm::Teams) => Form::Teams,
        Some(WebhookForm::Feishu) => Form::Feishu,
        Some(WebhookForm::DingTalk) => Form::DingTalk,
        Some(WebhookForm::WeCom) => Form::WeCom,
        Some(WebhookForm::Json) | None => Form::Json,
    };
    let webhook = entry.webhook.map(|reference| reference.source(path));
    Ok(Settings { draft, run: entry.run, webhook, form })
}

impl Settings {
    pub(super) fn name(&self) -> &str {
        &self.draft.name
    }

    /// Where the address of its webhook comes from.
    pub(super) fn webhook(&self) -> Option<&TokenSource> {
        self.webhook.as_ref()
    }

    /// The rule, with the address of its webhook. Its program does not get these variables.
    pub(super) async fn rule(&self, secrets: &[String], ui: Ui) -> Result<Rule, String> {
        let program = |command: &Vec<String>| Program { command: command.clone(), without: secrets.to_vec() };
        let mut actions: Vec<Action> = self.run.iter().map(program).map(Action::Run).collect();
        if let Some(source) = &self.webhook {
            let named = |why| format!("the rule {:?}: {why}", self.draft.name);
            let url = source.read("webhook", ui).await.map_err(named)?;
            let url = url.ok_or_else(|| named("there is no address of a webhook".to_owned()))?;
            let webhook = Webhook::new(&url, self.form).map_err(|why| named(format!("webhook: {why}")))?;
            actions.push(Action::Post(webhook));
        }
        self.draft.clone().rule(actions)
    }
}
