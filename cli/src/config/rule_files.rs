//! The rules of `storelogs watch` of all configuration files.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use storelogs::{Http, Store};
use storelogs_collector::Archive;
use storelogs_collector::archive::Labels;
use storelogs_collector::watch::{Rule, Rules};

use super::files::{AllFiles, Files};
use super::proxy::{NamedProxy, read_proxy};
use super::rule::Settings;
use super::stores::Selection;
use super::{environment, settings};
use crate::error::CliError;
use crate::ui::Ui;

/// How often the files are looked at while watching.
const RELOAD: Duration = Duration::from_secs(3);

/// The rules, as the files say from time to time.
pub(crate) struct RuleFiles {
    files: Files,
    /// The rules as they were last read.
    settings: Vec<Settings>,
    /// The variables that hold something secret of a store.
    secrets: Vec<String>,
    /// The stores of the configuration, and those that the archive knew when it was last asked.
    configured: Vec<(Store, Labels)>,
    held: Vec<(Store, Labels)>,
    /// Until they were handed out.
    fresh: Option<Vec<Rule>>,
    looked: Instant,
    /// The problems that were reported.
    reported: HashSet<String>,
    /// The proxy that the files name.
    proxy: NamedProxy,
    /// The network through another proxy, until it was handed out.
    rerouted: Option<Http>,
    /// Set if another part of the program reports what is wrong with the files.
    quiet: bool,
    ui: Ui,
}

/// The stores of the files and the environment, by what the files call them.
fn named(stores: Vec<settings::Settings>) -> Result<Vec<(Store, Labels)>, CliError> {
    let all = stores.into_iter().chain(environment::stores()?);
    Ok(all.map(|settings| (settings.store, settings.labels)).collect())
}

impl RuleFiles {
    /// The rules of a call. Only those of these names, if there are any. If nothing is to be sent, they have no actions, and no
    /// secret is read.
    pub(crate) async fn read(
        selection: &Selection,
        names: &[String],
        sends: bool,
        quiet: bool,
        ui: Ui,
    ) -> Result<Self, CliError> {
        let mut files = Files::find(selection.file.as_ref(), selection.table.as_ref())?;
        let all = files.read();
        let secrets = all.secret_variables();
        let AllFiles { rules: mut settings, problems, proxy, stores, .. } = all;
        if let Some(why) = files.main_problem() {
            return Err(CliError::usage(why));
        }
        if let Some(unknown) = names.iter().find(|name| settings.iter().all(|rule| rule.name() != name.as_str())) {
            return Err(CliError::usage(format!("there is no rule {unknown:?} in the configuration")));
        }
        settings.retain(|rule| names.is_empty() || names.iter().any(|name| name == rule.name()));
        if settings.is_empty() {
            if !problems.is_empty() {
                return Err(CliError::usage(problems.join("\n")));
            }
            let none = "there are no rules. Write them in storelogs.toml, or in a file of conf.d beside it:";
            return Err(CliError::usage(none).hint(EXAMPLE));
        }
        if !quiet {
            problems.iter().for_each(|problem| ui.error(problem));
        }
        let fresh = if sends {
            rules(&settings, &secrets, ui).await
        } else {
            all_or_wrong(settings.iter().map(|rule| rule.alone().map_err(|why| vec![why])))
        };
        let fresh = Some(fresh.map_err(CliError::usage)?);
        let reported = problems.into_iter().collect();
        Ok(Self {
            files,
            settings,
            secrets,
            configured: named(stores)?,
            held: Vec::new(),
            fresh,
            looked: Instant::now(),
            reported,
            proxy: NamedProxy::of(proxy),
            rerouted: None,
            quiet,
            ui,
        })
    }

    /// The network for webhooks: as for the stores, through the proxy that the files or the environment name.
    pub(crate) fn http(&self) -> Result<Http, CliError> {
        Ok(Http::through(read_proxy(self.proxy.source.as_ref(), self.ui)?)?)
    }

    /// How many files or lines are wrong.
    pub(crate) fn problems(&self) -> usize {
        self.reported.len()
    }

