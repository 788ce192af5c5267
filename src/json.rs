//! Entries as JSON, byte for byte as serde writes it, in a fraction of the time.
//!
//! Text takes most of the time: serde looks at each byte, and writes the pieces between escaped ones one by one. Here
//! eight bytes are checked at once, and a text without escapes is copied as a whole.

use std::io::Write;

use jiff::Timestamp;

use crate::entry::{LogEntry, UtcOffset};

impl LogEntry {
    /// Appends the entry as JSON, on one line: the same bytes that `serde_json::to_vec` gives.
    ///
    /// ```
    /// use storelogs::{LogEntry, Store};
    ///
    /// let store = Store::bigcommerce("abc123")?;
    /// let entry = LogEntry::builder(&store, "7", "2026-11-01T08:00:00Z".parse().expect("a literal that is a time")).build();
    /// let mut line = Vec::new();
    /// entry.append_json(&mut line);
    /// assert_eq!(line, serde_json::to_vec(&entry).expect("an entry is JSON"));
    /// # Ok::<(), storelogs::Error>(())
    /// ```
    pub fn append_json(&self, out: &mut Vec<u8>) {
        let texts = [&self.summary, &self.message].into_iter().flatten().map(String::len).sum::<usize>();
        out.reserve(texts + texts / 8 + 384);
        field(out, b"{\"uid\":", &self.uid);
        field(out, b",\"platform\":", self.platform.as_str());
        field(out, b",\"store\":", &self.store);
        field(out, b",\"id\":", &self.id);
        out.extend_from_slice(b",\"time\":\"");
        time(out, self.time);
        out.extend_from_slice(b"\",\"utc_offset\":\"");
        offset(out, self.utc_offset);
        out.extend_from_slice(b"\",\"observed\":\"");
        time(out, self.observed);
        field(out, b"\",\"severity\":", self.severity.as_str());
        let rest: [(&[u8], _); 8] = [
            (b",\"severity_text\":", &self.severity_text),
            (b",\"category\":", &self.category),
            (b",\"action\":", &self.action),
            (b",\"module\":", &self.module),
            (b",\"actor\":", &self.actor),
            (b",\"subject_id\":", &self.subject_id),
            (b",\"summary\":", &self.summary),
            (b",\"message\":", &self.message),
        ];
        for (name, value) in rest {
            if let Some(value) = value {
                field(out, name, value);
            }
        }
        if !self.extra.is_empty() {
            out.extend_from_slice(b",\"extra\":");
            let _ = serde_json::to_writer(&mut *out, &self.extra); // into memory, and its keys are texts
        }
        out.push(b'}');
    }
}

fn field(out: &mut Vec<u8>, name: &[u8], value: &str) {
    out.extend_from_slice(name);
    text(out, value);
}

/// A text with its quotes, escaped as serde does it.
fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = special(rest) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        match special[0] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            control => drop(write!(out, "\\u{control:04x}")),
        }
        rest = &special[1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// The place of the first byte that JSON escapes: a quote, a backslash, a control character.
fn special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let is = |byte: u8| {
            let other = word ^ (ONES * u64::from(byte));
            other.wrapping_sub(ONES) & !other
        };
        // The lowest bit of these is right whatever borrows there are above it.
        let found = (word.wrapping_sub(ONES * 0x20) & !word | is(b'"') | is(b'\\')) & HIGH;
        if found != 0 {
            return Some(8 * place + (found.trailing_zeros() / 8) as usize);
        }
    }
    let at = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    at.map(|at| 8 * words.len() + at)
}

/// A time in UTC, as jiff shows it.
fn time(out: &mut Vec<u8>, time: Timestamp) {
    /// The years 1 to 9999.
    const USUAL: std::ops::Range<i64> = -62_135_596_800..253_402_300_800;
    let (seconds, nanoseconds) = (time.as_second(), time.subsec_nanosecond());
    if !USUAL.contains(&seconds) || nanoseconds < 0 {
        let _ = write!(out, "{time}"); // into memory
        return;
    }
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u32);
    let (year, month, day) = civil(days);
    let mut clock = *b"0000-00-00T00:00:00";
    digits(&mut clock[..4], year);
    digits(&mut clock[5..7], month);
    digits(&mut clock[8..10], day);
    digits(&mut clock[11..13], of_day / 3600);
    digits(&mut clock[14..16], of_day / 60 % 60);
    digits(&mut clock[17..], of_day % 60);
    out.extend_from_slice(&clock);
    if nanoseconds > 0 {
        let mut fraction = *b".000000000";
        digits(&mut fraction[1..], nanoseconds.unsigned_abs());
        let end = fraction.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
        out.extend_from_slice(&fraction[..end]);
    }
    out.push(b'Z');
}

