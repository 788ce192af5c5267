//! Platforms with everything wrong at once: a walk delivers everything, or ends with an error.
//!
//! Here a walk may fail: no client can make a platform list a row that it never lists. But a walk must not end as if
//! nothing were missing, deliver anything twice, or go on for ever. If the platform neither counts nor lists a row,
//! nobody can know of it; then a walk may end, but not by a count.

use std::collections::{BTreeMap, HashMap};

use futures::StreamExt;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use storelogs::{Cursor, ErrorKind, LogQuery, Proof};
use storelogs_sandbox::{
    Behavior, ClampOffset, Count, Damage, Damaged, DamagedRows, DateHeader, EmptyForm, EndlessTotal, Fault, Faults,
    Hidden, Listing, LostParameters, Platform, Presence, Rule, SilentClamp, Ties, TimeRangeReading, Totals, When,
    WrongTotals,
};

use super::cases::{self, Case, Row, odds, rarely};
use super::{World, counts_as_delivered, name_of, store_of};

const DAY: i64 = 86_400;

/// A case, and what is wrong beside it. Places in time are in thousandths of the history until it is made.
#[derive(Clone, Debug)]
pub(crate) struct Combined {
    case: Case,
    listing: Listing,
    totals: Option<Totals>,
    count: Option<Count>,
    time_range: TimeRangeReading,
    /// Ids that rise with time in no way, compared or not.
    scattered_ids: Option<bool>,
    asked: Vec<Rule>,
}

pub(crate) fn combined(case: impl Strategy<Value = Case>) -> impl Strategy<Value = Combined> {
    let wrong = prop_oneof![
        (0i64..40).prop_map(|days| WrongTotals::Stale(days * DAY)),
        (-60i64..60).prop_map(WrongTotals::Off),
        Just(WrongTotals::Zero),
        Just(WrongTotals::PageCount),
    ];
    let count = prop_oneof![
        (0i64..40).prop_map(|days| Count::Stale(days * DAY)),
        (-60i64..60).prop_map(Count::Wrong),
        Just(Count::Zero),
        Just(Count::Missing),
        Just(Count::Unavailable),
    ];
    let time_range = prop_oneof![
        12 => Just(TimeRangeReading::AsSent),
        1 => select(vec![8i8, -5]).prop_map(TimeRangeReading::OwnZone),
        1 => Just(TimeRangeReading::Ignored),
    ];
    let counts = (rarely(wrong.prop_map(Totals::Wrong)), rarely(count));
    (case, listing(), counts, time_range, rarely(any::<bool>()), asked()).prop_map(
        |(case, listing, (totals, count), time_range, scattered_ids, asked)| Combined {
            case,
            listing,
            totals,
            count,
            time_range,
            scattered_ids,
            asked,
        },
    )
}

fn listing() -> impl Strategy<Value = Listing> {
    let clamp = (1u64..120, select(vec![ClampOffset::Asked, ClampOffset::Given]))
        .prop_map(|(rows, offset)| SilentClamp { rows, offset });
    let hidden = (2u64..40, any::<bool>()).prop_map(|(one_of, counted)| Hidden { one_of, counted });
    let endless = option::weighted(0.05, select(vec![EndlessTotal::Growing, EndlessTotal::Constant]));
    let empty =
        select(vec![EmptyForm::List, EmptyForm::Null, EmptyForm::Missing, EmptyForm::NoContent, EmptyForm::NoBody]);
    let damage =
        select(vec![Damage::NoObject, Damage::WrongTypes, Damage::NoTime, Damage::InvalidUtf8, Damage::LoneSurrogate]);
    let rows = prop_oneof![
        1 => Just(DamagedRows::All),
        2 => (0u64..1_200).prop_map(DamagedRows::Id),
        2 => (0i64..1_000, 1i64..500).prop_map(|(since, length)| DamagedRows::Time(since, since + length)),
    ];
    let damaged = option::weighted(0.15, (rows, damage).prop_map(|(rows, damage)| Damaged { rows, damage }));
    let named = select(vec![vec!["page", "since_id"], vec!["limit"], vec!["page", "since_id", "limit"]]);
    let named = named.prop_map(|names| LostParameters::Named(names.into_iter().map(str::to_owned).collect()));
    let lost = prop_oneof![14 => Just(LostParameters::None), 1 => Just(LostParameters::All), 1 => named];
    let date = prop_oneof![
        6 => Just(DateHeader::Right),
        1 => select(vec![3_600i64, -3_600, 40 * DAY, 5]).prop_map(DateHeader::Off),
        1 => Just(DateHeader::Absent),
    ];
    (rarely(clamp), odds(), rarely(hidden), endless, empty, damaged, lost, date).prop_map(
        |(silent_clamp, shuffled, hidden, endless, empty, damaged, lost_parameters, date)| Listing {
            silent_clamp,
            ties: if shuffled { Ties::Shuffled } else { Ties::ById },
            hidden,
            endless,
            empty,
            damaged: damaged.into_iter().collect(),
            lost_parameters,
            date,
        },
    )
}

