//! The configured stores, read again whenever their files change.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use storelogs::Store;
use storelogs_collector::Archive;
use storelogs_collector::network::Network;
use storelogs_collector::sync::{Directory, Remote, Shard};

use super::connect::remote;
use super::files::{AllFiles, Files, Stamp};
use super::proxy::NamedProxy;
use super::settings::Settings;
use super::stores::{Configured, keep_labels, with_environment};
use super::token::TokenSource;
use crate::ui::Ui;

/// How often a store that came back is listed before it may go again.
const LISTINGS_BEFORE_RETRY: u8 = 6;

/// Stores that come, go and change as their files do.
///
/// A store that is reached another way than before, or whose token's file has changed, is left out of the list once and
/// then listed again: a program that follows the list drops the store, and connects to it anew.
pub(crate) struct ReloadingStores {
    picked: Vec<Store>,
    shard: Option<Shard>,
    ui: Ui,
    report: Box<dyn Fn(&str) + Send + Sync>,
    /// Their labels.
    archive: PathBuf,
    state: Mutex<State>,
}

struct State {
    files: Files,
    network: Network,
    /// The proxy that the files name.
    proxy: NamedProxy,
    stores: Vec<Settings>,
    places: HashMap<Store, usize>,
    /// Stores that changed, until they are connected to anew.
    changed: HashMap<Store, Return>,
    /// The files of tokens as they were when a store was connected to.
    tokens: HashMap<Store, Vec<Option<Stamp>>>,
    /// The problems that were reported.
    reported: HashSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Return {
    /// Not listed the next time.
    Leaves,
    /// How many times it was listed again.
    Comes(u8),
}

impl ReloadingStores {
    /// The stores of a call, of which these were picked, and of those this share. `report` says what is wrong with the files from now on, one line
    /// each.
    pub(crate) fn new(
        configured: Configured,
        archive: &Path,
        shard: Option<Shard>,
        network: Network,
        report: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        let ui = configured.ui;
        let mut state = State {
            files: configured.files,
            network,
            proxy: NamedProxy::of(configured.proxy),
            stores: Vec::new(),
            places: HashMap::new(),
            changed: HashMap::new(),
            tokens: HashMap::new(),
            reported: configured.reported.into_iter().collect(),
        };
        state.take(shared(configured.stores, shard));
        let (report, archive) = (Box::new(report), archive.to_owned());
        Self { picked: configured.picked, shard, ui, report, archive, state: Mutex::new(state) }
    }

    /// How many stores there are.
    pub(crate) fn count(&self) -> usize {
        self.state().stores.len()
    }

