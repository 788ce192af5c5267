//! Random cases for the laws: histories, behaviours that are not documented, faults and queries.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use storelogs::{ErrorKind, LogQuery, Severity};
use storelogs_sandbox::{
    AboveLimit, Behavior, BeyondHorizon, BeyondLastPage, BigCommerceBehavior, Count, DateBounds, DateFilters, Envelope,
    ErrorShape, Fault, Horizon, LinkHeader, Obedience, Platform, Presence, RateLimitForm, Rule, SeverityForm,
    ShoplineBehavior, SinceId, SubjectId, TimeRangeBounds, Totals, UnknownSeverity, When, WrongTotals,
};

const MOST_ROWS: usize = 1_200;
const DAY: i64 = 86_400;
/// Three months have at least this many days.
const THREE_MONTHS: i64 = 88;

#[derive(Clone)]
pub(crate) struct Case {
    /// Moments, the newest first: seconds since the moment before, and how many rows it has.
    moments: Vec<(i64, usize)>,
    pub(crate) behavior: Behavior,
    pub(crate) rules: Vec<Rule>,
    /// Start and end of the query, in thousandths of the history, and milliseconds beside them.
    since: Option<(i64, i64)>,
    until: Option<(i64, i64)>,
    filter: Filter,
    limit: Option<usize>,
    /// The walk is stopped and resumed after this many pages.
    pub(crate) stops: Vec<usize>,
    pub(crate) in_flight: usize,
}

#[derive(Clone, Copy, Debug)]
enum Filter {
    None,
    /// The least severity; SHOPLINE has but one.
    Severity(Severity),
    /// A category, in its own letters or not.
    Category(&'static str),
    Categories,
    /// A module, or SHOPLINE's action.
    Second,
    /// SHOPLINE's author; BigCommerce has none.
    Actor,
}

pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) record: Value,
    severity: Severity,
}

const SEVERITIES: [(&str, Severity); 5] = [
    ("success", Severity::Info),
    ("notices", Severity::Notice),
    ("warnings", Severity::Warning),
    ("errors", Severity::Error),
    ("odd", Severity::Unspecified),
];
const CATEGORIES: [&str; 3] = ["general", "payment", "shipping"];
const MODULES: [&str; 3] = ["Order Status", "USPS (endicia)", ""];
const ACTIONS: [&str; 3] = ["edit_product", "add_new_product", "change_status"];
const ACTORS: [&str; 2] = ["shopline", "Ann"];

impl Case {
    pub(crate) fn rows(&self, platform: Platform, now: i64) -> Vec<Row> {
        let mut at = now - 60;
        let mut times = Vec::new();
        for (gap, rows) in &self.moments {
            at -= gap;
            times.extend(std::iter::repeat_n(at, *rows));
        }
        times.truncate(MOST_ROWS);
        times.reverse();
        let row = |(index, at): (usize, i64)| row(platform, index, at);
        times.into_iter().enumerate().map(row).collect()
    }

