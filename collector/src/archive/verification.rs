//! The result of the last comparison of each store with its platform.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;

use super::{Archive, StoreId};
use crate::error::Result;
use crate::micros::Micros;

/// The result of comparing a store with its platform, in the words of that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// When it ended.
    pub at: Timestamp,
    /// Whether every id was compared, and not only a sample.
    pub deep: bool,
    /// The worst verdict, in one word.
    pub verdict: String,
    /// The same in one line.
    pub summary: String,
    /// The reason why it could not be compared to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Archive {
    /// Keeps what a comparison found, in place of what the one before did.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn keep_verification(&mut self, store: StoreId, found: &Verification) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO verification (store, at, deep, verdict, summary, error) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let Verification { at, deep, verdict, summary, error } = found;
        let kept = self.prepared(sql)?.execute(params![store.0, Micros::of(*at), deep, verdict, summary, error]);
        kept.map(drop).map_err(|error| self.fault(error))
    }

    /// The result of the last comparison of each store that was ever compared.
    pub(crate) fn verifications(&self) -> Result<HashMap<StoreId, Verification>> {
        let found = self.rows("SELECT store, at, deep, verdict, summary, error FROM verification", [], |row| {
            let found = Verification {
                at: row.get::<_, Micros>(1)?.time(),
                deep: row.get(2)?,
                verdict: row.get(3)?,
                summary: row.get(4)?,
                error: row.get(5)?,
            };
            Ok((StoreId(row.get(0)?), found))
        })?;
        Ok(found.into_iter().collect())
    }
}
