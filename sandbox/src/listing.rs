//! Switches for the ways in which a list may be wrong, on either platform.

use crate::{Platform, row::Row};

/// The switches that both platforms share. The default is a sound list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// The greatest number of rows that a page silently holds: the answer still gives the size that was asked for.
    pub silent_clamp: Option<SilentClamp>,
    /// The order of rows of one second.
    pub ties: Ties,
    /// Rows that are taken out of a page after it was cut: they are no part of the store's truth, but pages are short.
    pub hidden: Option<Hidden>,
    /// A list without end: where the rows end, new ones come, at every request.
    pub endless: Option<EndlessTotal>,
    /// How an answer without rows is written.
    pub empty: EmptyForm,
    /// Records that cannot be read as sent, for as long as this is set.
    pub damaged: Vec<Damaged>,
    /// Query parameters that a gateway loses on the way.
    pub lost_parameters: LostParameters,
    /// The time in the `Date` header.
    pub date: DateHeader,
}

/// A page that is cut to a hidden size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SilentClamp {
    /// How many rows at most.
    pub rows: u64,
    /// The beginning of BigCommerce's next page. SHOPLINE's begins where `since_id` says.
    pub offset: ClampOffset,
}

/// The beginning of the page after a clamped one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClampOffset {
    /// At `(page - 1)` times the size that was asked for: the rows between are on no page.
    Asked,
    /// At `(page - 1)` times the size that was given.
    Given,
}

/// The order of rows of one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// By id.
    #[default]
    ById,
    /// In another order at each request: sorted by time without a tie-break.
    Shuffled,
}

/// Rows that are taken out of a page after it was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// About one of this many rows is hidden, always the same ones. 1 hides every row.
    pub one_of: u64,
    /// Whether they count in the platform's own count.
    pub counted: bool,
}

impl Hidden {
    pub(crate) fn hides(self, row: &Row) -> bool {
        scatter(row.id).is_multiple_of(self.one_of.max(1))
    }
}

/// Neighbouring ids give numbers far apart.
fn scatter(id: u64) -> u64 {
    let mixed = (id ^ (id >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 32)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 17
}

/// The total of a list without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndlessTotal {
    /// All rows that were listed so far, and another page.
    Growing,
    /// The rows that there are in truth.
    Constant,
}

/// How an answer without rows is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyForm {
    /// An empty list.
    #[default]
    List,
    /// `null` in place of the list.
    Null,
    /// The list is left out; its siblings are sent.
    Missing,
    /// 204, without a body.
    NoContent,
    /// 200, without a body.
    NoBody,
}

/// Records that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The records.
    pub rows: DamagedRows,
    /// The damage.
    pub damage: Damage,
}

/// The choice of damaged records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DamagedRows {
    /// All.
    All,
    /// The one of this id.
    Id(u64),
    /// About one of this many, always the same ones.
    OneOf(u64),
    /// Those from a second up to but not including another.
    Time(i64, i64),
}

/// The damage to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It is no object.
    NoObject,
    /// Its id is an object, its time a boolean.
    WrongTypes,
    /// Its time is no time; its id is right.
    NoTime,
    /// A byte in its text is not UTF-8.
    InvalidUtf8,
    /// Its text contains half of a surrogate pair as an escape.
    LoneSurrogate,
}

/// Query parameters that a gateway loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LostParameters {
    /// None.
    #[default]
    None,
    /// The whole query.
    All,
    /// Those of these names.
    Named(Vec<String>),
}

impl LostParameters {
    pub(crate) fn loses(&self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Named(names) => names.iter().any(|lost| lost == name),
        }
    }
}

/// The time in the `Date` header of every answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateHeader {
    /// The sandbox's time.
    #[default]
    Right,
    /// The sandbox's time, this many seconds later, or earlier if negative.
    Off(i64),
    /// There is no such header.
    Absent,
}

impl Listing {
    pub(crate) fn hides(&self, row: &Row) -> bool {
        self.hidden.is_some_and(|hidden| hidden.hides(row))
    }

    /// Whether hidden rows are left out of counts.
    pub(crate) fn uncounted(&self) -> Option<Hidden> {
        self.hidden.filter(|hidden| !hidden.counted)
    }

    /// The damage to a record, if there is any.
    pub(crate) fn damage(&self, row: &Row) -> Option<Damage> {
        let of = |damaged: &&Damaged| match damaged.rows {
            DamagedRows::All => true,
            DamagedRows::Id(id) => row.id == id,
            DamagedRows::OneOf(number) => scatter(row.id).is_multiple_of(number.max(1)),
            DamagedRows::Time(since, until) => (since..until).contains(&row.at),
        };
        self.damaged.iter().find(of).map(|damaged| damaged.damage)
    }

    /// The rows of a page that are sent.
    pub(crate) fn at_most(&self, limit: u64) -> u64 {
        self.silent_clamp.map_or(limit, |clamp| limit.min(clamp.rows.max(1)))
    }

    /// An answer without rows, where it is written without a body.
    pub(crate) fn bodiless(&self) -> Option<u16> {
        match self.empty {
            EmptyForm::NoContent => Some(204),
            EmptyForm::NoBody => Some(200),
            EmptyForm::List | EmptyForm::Null | EmptyForm::Missing => None,
        }
    }
}

impl crate::Behavior {
    pub(crate) fn listing(&self, platform: Platform) -> &Listing {
        match platform {
            Platform::BigCommerce => &self.bigcommerce.listing,
            Platform::Shopline => &self.shopline.listing,
        }
    }
}