    pub(crate) fn query(&self, platform: Platform, rows: &[Row]) -> LogQuery {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return LogQuery::new() };
        let place = |(share, beside): (i64, i64)| {
            let at = first.at * 1_000 + (last.at - first.at) * share + beside;
            Timestamp::from_millisecond(at).unwrap()
        };
        let mut query = LogQuery::new();
        query.since = self.since.map(place);
        query.until = self.until.map(place);
        query.limit = self.limit;
        match self.filter {
            Filter::None => query,
            Filter::Severity(severity) => query.min_severity(severity),
            Filter::Category(category) => query.category(category),
            Filter::Categories => query.category(CATEGORIES[0]).category(CATEGORIES[2]),
            Filter::Second if platform == Platform::BigCommerce => query.module("usps (endicia)"),
            Filter::Second => query.action(ACTIONS[0]),
            Filter::Actor if platform == Platform::BigCommerce => query,
            Filter::Actor => query.actor("ann"),
        }
    }

    /// Whether every list has every row once, at its place: then a walk needs no second look, and its entries come in order.
    pub(crate) fn is_plain(&self) -> bool {
        let Behavior { bigcommerce, shopline } = &self.behavior;
        let moves = |rule: &Rule| {
            matches!(rule.fault, Fault::EmptyPage | Fault::RepeatPage | Fault::Arrive(_) | Fault::Purge(_))
        };
        !self.rules.iter().any(moves)
            && bigcommerce.empty_middle_page.is_none()
            && shopline.empty_middle_page.is_none()
            && !bigcommerce.duplicate_rows
            && !shopline.duplicate_rows
    }

    /// The oldest second that the platform answers for under every reading.
    pub(crate) fn kept_since(&self, now: i64) -> i64 {
        if self.behavior.shopline.horizon.is_some() { now - THREE_MONTHS * DAY } else { i64::MIN }
    }

    /// How many requests a walk in this many parts may take: a generous limit that does not grow without end.
    pub(crate) fn request_bound(&self, rows: usize, query: &LogQuery, parts: usize) -> usize {
        let page = usize::try_from(self.behavior.bigcommerce.max_limit).unwrap().min(200);
        let page = page.min(query.limit.unwrap_or(page)).max(1);
        let attempts = if self.rules.is_empty() { 1 } else { 5 };
        // A log that is emptied while rows come in shows pages with next to nothing on them.
        let drained = self.rules.iter().any(|rule| matches!(rule.fault, Fault::Purge(_)));
        (12 * (rows / page + 1) + 80) * parts * attempts * if drained { 2 } else { 1 }
    }

    /// Whether a walk without faults, or after their end, may end with an error of this kind: only where the platform
    /// counts what it does not have, or has no way to list what it has.
    pub(crate) fn may_fail(&self, platform: Platform, rows: &[Row], kind: ErrorKind) -> bool {
        let Behavior { bigcommerce, shopline } = &self.behavior;
        let possible = match platform {
            Platform::BigCommerce => {
                matches!(bigcommerce.totals, Totals::Wrong(WrongTotals::TooMany | WrongTotals::Constant(_)))
            }
            Platform::Shopline => {
                let page = self.limit.unwrap_or(200).min(200) - usize::from(shopline.duplicate_rows);
                let crowded = rows.chunk_by(|a, b| a.at == b.at).any(|second| second.len() >= page);
                let leads = matches!(shopline.since_id, SinceId::ExclusiveOlder | SinceId::InclusiveOlder);
                crowded && !(leads && shopline.count == Count::Right && !shopline.duplicate_rows)
            }
        };
        possible && kind == ErrorKind::Incomplete
    }
}

/// Prints a failed case in a few lines rather than thousands.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(seconds since, rows) x times:")?;
        for same in self.moments.chunk_by(|a, b| a == b) {
            write!(f, " {:?}x{}", same[0], same.len())?;
        }
        writeln!(f, "\nsince {:?}, until {:?}, {:?}, limit {:?}", self.since, self.until, self.filter, self.limit)?;
        writeln!(f, "stops {:?}, in flight {}, rules {:?}", self.stops, self.in_flight, self.rules)?;
        let Behavior { bigcommerce, shopline } = &self.behavior;
        if *shopline == ShoplineBehavior::default() { write!(f, "{bigcommerce:?}") } else { write!(f, "{shopline:?}") }
    }
}

/// Whether a row belongs to a query, judged by the record itself.
pub(crate) fn matches(query: &LogQuery, row: &Row) -> bool {
    let text = |names: [&str; 2]| names.iter().find_map(|name| row.record[name].as_str());
    let among = |wanted: &[String], value: Option<&str>| {
        wanted.is_empty() || wanted.iter().any(|wanted| Some(wanted.to_lowercase()) == value.map(str::to_lowercase))
    };
    let at = Timestamp::from_second(row.at).unwrap();
    let severe = |least: Severity| row.severity == Severity::Unspecified || row.severity >= least;
    query.since.is_none_or(|since| since <= at)
        && query.until.is_none_or(|until| at < until)
        && query.min_severity.is_none_or(severe)
        && among(&query.categories, text(["type", "subject_type"]))
        && among(&query.modules, row.record["module"].as_str())
        && among(&query.actions, row.record["verb"].as_str())
        && among(&query.actors, row.record["author"].as_str())
}

