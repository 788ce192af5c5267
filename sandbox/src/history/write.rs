//! The writer of made-up records: times, ids and bytes.

use crate::{
    row::{Fields, write_text},
    table::{Table, TableBuilder},
};

use super::Plan;

/// The offset of times in SHOPLINE's logs, +08:00, in seconds.
pub(crate) const SHOPLINE_OFFSET: i64 = 8 * 3600;
/// 2012-02-27T07:35:08.600Z, where SHOPLINE's ids begin; milliseconds.
const SHOPLINE_EPOCH_MS: i64 = 1_330_328_108_600;

/// The least SHOPLINE id of a millisecond: milliseconds above 24 bits.
pub(crate) fn shopline_id(unix_ms: i64) -> u64 {
    u64::try_from(unix_ms - SHOPLINE_EPOCH_MS).unwrap_or(0) << 24
}

/// A time at an offset: `2021-12-20T23:15:24+00:00`. By hand, because a million are needed at once.
pub(crate) fn time(unix: i64, offset: i64) -> String {
    let local = unix + offset;
    let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (sign, offset) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60,
        offset / 3600,
        offset / 60 % 60
    )
}

/// Year, month and day of a day since 1970, by Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Ids that rise with time.
#[derive(Debug)]
pub(crate) struct Ids {
    last: u64,
}

impl Ids {
    pub(crate) fn from(first: u64) -> Self {
        Self { last: first }
    }

    /// BigCommerce: the next integer, now and then with a gap.
    pub(crate) fn bigcommerce(&mut self, dice: &mut fastrand::Rng) -> u64 {
        self.last += if dice.u8(..8) == 0 { dice.u64(2..6) } else { 1 };
        self.last
    }

    /// SHOPLINE: of this millisecond, and above all ids before.
    pub(crate) fn shopline(&mut self, unix_ms: i64, dice: &mut fastrand::Rng) -> u64 {
        let id = shopline_id(unix_ms) + dice.u64(..1 << 24);
        self.last = if id > self.last { id } else { self.last + dice.u64(1..1000) };
        self.last
    }
}

/// Writes the records of a history, moved to where it shall end.
pub(crate) struct Writer {
    table: TableBuilder,
    body: Vec<u8>,
    moved: i64,
}

impl Writer {
    pub(crate) fn new(plan: &Plan, rows: usize) -> Self {
        Self { table: TableBuilder::with_capacity(rows), body: Vec::with_capacity(2048), moved: plan.moved }
    }

    pub(crate) fn finish(self) -> Table {
        self.table.finish()
    }
}

/// A BigCommerce record to be written.
pub(crate) struct SystemLog<'a> {
    pub(crate) id: u64,
    pub(crate) at: i64,
    pub(crate) log_type: &'a str,
    pub(crate) module: &'a str,
    /// 1 success, 2 notice, 3 warning, 4 error.
    pub(crate) rank: u8,
    pub(crate) summary: &'a str,
    pub(crate) message: Option<&'a str>,
}

impl SystemLog<'_> {
    pub(crate) fn write(&self, writer: &mut Writer) {
        let Writer { table, body, moved } = writer;
        let at = self.at + *moved;
        let severity = match self.rank {
            1 => "success",
            2 => "notices",
            3 => "warnings",
            _ => "errors",
        };
        body.clear();
        body.extend_from_slice(b"{\"id\":");
        body.extend_from_slice(self.id.to_string().as_bytes());
        for (name, value) in
            [("type", self.log_type), ("module", self.module), ("severity", severity), ("summary", self.summary)]
        {
            field(name, value, body);
        }
        match self.message {
            Some(message) => field("message", message, body),
            None => body.extend_from_slice(b",\"message\":null"),
        }
        field("date_created", &time(at, 0), body);
        body.push(b'}');
        let fields = Fields { id: self.id, at, kind: self.log_type, what: self.module, rank: self.rank };
        table.add(&fields, body);
    }
}

/// A SHOPLINE record to be written.
pub(crate) struct OperationLog<'a> {
    pub(crate) id: u64,
    pub(crate) at: i64,
    pub(crate) author: &'a str,
    pub(crate) detail: &'a str,
    pub(crate) subject_type: &'a str,
    pub(crate) verb: &'a str,
}

impl OperationLog<'_> {
    pub(crate) fn write(&self, writer: &mut Writer) {
        let Writer { table, body, moved } = writer;
        let at = self.at + *moved;
        body.clear();
        body.extend_from_slice(b"{\"author\":");
        write_text(self.author, body);
        field("created_at", &time(at, SHOPLINE_OFFSET), body);
        field("detail", self.detail, body);
        field("id", &self.id.to_string(), body);
        field("subject_type", self.subject_type, body);
        field("verb", self.verb, body);
        body.push(b'}');
        let fields = Fields { id: self.id, at, kind: self.subject_type, what: self.verb, rank: 0 };
        table.add(&fields, body);
    }
}

fn field(name: &str, value: &str, body: &mut Vec<u8>) {
    body.extend_from_slice(b",\"");
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(b"\":");
    write_text(value, body);
}
