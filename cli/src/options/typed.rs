//! The words of a command line that is being typed, as far as completions need them.

use std::path::PathBuf;

use storelogs_collector::Archive;

use crate::config::{self, Selection};

/// The words before the one that is being typed.
pub(super) struct Typed(Vec<String>);

impl Typed {
    pub(super) fn now() -> Self {
        Self::of(std::env::args_os().filter_map(|word| word.into_string().ok()).collect())
    }

    pub(super) fn of(mut words: Vec<String>) -> Self {
        words.pop();
        Self(words)
    }

    /// The value typed behind an option so far.
    pub(super) fn value(&self, option: &str) -> Option<&str> {
        self.values(option).next_back()
    }

    pub(super) fn values(&self, option: &str) -> impl DoubleEndedIterator<Item = &str> {
        let behind = move |(at, word): (usize, &'_ String)| match word.strip_prefix(option)? {
            "" => self.0.get(at + 1).map(String::as_str),
            rest => self.0.get(at)?.get(word.len() - rest.len()..)?.strip_prefix('='),
        };
        self.0.iter().enumerate().filter_map(behind)
    }

    /// The archive that is meant, if it is there and can be read.
    pub(super) fn archive(&self) -> Option<Archive> {
        let path = config::archive(self.value("--archive").map(PathBuf::from).as_deref()).ok()?;
        if path.is_file() { Archive::read(path).ok() } else { None }
    }

    /// The configuration that is meant.
    pub(super) fn configuration(&self) -> Selection {
        // Anything but a file might be read for ever.
        let file = |option| self.value(option).map(PathBuf::from).filter(|path| path.is_file());
        Selection { stores: Vec::new(), file: file("--config"), table: file("--stores") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_were_typed_before_count() {
        let typed = ["storelogs", "report", "--archive=a.db", "--config", "x.toml", "--archive", "b.db", "--store", ""];
        let typed = Typed::of(typed.map(str::to_owned).into());
        assert_eq!((typed.value("--archive"), typed.value("--config")), (Some("b.db"), Some("x.toml")));
        assert_eq!((typed.value("--store"), typed.value("--stores")), (None, None));
    }
}