fn row(platform: Platform, index: usize, at: i64) -> Row {
    let dice = index.wrapping_mul(2_654_435_761) >> 7;
    let category = CATEGORIES[dice % 3];
    let time = Timestamp::from_second(at).unwrap();
    match platform {
        Platform::BigCommerce => {
            let (name, severity) = SEVERITIES[dice / 3 % 5];
            let id = 1_000 + 3 * index;
            let record = json!({
                "id": id, "type": category, "module": MODULES[dice / 15 % 3], "severity": name,
                "summary": "a row", "message": null, "date_created": time.display_with_offset(Offset::UTC).to_string(),
            });
            Row { id: id.to_string(), at, record, severity }
        }
        Platform::Shopline => {
            let id = (((at - 1_330_328_108) * 1_000) << 24) + i64::try_from(index).unwrap();
            let record = json!({
                "id": id.to_string(), "subject_type": category, "verb": ACTIONS[dice / 15 % 3],
                "author": ACTORS[dice / 45 % 2], "detail": "a row",
                "created_at": time.display_with_offset(Offset::constant(8)).to_string(),
            });
            Row { id: id.to_string(), at, record, severity: Severity::Info }
        }
    }
}

pub(crate) fn bigcommerce() -> impl Strategy<Value = Case> {
    case(bigcommerce_behavior().prop_map(Behavior::from))
}

pub(crate) fn shopline() -> impl Strategy<Value = Case> {
    case(shopline_behavior().prop_map(Behavior::from))
}

fn case(behavior: impl Strategy<Value = Behavior>) -> impl Strategy<Value = Case> {
    let place = || (0i64..=1_000, select(vec![0, 1, -1, 500, 999, -999]));
    let severity = select(vec![Severity::Info, Severity::Notice, Severity::Warning, Severity::Error]);
    let filter = prop_oneof![
        6 => Just(Filter::None),
        1 => severity.prop_map(Filter::Severity),
        1 => select(vec!["general", "Payment", "absent"]).prop_map(Filter::Category),
        1 => Just(Filter::Categories),
        1 => Just(Filter::Second),
        1 => Just(Filter::Actor),
    ];
    let limit = prop_oneof![4 => Just(None), 1 => (1usize..40).prop_map(Some), 1 => (1usize..900).prop_map(Some)];
    let query = (option::of(place()), option::of(place()), filter, limit);
    let stops = prop_oneof![2 => Just(Vec::new()), 1 => vec(1usize..6, 0..5)];
    (behavior, moments(), rules(), query, stops, 1usize..9).prop_map(
        |(mut behavior, moments, mut rules, (since, until, filter, limit), stops, in_flight)| {
            // A platform that shows no rows, and says that there are none, cannot be seen through.
            let totals = behavior.bigcommerce.totals;
            if matches!(totals, Totals::Wrong(WrongTotals::PageCount | WrongTotals::Zero | WrongTotals::Constant(_))) {
                rules.retain(|rule| !matches!(rule.fault, Fault::EmptyPage | Fault::RepeatPage));
                if behavior.bigcommerce.links == Presence::Missing {
                    behavior.bigcommerce.empty_middle_page = None;
                }
            }
            // Where rows come in faster than they are read, a walk takes long; another test looks at its end.
            let page = behavior.bigcommerce.max_limit.min(200).min(limit.map_or(200, |limit: usize| limit as u64));
            rules.retain(|rule| match (&rule.fault, rule.when) {
                (Fault::Arrive(rows), When::Every(every)) => 4 * *rows as u64 <= page * every,
                _ => true,
            });
            // A list whose rows are all of one moment does not show its order, nor where its rows go when it is purged.
            let crowded = moments.iter().any(|(_, rows)| *rows as u64 >= page);
            if crowded && behavior.bigcommerce.direction == Obedience::Ignored {
                rules.retain(|rule| !matches!(rule.fault, Fault::Purge(_)));
            }
            // Two empty answers one after the other are believed, unless something counts.
            if behavior.bigcommerce.empty_middle_page.or(behavior.shopline.empty_middle_page).is_some() {
                rules.retain(|rule| !matches!(rule.fault, Fault::EmptyPage | Fault::RepeatPage));
            }
            Case { moments, behavior, rules, since, until, filter, limit, stops, in_flight }
        },
    )
}

