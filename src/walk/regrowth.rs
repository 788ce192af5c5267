//! Regrowth of pages: when more rows are asked for again after larger pages had failed.

/// After this many pages of fewer rows, more are asked for; after twice as many each time that was in vain.
const EASY: u32 = 12;
/// How often that is doubled at the most.
const MOST_DOUBLINGS: u32 = 6;

/// Counts the pages that came since fewer rows are asked for.
#[derive(Debug, Default)]
pub(crate) struct Regrowth {
    easy: u32,
    doublings: u32,
}

impl Regrowth {
    /// From now on fewer rows are asked for. `again`: they were before, too; then more may just have been tried in vain.
    pub(crate) fn shrink(&mut self, again: bool) {
        if again && self.easy == 0 {
            self.doublings = (self.doublings + 1).min(MOST_DOUBLINGS);
        }
        self.easy = 0;
    }

    /// A page of as many rows as are asked for now came. `true`: it is time to ask for more.
    pub(crate) fn page_came(&mut self) -> bool {
        self.easy += 1;
        let grows = self.easy >= EASY << self.doublings;
        if grows {
            self.easy = 0;
        }
        grows
    }

    /// As many rows are asked for as at first.
    pub(crate) fn restart(&mut self) {
        self.easy = 0;
    }
}
