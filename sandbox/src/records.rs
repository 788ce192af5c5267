//! Records given by hand, shared between the stores that serve them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Platform,
    table::{Table, TableBuilder},
};

/// Records in the vendor's shape. Clones share their memory until a store's records change.
#[derive(Clone, Debug)]
pub struct Records {
    pub(crate) platform: Platform,
    pub(crate) table: Arc<Table>,
}

impl Records {
    /// Takes records of a platform, in any order. A record without a readable date is taken to be of now.
    #[must_use]
    pub fn new(platform: Platform, records: &[Value]) -> Self {
        let now = Timestamp::now().as_second();
        let mut table = TableBuilder::with_capacity(records.len());
        for record in records {
            table.add_value(platform, record, now);
        }
        Self { platform, table: Arc::new(table.finish()) }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.rows().len()
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All records as values, oldest first.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        self.table.rows().iter().map(crate::row::Row::value).collect()
    }

    /// The platform they are of.
    #[must_use]
    pub fn platform(&self) -> Platform {
        self.platform
    }
}
