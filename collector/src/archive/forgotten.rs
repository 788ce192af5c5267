//! Tombstones of forgotten entries: keyed hashes that keep them from coming back, and that do not reveal to anybody
//! with the archive whom the entries were about.

use jiff::Timestamp;
use ring::hmac;
use rusqlite::{Connection, OptionalExtension, params};
use storelogs::Store;

use super::{Archive, StoreId};
use crate::error::{Error, Result};
use crate::micros::Micros;

/// Hashes what was forgotten with the archive's secret.
#[derive(Clone, Debug)]
pub(super) struct Hasher(hmac::Key);

/// A hash of what was forgotten.
pub(super) type Hash = [u8; 32];

impl Hasher {
    pub(super) fn new(secret: &[u8]) -> Self {
        let key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"storelogs: what was forgotten");
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()))
    }

    /// The hash of an entry.
    pub(super) fn uid(&self, uid: &str) -> Hash {
        self.hash(b"uid", uid)
    }

    /// The hash of a record that could not be decoded.
    pub(super) fn raw(&self, raw: &str) -> Hash {
        self.hash(b"raw", raw)
    }

    fn hash(&self, kind: &[u8], text: &str) -> Hash {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(kind);
        context.update(&[0]);
        context.update(text.as_bytes());
        let mut hash = Hash::default();
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }
}

/// The guard that keeps forgotten entries of a store out.
pub(super) struct Guard<'a> {
    sql: &'a Connection,
    store: StoreId,
    hasher: &'a Hasher,
}

impl<'a> Guard<'a> {
    /// `None` if nothing of the store was forgotten.
    pub(super) fn of(
        sql: &'a Connection,
        store: StoreId,
        hasher: Option<&'a Hasher>,
    ) -> rusqlite::Result<Option<Self>> {
        let any = sql
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM forgotten WHERE store = ?1)")?
            .query_row([store.0], |row| row.get(0))?;
        Ok(hasher.filter(|_| any).map(|hasher| Self { sql, store, hasher }))
    }

    pub(super) fn has_entry(&self, uid: &str) -> rusqlite::Result<bool> {
        self.has(self.hasher.uid(uid))
    }

    pub(super) fn has_record(&self, raw: &str) -> rusqlite::Result<bool> {
        self.has(self.hasher.raw(raw))
    }

    fn has(&self, hash: Hash) -> rusqlite::Result<bool> {
        self.sql
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM forgotten WHERE store = ?1 AND hash = ?2)")?
            .query_row(params![self.store.0, hash], |row| row.get(0))
    }
}

/// Takes note of something that was forgotten.
pub(super) fn keep(
    sql: &Connection,
    store: StoreId,
    hash: Hash,
    time: Option<Micros>,
    redacted: bool,
) -> rusqlite::Result<()> {
    sql.prepare_cached("INSERT OR REPLACE INTO forgotten (store, hash, time, redacted) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![store.0, hash, time, redacted])
        .map(drop)
}

/// Whether anything was ever forgotten.
pub(super) fn any(sql: &Connection) -> rusqlite::Result<bool> {
    sql.query_row("SELECT EXISTS (SELECT 1 FROM forgotten)", [], |row| row.get(0))
}

impl Archive {
    /// Whether an entry of a store was forgotten, or redacted.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub(crate) fn is_forgotten(&self, store: StoreId, uid: &str) -> Result<bool> {
        self.guarded(store, |guard| guard.has_entry(uid))
    }

    /// Whether a record that could not be decoded was forgotten.
    pub(crate) fn is_forgotten_record(&self, store: StoreId, raw: &str) -> Result<bool> {
        self.guarded(store, |guard| guard.has_record(raw))
    }

    fn guarded(&self, store: StoreId, has: impl FnOnce(&Guard<'_>) -> rusqlite::Result<bool>) -> Result<bool> {
        let hasher = match &self.hasher {
            Some(hasher) => Some(hasher.clone()),
            None => self.secret()?.map(|secret| Hasher::new(&secret)),
        };
        let fault = |error: rusqlite::Error| self.fault(error);
        match Guard::of(&self.sql, store, hasher.as_ref()).map_err(fault)? {
            Some(guard) => has(&guard).map_err(fault),
            None => Ok(false),
        }
    }

    /// Since when what was forgotten may still stand in free pages of the file, or beside it.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn to_clear_since(&self) -> Result<Option<Timestamp>> {
        let find = self.sql.query_row("SELECT min(since) FROM clearing", [], |row| row.get::<_, Option<Micros>>(0));
        Ok(find.optional().map_err(|error| Error::of(&self.path, error))?.flatten().map(Micros::time))
    }

    /// How many entries and records of each store were forgotten.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn forgotten(&self) -> Result<Vec<(Store, u64)>> {
        let find = "SELECT store.platform, store.name, count(*) FROM forgotten JOIN store ON store.id = forgotten.store \
                    GROUP BY store.id ORDER BY 1, 2";
        self.rows(find, [], |row| {
            let store = super::row::store(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?)?;
            Ok((store, row.get::<_, i64>(2)?.unsigned_abs()))
        })
    }
}