fn offset(out: &mut Vec<u8>, offset: UtcOffset) {
    let seconds = offset.seconds();
    if seconds % 60 != 0 {
        let _ = write!(out, "{offset}"); // into memory
        return;
    }
    let (mut text, minutes) = (*b"+00:00", seconds.unsigned_abs() / 60);
    if seconds < 0 {
        text[0] = b'-';
    }
    digits(&mut text[1..3], minutes / 60);
    digits(&mut text[4..], minutes % 60);
    out.extend_from_slice(&text);
}

fn digits(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Year, month and day of the Gregorian calendar, of a number of days since 1970. The years of its cycle of 400 years
/// begin in March, so that the day that comes and goes is the last one.
fn civil(days: i64) -> (u32, u32, u32) {
    let days = (days + 719_468) as u32; // from the year 1 on it is above 0
    let (cycle, of_cycle) = (days / 146_097, days % 146_097);
    let of_cycle_year = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * of_cycle_year + of_cycle_year / 4 - of_cycle_year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (cycle * 400 + of_cycle_year + u32::from(month <= 2), month, day)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_text_is_escaped_as_serde_does_it_wherever_a_character_stands() {
        let mut texts: Vec<String> = (0..=0x2fff).filter_map(char::from_u32).map(String::from).collect();
        for special in ['"', '\\', '\n', '\u{1}', '\u{7f}', '\u{80}', 'é', '\u{1f600}'] {
            for place in 0..20 {
                let mut text = "a".repeat(20);
                text.insert(place, special);
                texts.extend([text.clone(), format!("{text}{special}\u{a0}\u{1f}")]);
            }
        }
        for text in texts {
            let mut ours = Vec::new();
            super::text(&mut ours, &text);
            assert_eq!(String::from_utf8(ours).unwrap(), serde_json::to_string(&text).unwrap());
        }
    }

    #[test]
    fn a_time_is_written_as_jiff_shows_it() {
        let mut dice = fastrand::Rng::with_seed(4);
        let seconds = (0..20_000).map(|_| dice.i64(-377_705_116_800..253_402_207_200));
        let edges = [-62_135_596_801, -62_135_596_800, -1, 0, 951_782_400, 951_868_799, 4_107_542_399, 253_402_207_199];
        for second in seconds.collect::<Vec<_>>().into_iter().chain(edges) {
            for nanosecond in [0, 1, 120_000_000, 999_999_999] {
                let time = Timestamp::new(second, nanosecond).unwrap();
                let mut ours = Vec::new();
                super::time(&mut ours, time);
                assert_eq!(String::from_utf8(ours).unwrap(), time.to_string());
            }
        }
    }

    #[test]
    fn an_entry_is_the_same_bytes_that_serde_makes_of_it() {
        let store = Store::shopline("open001").unwrap();
        let observed = Timestamp::new(1_790_000_000, 120_000_000).unwrap();
        let mut entry = LogEntry::new(&store, "7", Timestamp::UNIX_EPOCH, observed);
        let same = |entry: &LogEntry| {
            let mut ours = Vec::new();
            entry.append_json(&mut ours);
            assert_eq!(String::from_utf8(ours).unwrap(), serde_json::to_string(entry).unwrap());
        };
        for seconds in [0, 28_800, -12_600, 60, -60, -12_645, 86_340, -86_399] {
            entry.utc_offset = UtcOffset::from_seconds(seconds);
            same(&entry);
        }
        let text = || Some("a \"b\"\n".to_owned());
        (entry.severity_text, entry.category, entry.action, entry.module) = (text(), text(), text(), text());
        (entry.actor, entry.subject_id, entry.summary, entry.message) = (text(), text(), text(), text());
        entry.extra.insert("n\"".into(), serde_json::from_str("[1.50, {\"a\": null}]").unwrap());
        same(&entry);
    }
}
