//! The origin of the API that a store was read from, since another store elsewhere may have the same name.

use rusqlite::{Connection, params};

use super::{Archive, StoreId};
use crate::error::Result;

impl Archive {
    /// The origin of the API that a store was read from, such as `https://api.bigcommerce.com`. `None` of a store of which
    /// nothing was read since that is kept.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn origin(&self, store: StoreId) -> Result<Option<String>> {
        let mut find = self.prepared("SELECT origin FROM store WHERE id = ?1")?;
        find.query_row([store.0], |row| row.get(0)).map_err(|error| self.fault(error))
    }
}

/// Part of a commit.
pub(super) fn keep(sql: &Connection, store: StoreId, origin: &str) -> rusqlite::Result<()> {
    sql.prepare_cached("UPDATE store SET origin = ?2 WHERE id = ?1 AND origin IS NOT ?2")?
        .execute(params![store.0, origin])
        .map(drop)
}
