//! The options that filter entries in `fetch` and `tail`.

use clap::{Args, ValueEnum};
use storelogs::{LogQuery, Severity};

/// The filters on entries.
#[derive(Args, Debug)]
pub(crate) struct Filters {
    /// The least serious severity; entries whose severity is not understood always pass
    #[arg(long, value_enum, value_name = "SEVERITY")]
    min_severity: Option<Minimum>,

    /// Only this category: BigCommerce's type, SHOPLINE's subject_type; repeat it for any of several
    #[arg(long, value_name = "TEXT")]
    category: Vec<String>,

    /// Only this action: SHOPLINE's verb
    #[arg(long, value_name = "TEXT")]
    action: Vec<String>,

    /// Only this module of BigCommerce, by its plain name: "order status"
    #[arg(long, value_name = "TEXT")]
    module: Vec<String>,

    /// Only what this actor did: SHOPLINE's author
    #[arg(long, value_name = "TEXT")]
    actor: Vec<String>,
}

/// The severities that can be asked for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Minimum {
    Info,
    Notice,
    Warning,
    Error,
}

impl Filters {
    pub(crate) fn apply(&self, mut query: LogQuery) -> LogQuery {
        query.min_severity = self.min_severity.map(|minimum| match minimum {
            Minimum::Info => Severity::Info,
            Minimum::Notice => Severity::Notice,
            Minimum::Warning => Severity::Warning,
            Minimum::Error => Severity::Error,
        });
        query.categories.clone_from(&self.category);
        query.actions.clone_from(&self.action);
        query.modules.clone_from(&self.module);
        query.actors.clone_from(&self.actor);
        query
    }
}
