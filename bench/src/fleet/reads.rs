//! When each store was read up to its present, by what it was asked.

use std::collections::HashMap;

use jiff::Timestamp;
use storelogs_sandbox::{JournalEntry, Platform};

use super::shops::Shops;

/// A list that ends so much before it is asked for, in milliseconds, is one of the past.
const PRESENT: i64 = 30_000;

/// The times at which each store was read, in milliseconds since 1970 and in order.
pub(crate) struct Reads(HashMap<String, Vec<i64>>);

impl Reads {
    pub(crate) fn of(journal: &[JournalEntry]) -> Self {
        let mut reads: HashMap<String, Vec<i64>> = HashMap::new();
        for entry in journal {
            if let (Some(store), true) = (&entry.store, is_of_the_present(entry)) {
                reads.entry(format!("{}:{store}", entry.platform)).or_default().push(entry.at);
            }
        }
        reads.values_mut().for_each(|times| times.sort_unstable());
        Self(reads)
    }

    /// The stores that were not read since.
    pub(crate) fn unread_since(&self, shops: &Shops, since: i64) -> Vec<String> {
        let was_read = |name: &String| self.0.get(name).and_then(|times| times.last()).is_some_and(|at| *at > since);
        shops.names().filter(|name| !was_read(name)).collect()
    }

    pub(crate) fn were_all_read_since(&self, shops: &Shops, since: i64) -> bool {
        self.unread_since(shops, since).is_empty()
    }

    /// The longest time for which each store was unread, its name, and when that began; the shortest first. The first
    /// reading of a store ends no such time, and `until` ends the last one.
    pub(crate) fn longest_waits(&self, until: i64) -> Vec<(i64, String, i64)> {
        let mut waits = Vec::new();
        for (name, times) in &self.0 {
            let mut times: Vec<i64> = times.iter().copied().filter(|at| *at < until).collect();
            times.push(until);
            let longest = times.windows(2).map(|pair| (pair[1] - pair[0], pair[0])).max();
            waits.extend(longest.map(|(wait, since)| (wait, name.clone(), since)));
        }
        waits.sort_unstable();
        waits
    }
}

/// Whether a list was asked for, and given, that goes up to the present.
pub(crate) fn is_of_the_present(entry: &JournalEntry) -> bool {
    if entry.status != 200 || entry.path.ends_with("/count.json") {
        return false;
    }
    let until = match entry.platform {
        Platform::BigCommerce => {
            entry.param("date_created:max").and_then(|max| max.parse::<i64>().ok()).map(|seconds| seconds * 1000)
        }
        Platform::Shopline => {
            entry.param("created_at_max").and_then(|max| max.parse::<Timestamp>().ok()).map(Timestamp::as_millisecond)
        }
    };
    until.is_none_or(|until| until > entry.at - PRESENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of a store for a list up to a second, at a second.
    fn asked(path: &str, until: Option<i64>, at: i64) -> JournalEntry {
        JournalEntry {
            platform: Platform::BigCommerce,
            store: Some("b0".to_owned()),
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: until.map(|until| ("date_created:max".to_owned(), until.to_string())).into_iter().collect(),
            raw_query: String::new(),
            headers: Vec::new(),
            status: 200,
            rows: 0,
            at: at * 1000,
            auth_ok: true,
        }
    }

    #[test]
    fn a_store_is_read_by_a_list_that_goes_up_to_the_present_and_by_nothing_else() {
        let refused = JournalEntry { status: 429, ..asked("/systemlogs", None, 400) };
        let journal = [
            asked("/systemlogs", Some(100), 101),
            asked("/systemlogs", Some(100), 200),
            asked("/systemlogs/count.json", None, 300),
            refused,
            asked("/systemlogs", None, 500),
        ];
        let reads = Reads::of(&journal);
        assert_eq!(reads.longest_waits(600_000), [(399_000, "bigcommerce:b0".to_owned(), 101_000)]);
    }

    #[test]
    fn a_store_that_is_not_read_any_more_waits_until_the_end() {
        let reads = Reads::of(&[asked("/systemlogs", None, 10), asked("/systemlogs", None, 40)]);
        assert_eq!(reads.longest_waits(100_000), [(60_000, "bigcommerce:b0".to_owned(), 40_000)]);
        assert_eq!(reads.longest_waits(30_000), [(20_000, "bigcommerce:b0".to_owned(), 10_000)]);
    }
}
