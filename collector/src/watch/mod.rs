//! Rules that watch what comes into an archive, and send alerts.
//!
//! [`watch`] follows the arrivals: every entry is checked once, in whatever order and however late it came. Alerts are
//! stored in the transaction in which the arrivals are marked as seen, and removed when they were delivered: stop it
//! anywhere, start it again, and every alert is delivered, in the worst case twice, under the same id.
//!
//! `docs/watching.md` explains each kind of rule.

mod action;
mod alert;
mod alert_state;
mod changes;
mod chat;
mod endings;
mod entries;
mod incidents;
mod inert;
mod on_call;
mod part;
mod query;
mod replay;
mod rule;
mod run;
mod signature;
mod silence;
mod templates;
mod watcher;

pub use action::{Action, Program, Webhook};
pub use alert::{Alert, Kind, Level, Status};
pub use chat::Form;
pub use replay::replay;
pub use rule::{Draft, Rule, WrongRule};
pub use run::{Event, Outcome, Rules, Tried, WatchOptions, try_actions, watch};
