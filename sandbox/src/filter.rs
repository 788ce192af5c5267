//! Filters of a request other than time.

use crate::{
    row::{Row, UNKNOWN_RANK},
    table::Table,
};

/// All conditions but those on time. The default matches every row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// `type` or `subject_type`, to the letter.
    pub(crate) kind: Option<String>,
    pub(crate) kind_not: Option<String>,
    /// `module` or `verb`.
    pub(crate) what: Option<String>,
    pub(crate) what_not: Option<String>,
    /// Compare `what` without regard to case.
    pub(crate) fold_case: bool,
    pub(crate) rank: Option<i64>,
    pub(crate) rank_min: Option<i64>,
    pub(crate) rank_max: Option<i64>,
    /// The rank of a severity that is none of the four; `None` matches no severity filter.
    pub(crate) unknown_rank: Option<i64>,
    pub(crate) ids: Option<Vec<u64>>,
}

/// The places of matching rows, ascending.
#[derive(Debug)]
pub(crate) enum Matched {
    All,
    Some(Vec<u32>),
}

impl Filter {
    /// Applies the filter to a whole table.
    pub(crate) fn apply(&self, table: &Table) -> Matched {
        if self.is_open() {
            return Matched::All;
        }
        let kind = self.names(table, self.kind.as_deref(), self.kind_not.as_deref(), false);
        let what = self.names(table, self.what.as_deref(), self.what_not.as_deref(), self.fold_case);
        let matches = |row: &Row| {
            kind.as_ref().is_none_or(|names| names[row.kind as usize])
                && what.as_ref().is_none_or(|names| names[row.what as usize])
                && self.ranks(row.rank)
        };
        let rows = table.rows();
        let places = if let Some(ids) = &self.ids {
            let mut places: Vec<usize> = ids.iter().filter_map(|&id| table.place(id)).collect();
            places.sort_unstable();
            places.dedup();
            places.into_iter().filter(|&place| matches(&rows[place])).map(narrow).collect()
        } else {
            rows.iter().enumerate().filter(|(_, row)| matches(row)).map(|(place, _)| narrow(place)).collect()
        };
        Matched::Some(places)
    }

    fn is_open(&self) -> bool {
        self.kind.is_none()
            && self.kind_not.is_none()
            && self.what.is_none()
            && self.what_not.is_none()
            && self.rank.is_none()
            && self.rank_min.is_none()
            && self.rank_max.is_none()
            && self.ids.is_none()
    }

    /// For each name of the table, whether it is wanted; `None` if every name is.
    fn names(&self, table: &Table, is: Option<&str>, not: Option<&str>, fold: bool) -> Option<Vec<bool>> {
        if is.is_none() && not.is_none() {
            return None;
        }
        let same = |a: &str, b: &str| if fold { a.to_lowercase() == b.to_lowercase() } else { a == b };
        Some(
            table
                .names()
                .iter()
                .map(|name| is.is_none_or(|is| same(is, name)) && not.is_none_or(|not| !same(not, name)))
                .collect(),
        )
    }

    fn ranks(&self, rank: u8) -> bool {
        if self.rank.is_none() && self.rank_min.is_none() && self.rank_max.is_none() {
            return true;
        }
        let rank = if rank == UNKNOWN_RANK { self.unknown_rank } else { Some(i64::from(rank)) };
        rank.is_some_and(|rank| {
            self.rank.is_none_or(|wanted| rank == wanted)
                && self.rank_min.is_none_or(|min| rank >= min)
                && self.rank_max.is_none_or(|max| rank <= max)
        })
    }
}

fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