/// Faults that depend on what is asked for, for as long as the walk lasts.
fn asked() -> impl Strategy<Value = Vec<Rule>> {
    let place = || (0i64..1_000, 1i64..300);
    let when = prop_oneof![
        2 => select(vec![1u64, 5, 20, 100]).prop_map(When::LimitAbove),
        2 => (1u64..6).prop_map(When::PageAbove),
        2 => (0u64..1_200).prop_map(When::Row),
        1 => place().prop_map(|(since, length)| When::RowsOf(since, since + length)),
        1 => place().prop_map(|(since, length)| When::Range(since, since + length)),
        1 => (2u64..7).prop_map(When::Every),
    ];
    let fault = select(vec![
        Fault::Status(400),
        Fault::Status(413),
        Fault::Status(422),
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(504),
        Fault::CutBody(100),
        Fault::Reset,
        Fault::ShortJson(90),
        Fault::ByteOrderMark,
        Fault::Html(200),
        Fault::Body("[]".into()),
        Fault::Body("{}".into()),
        Fault::EmptyPage,
        Fault::RepeatPage,
    ]);
    let rule = (when, fault, option::weighted(0.3, 1u32..4))
        .prop_map(|(when, fault, times)| Rule { times, ..Rule::new(when, fault) });
    prop_oneof![3 => Just(Vec::new()), 2 => vec(rule, 1..3)]
}

impl Combined {
    fn rows(&self, platform: Platform, now: i64) -> Vec<Row> {
        let mut rows = self.case.rows(platform, now);
        if self.scattered_ids.is_some() {
            let ids: Vec<(String, Value)> = rows.iter().map(|row| (row.id.clone(), row.record["id"].clone())).collect();
            for (index, row) in rows.iter_mut().enumerate() {
                // A prime above any history's length: each id is given out once.
                let (text, id) = &ids[index * 7_919 % ids.len()];
                row.id.clone_from(text);
                row.record["id"] = json!(id);
            }
        }
        rows
    }

    fn behavior(&self, rows: &[Row]) -> Behavior {
        let mut behavior = self.case.behavior.clone();
        let mut listing = self.listing.clone();
        for damaged in &mut listing.damaged {
            damaged.rows = match damaged.rows {
                DamagedRows::Time(since, until) => DamagedRows::Time(place(rows, since), place(rows, until)),
                DamagedRows::Id(index) => DamagedRows::Id(id(rows, index)),
                others => others,
            };
        }
        if listing.endless.is_some() {
            // An empty page in the middle of such a list is filled with rows of its end, and a limit cuts it to a list
            // that ends.
            behavior.bigcommerce.empty_middle_page = None;
            behavior.shopline.empty_middle_page = None;
        }
        behavior.bigcommerce.listing = listing.clone();
        behavior.shopline.listing = listing;
        behavior.bigcommerce.totals = self.totals.unwrap_or(behavior.bigcommerce.totals);
        behavior.shopline.count = self.count.unwrap_or(behavior.shopline.count);
        behavior.shopline.time_range = self.time_range;
        behavior.shopline.since_id_compares_ids = self.scattered_ids == Some(true);
        behavior
    }

    fn faults(&self, rows: &[Row]) -> Faults {
        let placed = self.asked.iter().cloned().map(|mut rule| {
            rule.when = match rule.when {
                When::Row(index) => When::Row(id(rows, index)),
                When::RowsOf(since, until) => When::RowsOf(place(rows, since), place(rows, until)),
                When::Range(since, until) => When::Range(place(rows, since), place(rows, until)),
                others => others,
            };
            rule
        });
        Faults { rules: self.case.rules.iter().cloned().chain(placed).collect() }
    }

    /// Whether rows may come that no history has.
    fn makes_rows_up(&self) -> bool {
        self.listing.endless.is_some() || self.case.rules.iter().any(|rule| matches!(rule.fault, Fault::Arrive(_)))
    }

