//! Lengths of time as people say them.

use jiff::SignedDuration;

/// A length of time in its greatest unit.
pub(crate) fn rough(length: SignedDuration) -> String {
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
