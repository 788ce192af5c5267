//! Random cases of what may happen to a store: what comes, how its platform is wrong, and how its runs end.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use storelogs_sandbox::{
    Behavior, BigCommerceBehavior, ClampOffset, Count, Damage, Damaged, DamagedRows, DateFilters, EmptyForm, Fault,
    Hidden, Listing, Obedience, Restored, ShoplineBehavior, SilentClamp, SinceId, Ties, Totals, When, WrongTotals,
};

pub(super) const DAY: i64 = 86_400;

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// This many entries come, within this many seconds up to now.
    Come(u64, i64),
    /// An entry of this many seconds ago comes only now.
    ComeLate(i64),
    /// The store is restored from a backup: this many rows are others.
    Restore(usize, Restored),
    /// The platform is wrong in other ways from now on.
    Behave(Wrong),
    /// A run with these faults.
    Sync(Vec<(When, Fault)>, End),
    /// A verification.
    Verify(Deep),
    /// A repair.
    Repair,
}

/// How a run ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    ByItself,
    /// It is asked to stop after this many requests.
    Stopped(u64),
    /// It is dropped where it is after this many requests.
    Killed(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Deep {
    Sample,
    All,
}

/// How the platform is wrong.
#[derive(Clone, Debug, Default)]
pub(super) struct Wrong {
    listing: Listing,
    date_filters: Option<DateFilters>,
    ascending: bool,
    small_pages: Option<u64>,
    uncounted: Option<Uncounted>,
    since_id: Option<SinceId>,
    /// Records of this many days ago until that many days ago, which cannot be read.
    damaged: Option<(i64, i64, Damage)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Uncounted {
    Zero,
    Stale(i64),
}

pub(super) fn wrong() -> impl Strategy<Value = Wrong> {
    let rarely = |of| option::weighted(0.25, of);
    let clamp = (3u64..60, select(vec![ClampOffset::Asked, ClampOffset::Given]))
        .prop_map(|(rows, offset)| SilentClamp { rows, offset });
    let hidden = (2u64..12, any::<bool>()).prop_map(|(one_of, counted)| Hidden { one_of, counted });
    let forms = [EmptyForm::List, EmptyForm::Null, EmptyForm::Missing, EmptyForm::NoContent, EmptyForm::NoBody];
    let listing = (
        option::weighted(0.25, clamp),
        prop::bool::weighted(0.25),
        option::weighted(0.15, hidden),
        select(forms.to_vec()),
    )
        .prop_map(|(silent_clamp, shuffled, hidden, empty)| Listing {
            silent_clamp,
            ties: if shuffled { Ties::Shuffled } else { Ties::ById },
            hidden,
            empty,
            ..Listing::default()
        });
    let dates = select(vec![DateFilters::Ignored, DateFilters::Rejected(422)]);
    let uncounted = prop_oneof![Just(Uncounted::Zero), (1i64..50).prop_map(|days| Uncounted::Stale(days * DAY))];
    let since_ids = [SinceId::InclusiveOlder, SinceId::NewerAscending, SinceId::NewerDescending, SinceId::Ignored];
    let damage = select(vec![Damage::WrongTypes, Damage::NoTime, Damage::NoObject]);
    let damaged = (1i64..80, 1i64..40, damage).prop_map(|(until, length, damage)| (until + length, until, damage));
    (
        listing,
        rarely(dates),
        prop::bool::weighted(0.2),
        option::weighted(0.25, 10u64..100),
        option::weighted(0.2, uncounted),
        option::weighted(0.4, select(since_ids.to_vec())),
        option::weighted(0.15, damaged),
    )
        .prop_map(|(listing, date_filters, ascending, small_pages, uncounted, since_id, damaged)| Wrong {
            listing,
            date_filters,
            ascending,
            small_pages,
            uncounted,
            since_id,
            damaged,
        })
}

impl Wrong {
    pub(super) fn behavior(&self, now: i64) -> Behavior {
        let mut listing = self.listing.clone();
        listing.damaged = self
            .damaged
            .iter()
            .map(|(since, until, damage)| Damaged {
                rows: DamagedRows::Time(now - since * DAY, now - until * DAY),
                damage: *damage,
            })
            .collect();
        let (sound, unlimited) = (BigCommerceBehavior::unlimited(), ShoplineBehavior::unlimited());
        let bigcommerce = BigCommerceBehavior {
            date_filters: self.date_filters.unwrap_or(sound.date_filters),
            direction: if self.ascending { Obedience::Ignored } else { Obedience::Obeyed },
            max_limit: self.small_pages.unwrap_or(sound.max_limit),
            totals: match self.uncounted {
                None => Totals::Right,
                Some(Uncounted::Zero) => Totals::Wrong(WrongTotals::Zero),
                Some(Uncounted::Stale(seconds)) => Totals::Wrong(WrongTotals::Stale(seconds)),
            },
            listing: listing.clone(),
            ..sound
        };
        let shopline = ShoplineBehavior {
            since_id: self.since_id.unwrap_or(unlimited.since_id),
            count: match self.uncounted {
                None => Count::Right,
                Some(Uncounted::Zero) => Count::Zero,
                Some(Uncounted::Stale(seconds)) => Count::Stale(seconds),
            },
            listing,
            ..unlimited
        };
        Behavior { bigcommerce, shopline }
    }
}

fn faults() -> impl Strategy<Value = Vec<(When, Fault)>> {
    let when = prop_oneof![
        (1..14_u64).prop_map(When::Nth),
        (2..6_u64).prop_map(When::Every),
        (1..4_u64).prop_map(When::PageAbove),
        select(vec![1_u64, 20, 100]).prop_map(When::LimitAbove),
        (1..120_u64).prop_map(When::Row),
        (any::<u64>(), 0.05..0.4).prop_map(|(seed, p)| When::Probability(seed, p)),
    ];
    let fault = select(vec![
        Fault::Status(500),
        Fault::Status(422),
        Fault::Status(401),
        Fault::Html(502),
        Fault::Reset,
        Fault::CutBody(40),
        Fault::ShortJson(60),
        Fault::EmptyPage,
        Fault::RepeatPage,
    ]);
    vec((when, fault), 0..3)
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let restored = select(vec![Restored::OtherIds, Restored::SameIds]);
    let end = prop_oneof![
        2 => Just(End::ByItself),
        1 => (1..30_u64).prop_map(End::Stopped),
        2 => (1..30_u64).prop_map(End::Killed),
    ];
    let step = prop_oneof![
        3 => (1..200_u64, 1..400_i64).prop_map(|(count, seconds)| Step::Come(count, seconds)),
        2 => (1..60 * DAY).prop_map(Step::ComeLate),
        1 => (1..40_usize, restored).prop_map(|(rows, restored)| Step::Restore(rows, restored)),
        2 => wrong().prop_map(Step::Behave),
        5 => (faults(), end).prop_map(|(faults, end)| Step::Sync(faults, end)),
        1 => select(vec![Deep::Sample, Deep::All]).prop_map(Step::Verify),
        1 => Just(Step::Repair),
    ];
    vec(step, 2..12)
}