fn moments() -> impl Strategy<Value = Vec<(i64, usize)>> {
    let gap = prop_oneof![6 => 1i64..5, 4 => 60i64..7_200, 1 => DAY..9 * DAY];
    let rows = prop_oneof![6 => Just(1usize), 3 => 2usize..12, 1 => 12usize..300];
    prop_oneof![1 => 0usize..6, 2 => 6usize..60, 1 => 60usize..500]
        .prop_flat_map(move |moments| vec((gap.clone(), rows.clone()), moments))
}

/// Faults that a walk has to get over, or to report.
fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let passing = vec![
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(408),
        Fault::Html(502),
        Fault::Html(504),
        Fault::RateLimit(RateLimitForm::RetryAfterSeconds, Duration::ZERO),
        Fault::Reset,
        Fault::CutBody(0),
        Fault::CutBody(700),
    ];
    let passing = (select(passing), often(), option::of(1u32..7))
        .prop_map(|(fault, when, times)| Rule { times, ..Rule::new(when, fault) });
    // Once: what the platform says about its rows twice is believed. Only a count can show whether it is true, not a walk.
    let lie = (select(vec![Fault::EmptyPage, Fault::RepeatPage]), often())
        .prop_map(|(fault, when)| Rule { times: Some(1), ..Rule::new(when, fault) });
    let drift = prop_oneof![(1usize..60).prop_map(Fault::Arrive), (1usize..40).prop_map(Fault::Purge)];
    let drift = (drift, 1u64..5).prop_map(|(fault, every)| Rule::new(When::Every(every), fault));
    let passing = prop_oneof![Just(Vec::new()), vec(passing, 1..3)];
    let lies = vec(lie, 1);
    let drifts = prop_oneof![Just(Vec::new()), vec(drift, 1..3)];
    // Not both: a page that comes twice looks like one that rows came in before.
    let either = prop_oneof![2 => drifts, 1 => lies];
    (passing, either).prop_map(|(passing, either)| [passing, either].concat())
}

fn often() -> impl Strategy<Value = When> {
    prop_oneof![
        (1u64..12).prop_map(When::Nth),
        (2u64..6).prop_map(When::Every),
        (1u64..6).prop_map(When::Page),
        (any::<u64>(), 0.02f64..0.5).prop_map(|(seed, p)| When::Probability(seed, p)),
    ]
}

