//! Shards: the stores shared out among several machines.

use std::fmt;
use std::str::FromStr;

use storelogs::Store;

/// One of several shares of the stores, such as `2/8`. Each store is in exactly one, on every machine and in every
/// version of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    number: u32,
    /// Of how many.
    of: u32,
}

impl Shard {
    /// Whether a store is in this share.
    pub fn holds(self, store: &Store) -> bool {
        // FNV-1a: fixed for ever, unlike the standard library's.
        let hash = store
            .to_string()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        // The lowest bits of this hash are its weakest.
        (hash >> 32) % u64::from(self.of) == u64::from(self.number - 1)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parsed {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err("write which share of how many, such as 2/8; the first is 1".to_owned()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}
