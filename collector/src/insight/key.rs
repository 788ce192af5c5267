//! What the hourly counts know the entries of a figure by.

use std::array;

use super::scan::{Facts, When};

/// What the entries of a figure have in common, and no others of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Nothing else.
    All,
    /// They are warnings, errors or of unknown severity.
    Problems,
    /// They are changes that can do harm.
    Sensitive,
    Store(u32),
    Category(Option<u32>),
    Module(u32),
    /// They are the problems of a module.
    Failed(u32),
    Actor(u32),
    Action(u32),
    Template(u32),
    /// They have this template, and are of the period before.
    Gone(u32),
    /// They are of this step of the period.
    Step(u32),
    /// They are the problems of this step of the period.
    ProblemsOf(u32),
}

impl Key {
    /// Whether only problems have it.
    pub(super) fn is_of_problems(self) -> bool {
        matches!(self, Self::Problems | Self::Failed(_) | Self::Template(_) | Self::Gone(_) | Self::ProblemsOf(_))
    }

    /// All that an entry of a store has.
    pub(super) fn of(store: u32, when: When, facts: &Facts) -> impl Iterator<Item = Self> + use<> {
        let Facts { category, module, action, actor, template, .. } = *facts;
        let problem = |key: Self| template.map(|_| key);
        let only = |key| array::from_fn(|at| if at == 0 { key } else { None });
        let keys: [Option<Self>; 12] = match when {
            When::Now(step) => [
                Some(Self::All),
                problem(Self::Problems),
                facts.is_sensitive.then_some(Self::Sensitive),
                Some(Self::Store(store)),
                Some(Self::Category(category)),
                module.map(Self::Module),
                module.map(Self::Failed).and_then(problem),
                actor.map(Self::Actor),
                action.map(Self::Action),
                template.map(Self::Template),
                Some(Self::Step(step)),
                problem(Self::ProblemsOf(step)),
            ],
            When::Before => only(template.map(Self::Gone)),
            When::Else => only(None),
        };
        keys.into_iter().flatten()
    }
}
