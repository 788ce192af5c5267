//! The first look at a store of which nothing was read.

use jiff::Timestamp;

use super::{Job, Plan, weight};

impl Plan {
    /// The first look at a store: most stores are so small that it shows all there is, whatever their platform keeps.
    pub(super) fn look(&self, now: Timestamp) -> Option<Job> {
        let untouched = self.progress.coverage.end().is_none() && self.progress.gaps.is_empty();
        let untouched = untouched && !self.looked && self.suspects.is_empty();
        self.retained(now).filter(|_| untouched).map(Job::Look)
    }

    /// The first look begins. It is taken once, whatever comes of it.
    pub(crate) fn looks(&mut self) {
        self.looked = true;
    }

    /// The first look failed, which says nothing of any time range: it is read in slices. Says whether the store itself has
    /// to be taken for the culprit.
    pub(crate) fn looked_in_vain(&mut self, hangs: bool) -> bool {
        self.failures += weight(hangs);
        self.is_culprit()
    }
}