    /// How many rules there are.
    pub(crate) fn count(&self) -> usize {
        self.settings.len()
    }

    /// The rules as they are now.
    pub(crate) fn take(&mut self) -> Vec<Rule> {
        self.fresh.take().unwrap_or_default()
    }

    /// Warns of rules that name a store, an owner or a tag that nobody knows.
    pub(crate) fn warn_of_unknown(&mut self, archive: Option<&Archive>) -> Result<(), CliError> {
        if let Some(archive) = archive {
            let mut labels = archive.labels()?;
            let held = archive.stores()?.into_iter();
            self.held = held.map(|(id, store)| (store, labels.remove(&id).unwrap_or_default())).collect();
        }
        self.warn_of(self.fresh.as_deref().unwrap_or_default());
        Ok(())
    }

    /// Warns of rules whose program cannot be run.
    pub(crate) fn warn_of_programs(&self) {
        self.settings.iter().filter_map(Settings::program_fault).for_each(|why| self.ui.warning(&why));
    }

    fn warn_of(&self, rules: &[Rule]) {
        let known = [self.configured.as_slice(), &self.held].concat();
        for rule in rules.iter().filter(|_| !known.is_empty()) {
            for part in rule.naming_none(&known) {
                let name = rule.name();
                self.ui
                    .warning(&format!("the rule {name:?}: {part} names no store of the configuration or the archive"));
            }
        }
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
        let secrets = all.secret_variables();
        let AllFiles { rules: settings, mut problems, proxy, stores, .. } = all;
        match self.proxy.change(proxy, self.ui, Http::through) {
            Ok(http) => self.rerouted = http.or(self.rerouted.take()),
            Err(why) => problems.push(why),
        }
        let mut changed = None;
        let are_others = settings != self.settings;
        if are_others || secrets != self.secrets {
            match rules(&settings, &secrets, self.ui).await {
                Ok(rules) => {
                    (self.settings, self.secrets) = (settings, secrets);
                    changed = Some(rules);
                }
                Err(why) => problems.push(format!("{why}; the rules stay as they were")),
            }
        }
        for problem in problems.iter().filter(|problem| !self.quiet && !self.reported.contains(*problem)) {
            self.ui.error(problem);
        }
        self.reported = problems.into_iter().collect();
        if let Ok(configured) = named(stores) {
            self.configured = configured;
        }
        if let Some(rules) = changed.as_ref().filter(|_| are_others) {
            self.warn_of(rules);
            self.warn_of_programs();
            self.ui.note(&format!("The rules have changed: there are {} now\n", rules.len()));
        }
        changed
    }
}

impl Rules for RuleFiles {
    fn changed(&mut self) -> BoxFuture<'_, Option<Vec<Rule>>> {
        self.look().boxed()
    }

    fn rerouted(&mut self) -> Option<Http> {
        self.rerouted.take()
    }

    fn broken(&self) -> usize {
        self.problems()
    }
}

/// The rules with their actions, or what is wrong with all of them, a line each.
async fn rules(settings: &[Settings], secrets: &[String], ui: Ui) -> Result<Vec<Rule>, String> {
    let mut read = Vec::with_capacity(settings.len());
    for rule in settings {
        read.push(rule.rule(secrets, ui).await);
    }
    all_or_wrong(read)
}

fn all_or_wrong(read: impl IntoIterator<Item = Result<Rule, Vec<String>>>) -> Result<Vec<Rule>, String> {
    let (mut rules, mut wrong) = (Vec::new(), Vec::new());
    for rule in read {
        match rule {
            Ok(rule) => rules.push(rule),
            Err(why) => wrong.extend(why),
        }
    }
    if wrong.is_empty() { Ok(rules) } else { Err(wrong.join("\n")) }
}

/// The example of a rule in errors.
const EXAMPLE: &str = "
   [[rule]]
   name = \"payments fail\"
   when = \"severity>=error category:payment\"
   more_than = 5
   within = \"10m\"

`storelogs watch --help` has more.";
