//! The rules of `storelogs watch`, as the files say.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Deserialize;
use storelogs_collector::watch::{Action, Draft, Form, Program, Rule, Rules, Webhook};

use super::file::{Reference, Secret};
use super::files::{All, Files};
use super::{TokenSource, environment};
use crate::commands::StoreOptions;
use crate::error::Stop;
use crate::ui;

/// How often the files are looked at while watching.
const RELOAD: Duration = Duration::from_secs(3);

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

    /// The rule, with the address of its webhook. Its program does not get these variables.
    async fn rule(&self, secrets: &[String]) -> Result<Rule, String> {
        let program = |command: &Vec<String>| Program { command: command.clone(), without: secrets.to_vec() };
        let mut actions: Vec<Action> = self.run.iter().map(program).map(Action::Run).collect();
        if let Some(source) = &self.webhook {
            let named = |why| format!("the rule {:?}: {why}", self.draft.name);
            let url = source.read("webhook").await.map_err(named)?;
            let url = url.ok_or_else(|| named("there is no address of a webhook".to_owned()))?;
            let webhook = Webhook::new(&url, self.form).map_err(|why| named(format!("webhook: {why}")))?;
            actions.push(Action::Post(webhook));
        }
        self.draft.clone().rule(actions)
    }
}

/// The rules, as the files say from time to time.
pub(crate) struct RuleFiles {
    files: Files,
    /// As they were read last.
    settings: Vec<Settings>,
    /// The variables that hold something secret of a store.
    secrets: Vec<String>,
    /// Until they were handed out.
    fresh: Option<Vec<Rule>>,
    looked: Instant,
    /// What is wrong and was told.
    told: HashSet<String>,
    /// Somebody else tells what is wrong with the files.
    quiet: bool,
}

impl RuleFiles {
    /// The rules of a call. Only those of these names, if there are any.
    pub(crate) async fn read(options: &StoreOptions, names: &[String], quiet: bool) -> Result<Self, Stop> {
        let mut files = Files::find(options.config.as_ref(), options.stores.as_ref())?;
        let all = files.read();
        let secrets = variables(&all);
        let All { rules: mut settings, problems, .. } = all;
        if let Some(why) = files.main_problem() {
            return Err(Stop::Usage(why.to_owned()));
        }
        if let Some(unknown) = names.iter().find(|name| settings.iter().all(|rule| rule.name() != name.as_str())) {
            return Err(Stop::Usage(format!("there is no rule {unknown:?} in the configuration")));
        }
        settings.retain(|rule| names.is_empty() || names.iter().any(|name| name == rule.name()));
        if settings.is_empty() {
            return Err(Stop::Usage(problems.into_iter().next().unwrap_or_else(|| NONE.to_owned())));
        }
        if !quiet {
            problems.iter().for_each(|problem| ui::error(problem));
        }
        let fresh = Some(rules(&settings, &secrets).await.map_err(Stop::Usage)?);
        let told = problems.into_iter().collect();
        Ok(Self { files, settings, secrets, fresh, looked: Instant::now(), told, quiet })
    }

    /// How many files or lines are wrong.
    pub(crate) fn problems(&self) -> usize {
        self.told.len()
    }

    /// How many rules there are.
    pub(crate) fn count(&self) -> usize {
        self.settings.len()
    }

    /// The rules as they are now.
    pub(crate) fn take(&mut self) -> Vec<Rule> {
        self.fresh.take().unwrap_or_default()
    }

    async fn look(&mut self) -> Option<Vec<Rule>> {
        if self.fresh.is_some() {
            return self.fresh.take();
        }
        if self.looked.elapsed() < RELOAD {
            return None;
        }
        self.looked = Instant::now();
        let all = self.files.read();
        let secrets = variables(&all);
        let All { rules: settings, mut problems, .. } = all;
        let mut changed = None;
        let are_others = settings != self.settings;
        if are_others || secrets != self.secrets {
            match rules(&settings, &secrets).await {
                Ok(rules) => {
                    (self.settings, self.secrets) = (settings, secrets);
                    changed = Some(rules);
                }
                Err(why) => problems.push(format!("{why}; the rules stay as they were")),
            }
        }
        for problem in problems.iter().filter(|problem| !self.quiet && !self.told.contains(*problem)) {
            ui::error(problem);
        }
        self.told = problems.into_iter().collect();
        if let Some(rules) = changed.as_ref().filter(|_| are_others) {
            ui::note(&format!("The rules have changed: there are {} now\n", rules.len()));
        }
        changed
    }
}

impl Rules for RuleFiles {
    fn changed(&mut self) -> BoxFuture<'_, Option<Vec<Rule>>> {
        self.look().boxed()
    }
}

/// The variables that hold something secret: of any store, the address of any webhook, and the proxy with its password.
pub(super) fn variables(all: &All) -> Vec<String> {
    let webhooks = all.rules.iter().filter_map(|rule| rule.webhook.as_ref());
    let sources = all.stores.iter().flat_map(super::Settings::secrets).chain(webhooks).chain(&all.proxy);
    let named = sources.filter_map(|source| match source {
        TokenSource::Env(name) => Some(name.clone()),
        _ => None,
    });
    let all: BTreeSet<String> = environment::SECRETS.into_iter().map(str::to_owned).chain(named).collect();
    all.into_iter().collect()
}

async fn rules(settings: &[Settings], secrets: &[String]) -> Result<Vec<Rule>, String> {
    let mut rules = Vec::with_capacity(settings.len());
    for rule in settings {
        rules.push(rule.rule(secrets).await?);
    }
    Ok(rules)
}

const NONE: &str = "\
there are no rules. They stand in storelogs.toml, or in a file of conf.d beside it:

   [[rule]]
   name = \"payments fail\"
   when = \"severity>=error category:payment\"
   more_than = 5
   within = \"10m\"

`storelogs watch --help` tells more.";
