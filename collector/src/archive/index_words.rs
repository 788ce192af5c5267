//! The table of words. It knows which entries have a word; whether it also has positions depends on the entries'
//! language.
//!
//! Positions take as much room again, and are needed to find words that follow each other. In most languages people
//! search for those in quotes, which is rare: then the entries that have all of the words are read. Where words have no
//! spaces, any part of two characters or more is such a phrase, so there the index has positions.

use rusqlite::Connection;

/// An index without places gets them once this many entries need them,
const MANY_PARTS: i64 = 1000;
/// and one in this many.
const SHARE_OF_PARTS: i64 = 20;

/// Makes the table, without an entry.
pub(super) fn create(sql: &Connection, places: bool) -> rusqlite::Result<()> {
    // The text that is given to it is tokens already (words.rs), each between two spaces; the tokenizer only splits at them.
    // The number is of bytes that are sorted in memory before they are written.
    let detail = if places { "full" } else { "none" };
    sql.execute_batch(&format!(
        "CREATE VIRTUAL TABLE words.entry_text USING fts5 (
             tokens, content = '', contentless_delete = 1, detail = {detail}, tokenize = 'ascii'
         );
         INSERT INTO words.entry_text (entry_text, rank) VALUES ('hashsize', 16777216);
         UPDATE words.state SET places = {}, written = 0, parts = 0",
        u8::from(places)
    ))
}

/// Whether it knows where words stand.
pub(super) fn has_places(sql: &Connection) -> rusqlite::Result<bool> {
    sql.prepare_cached("SELECT places FROM words.state")?.query_row([], |row| row.get(0))
}

/// Takes note of entries that were written, and of how many of them have words of which any part is found.
pub(super) fn count(sql: &Connection, written: i64, parts: i64) -> rusqlite::Result<()> {
    sql.prepare_cached("UPDATE words.state SET written = written + ?1, parts = parts + ?2")?
        .execute([written, parts])
        .map(drop)
}

/// Whether it is to be made anew, with places.
pub(super) fn lacks_places(sql: &Connection) -> rusqlite::Result<bool> {
    sql.prepare_cached("SELECT places = 0 AND parts >= ?1 AND parts * ?2 >= written FROM words.state")?
        .query_row([MANY_PARTS, SHARE_OF_PARTS], |row| row.get(0))
}
