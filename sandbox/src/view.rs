//! The rows that a request asks for, in the order in which they are listed.

use std::sync::Arc;

use crate::{
    Ties,
    filter::{Filter, Matched},
    row::Row,
    table::Table,
};

/// The rows a request is about: matching a filter, within a time range, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct View {
    table: Arc<Table>,
    matched: Arc<Matched>,
    first: usize,
    end: usize,
    /// The indexes in another order; `None` if the order is the usual one.
    order: Option<Arc<Vec<usize>>>,
}

impl View {
    /// The rows of `table` that match `filter`, from second `since` up to but not including second `until`.
    pub(crate) fn new(table: Arc<Table>, filter: &Filter, since: i64, until: i64) -> Self {
        let matched = table.matching(filter);
        let first = table.first_at(since);
        let end = table.first_at(until).max(first);
        let (first, end) = match &*matched {
            Matched::All => (first, end),
            Matched::Some(places) => (
                places.partition_point(|&place| (place as usize) < first),
                places.partition_point(|&place| (place as usize) < end),
            ),
        };
        Self { table, matched, first, end, order: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.order.as_ref().map_or(self.end - self.first, |order| order.len())
    }

    /// The same rows, those of one second in an order that only this number decides.
    pub(crate) fn with_ties(mut self, ties: Ties, number: u64) -> Self {
        if ties == Ties::ById {
            return self;
        }
        let mut dice = fastrand::Rng::with_seed(number);
        let mut order: Vec<usize> = (0..self.len()).collect();
        for second in order.chunk_by_mut(|&a, &b| self.sorted(a).at == self.sorted(b).at) {
            dice.shuffle(second);
        }
        self.order = Some(Arc::new(order));
        self
    }

    /// The row at an index, 0 being the oldest.
    pub(crate) fn row(&self, index: usize) -> &Row {
        self.sorted(self.order.as_ref().map_or(index, |order| order[index]))
    }

    /// The row at an index by time and id.
    fn sorted(&self, index: usize) -> &Row {
        let place = match &*self.matched {
            Matched::All => self.first + index,
            Matched::Some(places) => places[self.first + index] as usize,
        };
        &self.table.rows()[place]
    }

    /// How many of the view's rows are before a place of the table.
    fn before(&self, place: usize) -> usize {
        let index = match &*self.matched {
            Matched::All => place,
            Matched::Some(places) => places.partition_point(|&other| (other as usize) < place),
        };
        index.clamp(self.first, self.end) - self.first
    }

    /// The indexes before and behind the row at a place of the table, if the view has it; else where it would stand.
    pub(crate) fn around(&self, place: usize) -> (usize, usize) {
        let (before, behind) = (self.before(place), self.before(place + 1));
        match &self.order {
            Some(order) if before < behind => {
                let index = order.iter().position(|&index| index == before).unwrap_or(before);
                (index, index + 1)
            }
            _ => (before, behind),
        }
    }

    /// The index that a row which is gone would have, twice.
    pub(crate) fn around_gone(&self, place: usize) -> (usize, usize) {
        (self.before(place), self.before(place))
    }

    /// Keeps only the rows for which this is true.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&Row) -> bool) {
        let kept = (0..self.len()).filter(|&index| wanted(self.row(index)));
        let order = kept.map(|index| self.order.as_ref().map_or(index, |order| order[index])).collect();
        self.order = Some(Arc::new(order));
    }

    /// How many rows there are for which this is false.
    pub(crate) fn count_without(&self, is_left_out: impl Fn(&Row) -> bool) -> u64 {
        (0..self.len()).filter(|&index| !is_left_out(self.row(index))).count() as u64
    }

    /// The same rows by the name of their kind, then by time: places in this view.
    pub(crate) fn by_kind(&self) -> Vec<usize> {
        let mut indexes: Vec<usize> = (0..self.len()).collect();
        indexes.sort_by_key(|&index| self.table.names().get(self.row(index).kind));
        indexes
    }
}
