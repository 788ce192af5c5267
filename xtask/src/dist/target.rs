//! A target: Linux with glibc, and what packagers call its processor.

use std::fmt;
use std::str::FromStr;

/// The oldest glibc that the standard library of Rust runs with.
pub(super) const GLIBC: &str = "2.17";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target(&'static Names);

#[derive(Debug, PartialEq, Eq)]
struct Names {
    triple: &'static str,
    debian: &'static str,
    rpm: &'static str,
}

const TARGETS: [Names; 2] = [
    Names { triple: "x86_64-unknown-linux-gnu", debian: "amd64", rpm: "x86_64" },
    Names { triple: "aarch64-unknown-linux-gnu", debian: "arm64", rpm: "aarch64" },
];

impl Target {
    /// The target as Zig wants it: with the glibc that is linked against.
    pub(super) fn with_glibc(&self) -> String {
        format!("{self}.{GLIBC}")
    }

    pub(super) fn debian(&self) -> &'static str {
        self.0.debian
    }

    pub(super) fn rpm(&self) -> &'static str {
        self.0.rpm
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.triple)
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(triple: &str) -> Result<Self, String> {
        let target = TARGETS.iter().find(|names| names.triple == triple);
        target.map(Self).ok_or_else(|| format!("one of {}", TARGETS.map(|names| names.triple).join(", ")))
    }
}
