//! The section of a report that answers: which orders were hit?

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::redact::Text;

/// The section that answers: which orders do problems name?
#[derive(Clone, Debug, Serialize)]
pub struct Orders {
    /// The orders, those whose problems are the newest first.
    pub list: Vec<Order>,
    /// How many more there are.
    pub others: u64,
    /// What those that did not come through cost, where the log names it, of each currency; also of those that are not listed.
    pub costs: Vec<Cost>,
}

/// A sum of the amounts of orders.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// The sum.
    #[serde(flatten)]
    pub amount: Amount,
    /// How many orders name an amount in this currency.
    pub orders: u64,
}

/// An amount of money.
#[derive(Clone, Debug, Serialize)]
pub struct Amount {
    /// A decimal number, exact, as text.
    pub value: String,
    /// Its currency by ISO 4217, if the log names it.
    pub currency: Option<String>,
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)?;
        self.currency.as_ref().map_or(Ok(()), |currency| write!(f, " {currency}"))
    }
}

impl Orders {
    /// How many of those that are listed came through later.
    pub fn came_through(&self) -> u64 {
        self.list.iter().filter(|order| order.came_through.is_some()).count() as u64
    }
}

/// An order that problems name.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    /// The number of the store.
    pub store: u32,
    /// The number of the order, as the log has it.
    pub order: String,
    /// The customer's e-mail address, if a summary or a message names it.
    pub customer: Option<Text>,
    /// What it cost, if a message in JSON names it.
    pub amount: Option<Amount>,
    /// How many problems.
    pub entries: u64,
    /// The time of the first of them.
    pub first: Timestamp,
    /// The time of the last of them.
    pub last: Timestamp,
    /// The text of the last one.
    pub summary: Option<Text>,
    /// Why, as its message gives it: the reason in its JSON, or all of a short text.
    pub reason: Option<Text>,
    /// Lists them.
    pub query: String,
    /// The first success after the last problem, of the same order and module. `None`: the log of the period shows none.
    pub came_through: Option<Success>,
}

/// The later success.
#[derive(Clone, Debug, Serialize)]
pub struct Success {
    /// When.
    pub time: Timestamp,
    /// The problem in the log's words.
    pub summary: Option<Text>,
    /// Finds it.
    pub query: String,
}
