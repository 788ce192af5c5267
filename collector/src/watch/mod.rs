//! Rules that watch what comes into an archive, and tell somebody.
//!
//! [`watch`] follows the arrivals: every entry that came is looked at once, in whatever order and however late it came.
//! What there is to tell is kept in the transaction in which the arrivals are passed, and is removed when it was
//! delivered: stop it anywhere, start it again, and every alert is delivered, in the worst case twice, under the same id.
//!
//! `docs/watching.md` tells what each kind of rule means.

mod action;
mod alert;
mod alert_state;
mod changes;
mod chat;
mod entries;
mod incidents;
mod part;
mod query;
mod replay;
mod rule;
mod run;
mod silence;
mod templates;
mod watcher;

pub use action::{Action, Program, Webhook};
pub use alert::{Alert, Kind};
pub use chat::Form;
pub use replay::replay;
pub use rule::{Draft, Rule};
pub use run::{Event, Options, Outcome, Rules, try_actions, watch};