    fn is_damaged(&self, rows: &[Row], row: &Row) -> bool {
        self.listing.damaged.iter().any(|damaged| match damaged.rows {
            DamagedRows::All => true,
            DamagedRows::Id(index) => id(rows, index).to_string() == row.id,
            DamagedRows::Time(since, until) => (place(rows, since)..place(rows, until)).contains(&row.at),
            DamagedRows::OneOf(_) => false,
        })
    }

    /// Whether the platform's own count of its whole list is right.
    fn is_countable(&self, platform: Platform, behavior: &Behavior) -> bool {
        match platform {
            Platform::BigCommerce => {
                let empties = self.asked.iter().chain(&self.case.rules).any(|rule| rule.fault == Fault::EmptyPage);
                let bodiless = matches!(self.listing.empty, EmptyForm::NoContent | EmptyForm::NoBody);
                behavior.bigcommerce.totals == Totals::Right
                    && behavior.bigcommerce.meta == Presence::Present
                    && !(empties && bodiless)
            }
            Platform::Shopline => {
                behavior.shopline.count == Count::Right && self.time_range == TimeRangeReading::AsSent
            }
        }
    }

    /// Whether a page that is cut looks like a whole list: what it says of the total is what it holds.
    fn looks_whole(&self, platform: Platform, behavior: &Behavior) -> bool {
        let cut = self.listing.silent_clamp.is_some()
            || self.listing.hidden.is_some()
            || behavior.bigcommerce.empty_middle_page.is_some()
            || self.listing.lost_parameters != LostParameters::None;
        let of_the_page =
            matches!(behavior.bigcommerce.totals, Totals::Wrong(WrongTotals::PageCount | WrongTotals::Zero));
        platform == Platform::BigCommerce && cut && of_the_page
    }

    /// Whether only a count can show that rows are missing from the list.
    fn needs_a_count(&self) -> bool {
        let hides = |rule: &Rule| match &rule.fault {
            Fault::EmptyPage | Fault::RepeatPage => true,
            Fault::Body(body) => body == "{}",
            _ => false,
        };
        // Records without a time show no way on from a page that is cut.
        self.listing
            .silent_clamp
            .is_some_and(|clamp| clamp.offset == ClampOffset::Asked || !self.listing.damaged.is_empty())
            || self.listing.ties == Ties::Shuffled
            || self.listing.hidden.is_some()
            || self.listing.endless.is_some()
            || self.listing.lost_parameters != LostParameters::None
            || self.listing.damaged.iter().any(|damaged| damaged.damage == Damage::NoObject)
            || self.scattered_ids == Some(true)
            || self.time_range != TimeRangeReading::AsSent
            || self.asked.iter().chain(&self.case.rules).any(hides)
    }

    /// Whether the walk may end with an error of another kind than that it is incomplete.
    fn may_be_refused(&self, platform: Platform) -> bool {
        // An answer without list and total is no empty page.
        let no_total = platform == Platform::Shopline || self.case.behavior.bigcommerce.meta == Presence::Missing;
        let nothing = self.listing.empty == EmptyForm::Missing && no_total;
        nothing
            || !self.asked.is_empty()
            || !self.case.rules.is_empty()
            || self.listing.lost_parameters != LostParameters::None
    }
}

fn place(rows: &[Row], thousandths: i64) -> i64 {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return 0 };
    first.at + (last.at - first.at + 1) * thousandths / 1_000
}

fn id(rows: &[Row], index: u64) -> u64 {
    let index = usize::try_from(index).unwrap() % rows.len().max(1);
    rows.get(index).map_or(0, |row| row.id.parse().unwrap())
}

/// The result of a walk, over all its parts.
#[derive(Default)]
struct Walked {
    delivered: HashMap<String, Timestamp>,
    undecodable: usize,
    proof: Option<Proof>,
    error: Option<storelogs::Error>,
    parts: usize,
}

