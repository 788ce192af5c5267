//! Unique names.

use std::fmt::Write as _;

use ring::rand::{SecureRandom, SystemRandom};

/// 32 hexadecimal digits that nobody else has.
pub(crate) fn unique() -> String {
    let mut bytes = [0_u8; 16];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        // The system has no randomness to give: still another one in each process and call.
        fastrand::fill(&mut bytes);
    }
    hex(&bytes)
}

/// A name like that of `unique`, in the form of a UUID.
pub(crate) fn uuid() -> String {
    let digits = unique();
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", part(0..8), part(8..12), part(13..16), part(17..20), part(20..32))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A value as a folder's name has it, as Hive and its heirs do: what is no plain letter, digit, `-`, `_` or `.` becomes `%XX`.
pub(crate) fn folder_value(value: &str) -> String {
    escape(value, b"-_.")
}

/// A name as an address in a table's log: the folders stay, what an address cannot hold becomes `%XX`.
pub(crate) fn to_address(name: &str) -> String {
    escape(name, b"-_.=/")
}

fn escape(text: &str, plain: &[u8]) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

/// The name that an address in a table's log means.
pub(crate) fn of_address(address: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            &tail[2..]
        } else {
            bytes.push(*first);
            tail
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_means_the_name_that_it_was_made_of() {
        for name in ["platform=bigcommerce/month=2026-08/a.parquet", "platform=a%20b/month=2026-08/x", "ü/%/ ?#", ""] {
            assert_eq!(of_address(&to_address(name)).as_deref(), Some(name));
        }
        assert_eq!(to_address("platform=a%20b"), "platform=a%2520b");
        assert_eq!((of_address("%"), of_address("%zz"), of_address("%ff")), (None, None, None));
    }

    #[test]
    fn no_name_is_given_twice() {
        assert_ne!(unique(), unique());
        assert!(uuid().len() == 36 && uuid().matches('-').count() == 4);
    }
}