fn bigcommerce_behavior() -> impl Strategy<Value = BigCommerceBehavior> {
    let dates = vec![DateFilters::Obeyed, DateFilters::Ignored, DateFilters::Rejected(400), DateFilters::Rejected(422)];
    let bounds = vec![DateBounds::Inclusive, DateBounds::Exclusive];
    let size = prop_oneof![
        2 => Just((250, AboveLimit::Status(413))),
        2 => (20u64..250, select(vec![AboveLimit::Status(413), AboveLimit::Status(422), AboveLimit::Clamp])),
        1 => (8u64..20, Just(AboveLimit::Clamp)),
    ];
    let totals = [WrongTotals::PageCount, WrongTotals::Zero, WrongTotals::TooMany, WrongTotals::Constant(300)];
    let totals = prop_oneof![2 => Just(Totals::Right), 1 => select(totals.to_vec()).prop_map(Totals::Wrong)];
    let presence = || select(vec![Presence::Present, Presence::Present, Presence::Missing]);
    let beyond = select(vec![BeyondLastPage::Empty, BeyondLastPage::RepeatLast, BeyondLastPage::NotFound]);
    let direction = select(vec![Obedience::Obeyed, Obedience::Obeyed, Obedience::Ignored]);
    let forms = [SeverityForm::Names, SeverityForm::SingularWarning, SeverityForm::Digits, SeverityForm::Numbers];
    let unknown = select(vec![UnknownSeverity::Ranked(5), UnknownSeverity::Ranked(0), UnknownSeverity::Unmatched]);
    let list = (select(dates), select(bounds), direction, size, presence(), presence(), totals, beyond);
    let flags = (any::<bool>(), rarely(1u64..5), odds(), odds(), rarely(Just(100_000u64)));
    (list, select(forms.to_vec()), unknown, flags).prop_map(
        |(
            (date_filters, date_bounds, direction, size, links, meta, totals, beyond_last_page),
            form,
            unknown,
            flags,
        )| {
            let (extra_fields, empty_middle_page, duplicate_rows, require_accept, quota) = flags;
            BigCommerceBehavior {
                date_filters,
                date_bounds,
                direction,
                max_limit: size.0,
                above_max_limit: size.1,
                links,
                meta,
                totals,
                beyond_last_page,
                severity_form: form,
                unknown_severity: unknown,
                extra_fields,
                empty_middle_page,
                duplicate_rows,
                require_accept,
                quota,
                retention_days: None,
                ..BigCommerceBehavior::default()
            }
        },
    )
}

fn shopline_behavior() -> impl Strategy<Value = ShoplineBehavior> {
    let ids = [
        SinceId::ExclusiveOlder,
        SinceId::InclusiveOlder,
        SinceId::NewerAscending,
        SinceId::NewerDescending,
        SinceId::Ignored,
    ];
    let link = select(vec![LinkHeader::Absent, LinkHeader::Absent, LinkHeader::Present]);
    let beyond = select(vec![BeyondHorizon::Reject(400), BeyondHorizon::Reject(422)]);
    let horizon = rarely(beyond.prop_map(|beyond| Horizon { months: 3, beyond }));
    let bounds = select(vec![TimeRangeBounds::Inclusive, TimeRangeBounds::MaxExclusive, TimeRangeBounds::Exclusive]);
    let count = select(vec![Count::Right, Count::Right, Count::Unavailable]);
    let errors = select(vec![ErrorShape::String, ErrorShape::Array, ErrorShape::Map]);
    let list = (select(ids.to_vec()), link, rarely(28i64..32), horizon, rarely(Just(3u32)), bounds, count, errors);
    let flags = (odds(), odds(), odds(), odds(), odds(), rarely(1u64..5));
    (list, flags).prop_map(|(list, flags)| {
        let (since_id, link_header, longest, horizon, retention_months, time_range_bounds, count, error_shape) = list;
        let (earlier, subject, repeat_last_page, duplicate_rows, extra_fields, empty_middle_page) = flags;
        ShoplineBehavior {
            since_id,
            link_header,
            max_time_range_days: horizon.map(|_| 31).or(longest),
            horizon,
            retention_months,
            envelope: if earlier { Envelope::OperationLogs } else { Envelope::Data },
            subject_id: if subject { SubjectId::Present } else { SubjectId::Missing },
            time_range_bounds,
            count,
            error_shape,
            empty_middle_page,
            repeat_last_page,
            duplicate_rows,
            extra_fields,
            ..ShoplineBehavior::unlimited()
        }
    })
}

pub(super) fn odds() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.2)
}

pub(super) fn rarely<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    option::weighted(0.2, value)
}
