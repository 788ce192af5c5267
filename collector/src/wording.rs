//! Counts, shares and lengths of time in words, and what helps where nothing can be written.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;

use jiff::SignedDuration;

/// What to do about an error if it, or what is behind it, is that a file cannot grow.
pub fn room(error: &(dyn Error + 'static)) -> Option<&'static str> {
    kinds(error).find_map(|kind| match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("make room on the disk"),
        ErrorKind::FileTooLarge => {
            Some("raise what a file of this process may have (ulimit -f, or LimitFSIZE= of a service)")
        }
        _ => None,
    })
}

/// Whether an error, or what is behind it, is that nothing can be written at this place, and will not be the next time either.
pub fn is_closed_place(error: &(dyn Error + 'static)) -> bool {
    kinds(error).any(|kind| {
        matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotADirectory)
    })
}

/// The kinds of an error of input and output and of those behind it.
fn kinds<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = ErrorKind> + 'a {
    let chain = std::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| {
        // An error of input and output shows what is within it, and has for its source what is behind that.
        let within = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        within.map(|within| within as &(dyn Error + 'static)).or_else(|| error.source())
    });
    chain.filter_map(|error| error.downcast_ref::<std::io::Error>().map(std::io::Error::kind))
}

pub(crate) fn times(n: u64) -> String {
    pluralize(n, "time", "times")
}

/// A number and what it counts: `1 entry`, `1,234 entries`.
pub fn pluralize(n: u64, one: &str, several: &str) -> String {
    format!("{} {}", format_count(n), if n == 1 { one } else { several })
}

/// The first of some names, and how many more there are: `a, b and 7 more`.
pub fn listed<T: fmt::Display>(names: impl IntoIterator<Item = T>, most: usize) -> String {
    let mut names = names.into_iter();
    let first: Vec<String> = names.by_ref().take(most).map(|name| name.to_string()).collect();
    let more = match names.count() {
        0 => String::new(),
        more => format!(" and {} more", format_count(more as u64)),
    };
    format!("{}{more}", first.join(", "))
}

/// `1,234,567`
pub fn format_count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        percent if percent < 0.1 => "less than 0.1 %".to_owned(),
        percent if percent >= 99.95 && share < 1.0 => "more than 99.9 %".to_owned(),
        percent if percent < 10.0 || percent > 99.0 && percent < 100.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// A number of bytes in its greatest unit: `1.5 GiB`.
pub fn format_bytes(bytes: u64) -> String {
    let units = [(1_u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => pluralize(bytes, "byte", "bytes"),
    }
}

/// A length of time in its greatest unit.
pub fn format_duration(length: SignedDuration) -> String {
    let seconds = length.as_millis().unsigned_abs().div_ceil(1000);
    let (unit, name) = match seconds {
        0..120 => (1, "s"),
        120..7200 => (60, "min"),
        7200..172_800 => (3600, "h"),
        172_800..63_072_000 => (86_400, "days"),
        _ => (31_536_000, "years"),
    };
    format!("{} {name}", (seconds + unit / 2) / unit)
}
