//! CSV for spreadsheets.

use std::borrow::Cow;
use std::io;

use storelogs::LogEntry;

use super::sink::Sink;
use crate::ui::Out;

/// The columns: the fields of an entry, `extra` as JSON.
const HEADER: [&str; 17] = [
    "uid",
    "platform",
    "store",
    "id",
    "time",
    "utc_offset",
    "observed",
    "severity",
    "severity_text",
    "category",
    "action",
    "module",
    "actor",
    "subject_id",
    "summary",
    "message",
    "extra",
];

pub(super) struct Csv(csv::Writer<Out>);

impl Csv {
    pub(super) fn new(out: Out) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(HEADER).map_err(io_error)?;
        Ok(Self(writer))
    }
}

impl Sink for Csv {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        let (time, observed) = (entry.time.to_string(), entry.observed.to_string());
        let offset = entry.utc_offset.to_string();
        let extra = if entry.extra.is_empty() { String::new() } else { serde_json::to_string(&entry.extra)? };
        let cells: [Cow<'_, str>; HEADER.len()] = [
            guarded(&entry.uid),
            guarded(entry.platform.as_str()),
            guarded(&entry.store),
            guarded(&entry.id),
            guarded(&time),
            Cow::Borrowed(offset.as_str()), // our own text, and no formula
            guarded(&observed),
            guarded(entry.severity.as_str()),
            or_empty(&entry.severity_text),
            or_empty(&entry.category),
            or_empty(&entry.action),
            or_empty(&entry.module),
            or_empty(&entry.actor),
            or_empty(&entry.subject_id),
            or_empty(&entry.summary),
            or_empty(&entry.message),
            guarded(&extra),
        ];
        self.0.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(io_error)
    }

    fn pause(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn or_empty(text: &Option<String>) -> Cow<'_, str> {
    guarded(text.as_deref().unwrap_or_default())
}

/// A cell that a spreadsheet would take as a formula gets a `'` in front: log text is written by strangers. So does what it
/// would take for something else and write otherwise: an id of more digits than it keeps, `00123`, `1.10`, `1e5`, `1-2`,
/// `SEPT2`, `50%`, `true`.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text) || is_spoilt(text) || is_converted(text) { format!("'{text}").into() } else { text.into() }
}

/// Spreadsheets pass over white space in front, and some take the wide forms of a sign for the sign.
fn is_formula(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n'])
        || text.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

/// How many digits of a number a spreadsheet keeps.
const DIGITS: usize = 15;

/// Whether it is a number that does not stay as it is written.
fn is_spoilt(text: &str) -> bool {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.trim_start_matches(['+', '-']))),
        None => (text, None),
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = match mantissa.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (mantissa, None),
    };
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0
        || !is_number(whole)
        || !part.is_none_or(is_number)
        || !exponent.is_none_or(|exponent| !exponent.is_empty() && is_number(exponent))
    {
        return false;
    }
    exponent.is_some()
        || digits > DIGITS
        || whole.is_empty()
        || whole.len() > 1 && whole.starts_with('0')
        || part.is_some_and(|part| part.is_empty() || part.ends_with('0'))
}

/// The longest text that a spreadsheet takes for a date or an amount.
const LONGEST: usize = 40;

/// Words that may stand in a date, a time or an amount.
const DATE_WORDS: &str = "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august \
                          september october november december am pm usd eur gbp jpy cny hkd twd sgd";

/// Whether a spreadsheet of some language would take it for a date, a time, a share, an amount or a truth value. A plain
/// number is written as it is, and so is a date of year, month and day: it is one, everywhere.
fn is_converted(text: &str) -> bool {
    let text = text.trim();
    if text.len() > LONGEST {
        return false;
    }
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return true;
    }
    // With three points it is an address of the internet.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && matches!(text.bytes().filter(|byte| *byte == b'.').count(), 0 | 1 | 3);
    if is_plain || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let part = |c: char| c.is_ascii_digit() || c.is_whitespace() || "-/.:,%'()$€£¥".contains(c);
    let is_known = |word: &str| DATE_WORDS.split(' ').any(|known| known.eq_ignore_ascii_case(word));
    text.split(part).filter(|word| !word.is_empty()).all(is_known)
        && text.get(..10).is_none_or(|date| date.parse::<jiff::civil::Date>().is_err())
}

pub(crate) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_cell_that_could_be_a_formula_is_guarded() {
        for text in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", " =1", "\n =1", "\u{a0}=1", "＝1+1", " ＠SUM(A1)"]
        {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in ["", "a=1", " a", "a-b"] {
            assert_eq!(guarded(text), text);
        }
    }

    #[test]
    fn a_text_that_a_spreadsheet_would_take_for_a_date_or_an_amount_is_guarded() {
        for text in [
            "1-2",
            "1/2",
            "3-2026",
            "SEPT2",
            "MARCH1",
            "dec 25",
            "2 Sep",
            "1.2.2026",
            "30/11/2026",
            "12:30",
            "5 pm",
            "50%",
            "$5",
            "5,00 €",
            "1,234.50",
            "(5)",
            "EUR 12.50",
            "TRUE",
            "false",
            " 1-2 ",
        ] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in [
            "5",
            "12.75",
            "2 items",
            "SKU-12",
            "march",
            "May",
            "10.0.0.1",
            "12a",
            "4 of 5",
            "2026-11-30T12:30:45Z",
            "2026-11-30",
            "2026-11-30 12:30:45",
            "order 1-2",
            "truth",
            "v1.2.3",
            "a1",
            "…",
            "10 kg",
        ] {
            assert_eq!(guarded(text), text);
        }
    }

    #[test]
    fn a_number_that_a_spreadsheet_would_write_otherwise_is_guarded() {
        for text in [
            "9000000000000000100",
            "1234567890123456",
            "00123",
            "1e5",
            "1E-5",
            "1.5e+10",
            "0.1234567890123456",
            "1.10",
            "2.0",
            ".5",
            "5.",
            ".5e3",
        ] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in [".", ".e5", "0", "123", "123456789012345", "0.5", "12.75", "e5", "1e", "1e5x", "12e3a", "0x12"] {
            assert_eq!(guarded(text), text);
        }
    }
}