    /// The stores that there are, also those that are connected to anew.
    pub(crate) fn all(&self) -> HashSet<Store> {
        self.state().places.keys().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stores that are in this share.
fn shared(mut stores: Vec<Settings>, shard: Option<Shard>) -> Vec<Settings> {
    stores.retain(|settings| shard.is_none_or(|shard| shard.holds(&settings.store)));
    stores
}

impl Directory for ReloadingStores {
    fn stores(&self) -> Result<Vec<Store>, String> {
        let mut state = self.state();
        let AllFiles { stores, mut problems, proxy, .. } = state.files.read();
        let network = state.network.clone();
        match state.proxy.change(proxy, self.ui, |proxy| network.rerouted(proxy)) {
            Ok(None) => {}
            Ok(Some(network)) => {
                (self.report)("the proxy has changed: all stores are connected to anew");
                state.network = network;
                state.changed = state.places.keys().map(|store| (store.clone(), Return::Leaves)).collect();
            }
            Err(why) => problems.push(why),
        }
        for problem in problems.iter().filter(|problem| !state.reported.contains(*problem)) {
            (self.report)(problem);
        }
        state.reported = problems.into_iter().collect();
        let mut stores = with_environment(stores).map_err(|stop| stop.to_string())?;
        if !self.picked.is_empty() {
            // One that only an argument and the environment name stays.
            let named = state.stores.iter().filter(|old| stores.iter().all(|new| new.store != old.store));
            let named: Vec<Settings> = named.filter(|old| matches!(old.token, TokenSource::Text(_))).cloned().collect();
            stores.extend(named);
            stores.retain(|settings| self.picked.contains(&settings.store));
        }
        let stores = shared(stores, self.shard);
        if state.labels_differ(&stores)
            && let Err(error) = Archive::open(&self.archive).and_then(|mut archive| keep_labels(&mut archive, &stores))
        {
            (self.report)(&error.to_string());
        }
        state.take(stores);
        Ok(state.list())
    }

    fn connect<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<Remote, String>> {
        Box::pin(async move {
            let (settings, network) = {
                let mut state = self.state();
                state.changed.remove(store);
                let place = state.places.get(store).copied();
                let settings = place.and_then(|place| state.stores.get(place).cloned());
                let settings = settings.ok_or_else(|| format!("{store}: the store is not configured any more"))?;
                // Before they are read: what changes while they are is seen the next time.
                let files = stamps(&settings);
                if !files.is_empty() {
                    state.tokens.insert(store.clone(), files);
                }
                (settings, state.network.of(store))
            };
            remote(&settings, network, self.ui).await
        })
    }
}

impl State {
    /// Whether any store has other labels now, or is new and has some.
    fn labels_differ(&self, stores: &[Settings]) -> bool {
        let known = |store: &Store| self.places.get(store).and_then(|place| self.stores.get(*place));
        stores.iter().any(|settings| match known(&settings.store) {
            Some(known) => known.labels != settings.labels,
            None => !settings.labels.is_empty(),
        })
    }

    /// Takes over what the files say now, and notes which stores have changed.
    fn take(&mut self, stores: Vec<Settings>) {
        for settings in &stores {
            let before = self.places.get(&settings.store).and_then(|place| self.stores.get(*place));
            let Some(before) = before else { continue };
            let other = before != settings
                || self.tokens.get(&settings.store).is_some_and(|tokens| *tokens != stamps(settings));
            if other {
                self.tokens.remove(&settings.store);
                self.changed.insert(settings.store.clone(), Return::Leaves);
            }
        }
        self.places = stores.iter().enumerate().map(|(place, settings)| (settings.store.clone(), place)).collect();
        self.stores = stores;
        let places = &self.places;
        self.tokens.retain(|store, _| places.contains_key(store));
        self.changed.retain(|store, _| places.contains_key(store));
    }

    fn list(&mut self) -> Vec<Store> {
        let changed = &mut self.changed;
        let listed = self.stores.iter().map(|settings| &settings.store).filter(|store| {
            let Some(turn) = changed.get_mut(*store) else { return true };
            let leaves = *turn == Return::Leaves;
            *turn = match *turn {
                Return::Comes(LISTINGS_BEFORE_RETRY..) => Return::Leaves,
                Return::Comes(times) => Return::Comes(times + 1),
                Return::Leaves => Return::Comes(0),
            };
            !leaves
        });
        listed.cloned().collect()
    }
}

/// The files that what is secret of a store is read from.
fn stamps(settings: &Settings) -> Vec<Option<Stamp>> {
    let file = |source: &TokenSource| match source {
        TokenSource::File(path) => Some(Stamp::of(path)),
        _ => None,
    };
    settings.secrets().filter_map(file).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use super::*;

    /// A folder with a table of stores, and a list that is made of it.
    struct World {
        folder: tempfile::TempDir,
        watched: ReloadingStores,
        reported: Arc<Mutex<Vec<String>>>,
    }

    const HEAD: &str = "platform,store,token_env,token_file\n";

    impl World {
        fn new(rows: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            put(folder.path().join("storelogs.toml"), "stores_csv = \"stores.csv\"\n");
            put(folder.path().join("stores.csv"), &format!("{HEAD}{rows}"));
            fs::write(folder.path().join("token"), "first").unwrap();
            let mut files = Files::find(Some(&folder.path().join("storelogs.toml")), None).unwrap();
            let all = files.read();
            let problems = all.problems.len();
            let configured = Configured {
                picked: Vec::new(),
                stores: all.stores,
                problems,
                reported: all.problems,
                files,
                proxy: None,
                keep: None,
                exports: Vec::new(),
                rules: Vec::new(),
                secrets: Vec::new(),
                ui: Ui::of_a_test(),
            };
            let reported = Arc::new(Mutex::new(Vec::new()));
            let report = {
                let reported = Arc::clone(&reported);
                move |problem: &str| reported.lock().unwrap().push(problem.to_owned())
            };
            let watched = ReloadingStores::new(
                configured,
                &folder.path().join("archive.db"),
                None,
                Network::new().unwrap(),
                report,
            );
            Self { folder, watched, reported }
        }

        fn rows(&self, rows: &str) {
            put(self.folder.path().join("stores.csv"), &format!("{HEAD}{rows}"));
        }

        fn listed(&self) -> String {
            let listed: Vec<String> = self.watched.stores().unwrap().iter().map(ToString::to_string).collect();
            listed.join(" ")
        }

        fn reported(&self) -> Vec<String> {
            std::mem::take(&mut *self.reported.lock().unwrap())
        }
    }

    /// Writes a file that was left alone for a while.
    fn put(path: impl AsRef<Path>, text: &str) {
        fs::write(path.as_ref(), text).unwrap();
        let before = SystemTime::now() - Duration::from_secs(60);
        File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
    }

    #[test]
    fn a_store_that_is_added_or_removed_comes_or_goes() {
        let world = World::new("bigcommerce,a,T,\nshopline,b,T,\n");
        assert_eq!(world.listed(), "bigcommerce:a shopline:b");
        world.rows("shopline,b,T,\nshopline,c,T,\n");
        assert_eq!(world.listed(), "shopline:b shopline:c");
        let folder = world.folder.path().join("conf.d");
        fs::create_dir(&folder).unwrap();
        put(folder.join("x.toml"), "[[store]]\nplatform = \"bigcommerce\"\nstore = \"d\"\n");
        put(folder.join(".hidden.toml"), "nonsense");
        assert_eq!(world.listed(), "bigcommerce:d shopline:b shopline:c");
        fs::remove_file(folder.join("x.toml")).unwrap();
        assert_eq!(world.listed(), "shopline:b shopline:c");
        assert_eq!(world.reported(), [""; 0]);
    }

    #[test]
    fn a_file_that_is_broken_keeps_what_it_said_and_is_reported_once() {
        let world = World::new("bigcommerce,a,T,\n");
        put(world.folder.path().join("stores.csv"), "platform,shop\nbigcommerce,b\n");
        assert_eq!(world.listed(), "bigcommerce:a");
        let reported = world.reported();
        assert!(
            reported.len() == 1 && reported[0].contains("stores.csv line 1: column 2 is not known"),
            "{reported:?}"
        );
        assert!(reported[0].ends_with("; the store that it had before is kept"), "{reported:?}");
        fs::remove_file(world.folder.path().join("stores.csv")).unwrap();
        assert_eq!(world.listed(), "bigcommerce:a");
        assert!(world.reported()[0].contains("stores.csv cannot be read"));
        put(world.folder.path().join("storelogs.toml"), "[[store]\n");
        assert_eq!(world.listed(), "bigcommerce:a");
        assert!(world.reported()[0].contains("storelogs.toml line 1"));
        assert_eq!(world.listed(), "bigcommerce:a");
        assert_eq!(world.reported(), [""; 0]);
        put(world.folder.path().join("storelogs.toml"), "stores_csv = \"stores.csv\"\n");
        world.rows("bigcommerce,a,T,\nbigcommerce,b,T,\nbigcommerce,B,T,\n");
        assert_eq!(world.listed(), "bigcommerce:a bigcommerce:b");
        let reported = world.reported();
        assert!(reported.len() == 1 && reported[0].contains("stores.csv line 4: "), "{reported:?}");
    }

    #[test]
    fn a_file_that_was_changed_just_now_is_read_when_it_is_whole() {
        let world = World::new("bigcommerce,a,T,\nbigcommerce,b,T,\n");
        let path = world.folder.path().join("stores.csv");
        fs::write(&path, format!("{HEAD}bigcommerce,a,T,\n")).unwrap();
        // By our clock, whatever that of the file system is.
        File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now()).unwrap();
        assert_eq!(world.listed(), "bigcommerce:a bigcommerce:b", "it may be written at this moment");
        world.rows("bigcommerce,a,T,\nbigcommerce,b,T,\nbigcommerce,c,T,\n");
        assert_eq!(world.listed(), "bigcommerce:a bigcommerce:b bigcommerce:c");
    }

    #[tokio::test]
    async fn a_store_whose_token_changes_goes_once_and_is_connected_to_anew() {
        let world = World::new("bigcommerce,a,,token\nbigcommerce,b,,token\n");
        let [a, b] = ["bigcommerce:a", "bigcommerce:b"].map(|store| store.parse::<Store>().unwrap());
        assert!(world.watched.connect(&a).await.is_ok() && world.watched.connect(&b).await.is_ok());
        assert_eq!(world.listed(), "bigcommerce:a bigcommerce:b");
        world.rows("bigcommerce,a,,other\nbigcommerce,b,,token\n");
        fs::write(world.folder.path().join("other"), "second").unwrap();
        assert_eq!(world.listed(), "bigcommerce:b");
        assert_eq!(world.listed(), "bigcommerce:a bigcommerce:b");
        assert!(world.watched.connect(&a).await.is_ok());
        // The file behind it is enough.
        fs::write(world.folder.path().join("other"), "third").unwrap();
        assert_eq!(world.listed(), "bigcommerce:b");
        for _ in 0..=LISTINGS_BEFORE_RETRY {
            assert_eq!(world.listed(), "bigcommerce:a bigcommerce:b");
        }
        assert_eq!(world.listed(), "bigcommerce:b", "nobody has connected to it, so it goes again");
        assert_eq!(world.listed(), "bigcommerce:a bigcommerce:b");
        assert!(world.watched.connect(&a).await.is_ok());
        for _ in 0..20 {
            assert_eq!(world.listed(), "bigcommerce:a bigcommerce:b");
        }
    }
    #[test]
    fn another_proxy_lets_all_stores_go_once_and_a_wrong_one_changes_nothing() {
        let world = World::new("bigcommerce,a,T,\nshopline,b,T,\n");
        let name = |proxy: &str| {
            put(
                world.folder.path().join("storelogs.toml"),
                &format!("proxy = \"{proxy}\"\nstores_csv = \"stores.csv\"\n"),
            );
        };
        name("http://127.0.0.1:1");
        assert_eq!(world.listed(), "");
        assert_eq!(world.reported(), ["the proxy has changed: all stores are connected to anew"]);
        assert_eq!(world.listed(), "bigcommerce:a shopline:b");
        name("gopher://127.0.0.1:1");
        assert_eq!(world.listed(), "bigcommerce:a shopline:b");
        let reported = world.reported();
        assert!(reported.len() == 1 && reported[0].ends_with("; the proxy stays as it was"), "{reported:?}");
    }
}
