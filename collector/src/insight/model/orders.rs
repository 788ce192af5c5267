//! Which orders were hit?

use jiff::Timestamp;
use serde::Serialize;

use crate::redact::Text;

/// Which orders do problems name?
#[derive(Clone, Debug, Serialize)]
pub struct Orders {
    /// The orders, those whose problems are the newest first.
    pub list: Vec<Order>,
    /// How many more there are.
    pub others: u64,
}

/// An order that problems name.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    /// The number of the store.
    pub store: u32,
    /// The number of the order, as the log has it.
    pub order: String,
    /// The customer's e-mail address, if a message names it.
    pub customer: Option<Text>,
    /// How many problems.
    pub entries: u64,
    /// The time of the first of them.
    pub first: Timestamp,
    /// The time of the last of them.
    pub last: Timestamp,
    /// What the last one says.
    pub summary: Option<Text>,
    /// Why, as its message gives it.
    pub reason: Option<Text>,
    /// Lists them.
    pub query: String,
}