impl World {
    pub(super) async fn honest(&self, combined: &Combined, platform: Platform) -> Result<(), String> {
        let name = name_of(platform);
        let now = self.sandbox.clock().now();
        let rows = combined.rows(platform, now);
        let query = combined.case.query(platform, &rows);
        let records: Vec<Value> = rows.iter().map(|row| row.record.clone()).collect();
        let behavior = combined.behavior(&rows);
        let countable = combined.is_countable(platform, &behavior);
        let looks_whole = combined.looks_whole(platform, &behavior);
        let store = store_of(platform).records(records).behavior(behavior).faults(combined.faults(&rows));
        self.sandbox.add_store(store);
        let by_id: HashMap<&str, &Row> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
        let wanted = || -> BTreeMap<String, i64> {
            let ids = self.sandbox.oracle(platform, name, i64::MIN, i64::MAX);
            let there = ids.into_iter().filter_map(|id| Some((by_id.get(id.as_str())?.at, id)));
            there.filter(|(_, id)| cases::matches(&query, by_id[id.as_str()])).map(|(at, id)| (id, at)).collect()
        };
        let before = wanted();
        let asked = self.sandbox.requests();
        let walked = self.walk_on(combined, platform, &query).await?;
        let requests = self.sandbox.requests() - asked;
        let after = wanted();

        let invented = walked.delivered.keys().find(|id| match by_id.get(id.as_str()) {
            Some(_) => !before.contains_key(*id),
            None => !combined.makes_rows_up(),
        });
        if let Some(id) = invented {
            return Err(format!("{id} was delivered, and is not in the query"));
        }
        let bound = (rows.len() as u64 * 4 + 2_000) * walked.parts as u64;
        if requests > bound {
            return Err(format!("{requests} requests, more than {bound}"));
        }
        if let Some(error) = walked.error {
            let expected = error.kind() == ErrorKind::Incomplete || combined.may_be_refused(platform);
            return if expected { Ok(()) } else { Err(format!("failed: {error}")) };
        }
        if looks_whole || !countable && walked.proof != Some(Proof::Counted) && combined.needs_a_count() {
            return Ok(());
        }
        let full = query.limit.is_some_and(|limit| walked.delivered.len() >= limit);
        let oldest = walked.delivered.values().min().map(|time| time.as_second());
        let due = |at: i64| at >= combined.case.kept_since(now) && (!full || oldest.is_some_and(|old| at > old));
        let there = before.iter().filter(|(id, at)| after.contains_key(*id) && due(**at));
        let missing: Vec<&String> = there.map(|(id, _)| id).filter(|id| !walked.delivered.contains_key(*id)).collect();
        let (damaged, lost): (Vec<&String>, Vec<&String>) =
            missing.into_iter().partition(|id| combined.is_damaged(&rows, by_id[id.as_str()]));
        if !lost.is_empty() {
            let some = &lost[..lost.len().min(3)];
            return Err(format!(
                "no error, and {} of {} missing after {requests} requests: {some:?} …",
                lost.len(),
                before.len()
            ));
        }
        if damaged.len() > walked.undecodable {
            let (damaged, said) = (damaged.len(), walked.undecodable);
            return Err(format!("{damaged} damaged records, and only {said} said to be"));
        }
        Ok(())
    }

    /// Walks, stopping where the case says and going on from the cursor with a new client.
    async fn walk_on(&self, combined: &Combined, platform: Platform, query: &LogQuery) -> Result<Walked, String> {
        let mut walked = Walked::default();
        let mut cursor: Option<Cursor> = None;
        let mut stops = combined.case.stops.iter();
        loop {
            walked.parts += 1;
            if let Some(cursor) = &cursor {
                walked.delivered.retain(|id, time| counts_as_delivered(cursor, id, *time));
            }
            let mut query = query.clone();
            query.limit = query.limit.map(|limit| limit - walked.delivered.len().min(limit));
            let mut pages = self.source(&combined.case, platform).pages(query, cursor.clone());
            let mut left = stops.next().copied();
            while left != Some(0) {
                left = left.map(|left| left - 1);
                let page = match pages.next().await {
                    None => return Ok(walked),
                    Some(Ok(page)) => page,
                    Some(Err(error)) => {
                        walked.error = Some(error);
                        return Ok(walked);
                    }
                };
                walked.proof = page.proof;
                for entry in page.entries {
                    match entry {
                        Err(_) => walked.undecodable += 1,
                        Ok(entry) => {
                            if walked.delivered.insert(entry.id.clone(), entry.time).is_some() {
                                return Err(format!("{} was delivered twice", entry.id));
                            }
                        }
                    }
                }
                let json = serde_json::to_string(&page.cursor).unwrap();
                cursor = Some(serde_json::from_str(&json).unwrap());
                if page.cursor.done {
                    return Ok(walked);
                }
            }
        }
    }
}
