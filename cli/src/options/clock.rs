//! The options for the time zone in which times are read and shown.

use std::env;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use storelogs::{Store, UtcOffset};
use storelogs_collector::nearest::nearest;
use storelogs_collector::search::Filter;
use storelogs_collector::{Archive, insight};

use super::known_names::known_time_zones;
use crate::config;
use crate::error::CliError;
use crate::ui::Ui;

/// The time zone of a command: the one rule of all that read or show times.
#[derive(Args, Clone, Debug)]
pub(crate) struct ClockOptions {
    /// The time zone of times shown and given, such as Asia/Singapore or +08:00
    /// [default: the shop's if the archive knows it, else this machine's]
    #[arg(long, value_name = "ZONE", value_parser = zone, allow_hyphen_values = true, add = known_time_zones())]
    time_zone: Option<TimeZone>,

    /// The same as --time-zone UTC
    #[arg(long, conflicts_with = "time_zone")]
    utc: bool,
}

/// Whether a command has an option that names a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    ByOption,
    ByMachine,
}

impl ClockOptions {
    /// The zone that was asked for, else this machine's: there is no archive yet.
    pub(crate) fn here(&self, ui: Ui) -> Result<TimeZone, CliError> {
        self.or(|| Ok(None), ui)
    }

    /// The zone for what a query says of times, and for what it finds: the one that was asked for, else that of the stores
    /// that the query is about, in whatever way it names them.
    pub(crate) fn of_query(&self, archive: &Archive, query: &Filter, ui: Ui) -> Result<TimeZone, CliError> {
        self.or(|| insight::time_zone_of_query(archive, query), ui)
    }

    /// The zone that was asked for, else the one that these stores are in, or all of the archive, else this machine's.
    pub(crate) fn of(&self, archive: &Archive, stores: &[Store], ui: Ui) -> Result<TimeZone, CliError> {
        self.or(|| insight::time_zone(archive, stores), ui)
    }

    /// The zone that was asked for, else the one that these stores are in if the user's archive knows it, else this machine's:
    /// for commands that need no archive. One that is not there, or cannot be read, knows nothing.
    pub(crate) fn of_stores(&self, stores: &[Store], ui: Ui) -> Result<TimeZone, CliError> {
        let path = || config::archive(None).ok().filter(|path| path.is_file());
        let known = || insight::time_zone(&Archive::read(path()?).ok()?, stores).ok()?;
        self.or(|| Ok(known()), ui)
    }

    /// Says on a terminal which zone its times are in, if nobody asked for it and the clock on the wall shows others.
    pub(crate) fn say(&self, zone: &TimeZone, ui: Ui) {
        let now = Timestamp::now();
        let offset = zone.to_offset(now);
        let is_asked = self.asked().is_some();
        if is_asked || ui.stdout_width().is_none() || TimeZone::system().to_offset(now) == offset {
            return;
        }
        let offset = UtcOffset::from_seconds(offset.seconds());
        ui.note(&format!("Times are in {offset}, the shop's time zone; --time-zone names another.\n"));
    }

    /// The zone that the options ask for.
    fn asked(&self) -> Option<TimeZone> {
        if self.utc { Some(TimeZone::UTC) } else { self.time_zone.clone() }
    }

    /// The zone that was asked for, else the one that is known, else this machine's.
    fn or(
        &self,
        known: impl FnOnce() -> storelogs_collector::Result<Option<TimeZone>>,
        ui: Ui,
    ) -> Result<TimeZone, CliError> {
        let zone = match self.asked() {
            Some(asked) => Some(asked),
            None => known()?,
        };
        zone.map_or_else(|| system(ui, Named::ByOption), Ok)
    }
}

/// The zone that these stores are in, or all of the archive, else this machine's: for commands without an option.
pub(crate) fn of_shop(archive: &Archive, stores: &[Store], ui: Ui) -> Result<TimeZone, CliError> {
    insight::time_zone(archive, stores)?.map_or_else(|| system(ui, Named::ByMachine), Ok)
}

/// This machine's time zone. One that is named and not known is an error: taken for UTC, a day would hold other entries.
pub(crate) fn system(ui: Ui, named: Named) -> Result<TimeZone, CliError> {
    let variable = env::var("TZ").ok().filter(|name| !name.trim_matches(':').is_empty());
    let or = |text| if named == Named::ByOption { text } else { "" };
    match (TimeZone::try_system(), variable) {
        (Ok(zone), None) => Ok(zone),
        (Ok(zone), Some(_)) if !zone.is_unknown() => Ok(zone),
        (_, Some(name)) => Err(CliError::usage(format!(
            "the time zone that TZ names, {name:?}, is not known: write one as Asia/Taipei{}",
            or(", or give --time-zone")
        ))),
        (Err(_), None) => {
            let other = or("; --time-zone names another");
            ui.warning(&format!("this machine does not say its time zone: times are in UTC{other}"));
            Ok(TimeZone::UTC)
        }
    }
}

/// Reads a zone: a name of the IANA database, or an offset from UTC.
fn zone(text: &str) -> Result<TimeZone, String> {
    let text = text.trim();
    // As times end that are in UTC.
    let text = if text.eq_ignore_ascii_case("z") { "UTC" } else { text };
    let of_name = || TimeZone::get(text).ok().filter(|zone| !zone.is_unknown());
    offset(text).map(TimeZone::fixed).or_else(of_name).ok_or_else(|| {
        let meant =
            meant(text).map_or_else(|| "write one as".to_owned(), |zone| format!("did you mean {zone}? Or write"));
        format!("there is no such time zone: {meant} Asia/Singapore, America/Chicago or +08:00")
    })
}

/// The zone that a text names in another way: an offset without its sign, a city, a slip of the pen. Abbreviations such as
/// CST have no neighbours: one letter further on is another part of the world.
fn meant(text: &str) -> Option<String> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(format!("+{text}")).filter(|text| offset(text).is_some());
    }
    let database = jiff::tz::db();
    let names = || database.available().map(|name| name.as_str().to_owned()).filter(|name| name.contains('/'));
    let city = text.replace(' ', "_");
    let is_city = |name: &String| {
        let is_old = ["Etc/", "posix/", "right/"].iter().any(|folder| name.starts_with(folder));
        !is_old && name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&city))
    };
    names().find(is_city).or_else(|| nearest(&city, names()))
}

/// `+08:00`, `+8`, `GMT+8`, `UTC-3:30`: east of UTC is positive.
fn offset(text: &str) -> Option<Offset> {
    // A page of the web may have a minus of its own.
    let upper = text.to_ascii_uppercase().replace(['−', '–'], "-");
    let rest = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper).trim_start();
    let (sign, rest) = match rest.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if rest.len() == 4 => rest.split_at(2),
        None => (rest, "0"),
    };
    let number = |digits: &str, most: i32| {
        let digits = Some(digits).filter(|d| (1..=2).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse::<i32>().ok().filter(|number| *number <= most)
    };
    Offset::from_seconds(sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60)).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_taken_as_people_write_it() {
        for text in ["+08:00", "+8", "+08", "+0800", "GMT+8", "gmt+08:00", "UTC+8", "UTC +8"] {
            let found = zone(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(found.to_offset(Timestamp::UNIX_EPOCH).seconds(), 8 * 3600, "{text}");
        }
        for text in ["UTC-3:30", "UTC−3:30"] {
            assert_eq!(zone(text).unwrap().to_offset(Timestamp::UNIX_EPOCH).seconds(), -12_600, "{text}");
        }
        assert_eq!(zone("Asia/Taipei").unwrap().to_offset(Timestamp::UNIX_EPOCH).seconds(), 8 * 3600);
        for text in ["utc", "Z", "z"] {
            assert_eq!(zone(text).unwrap().to_offset(Timestamp::UNIX_EPOCH).seconds(), 0, "{text}");
        }
    }

    #[test]
    fn what_is_no_zone_is_refused_with_the_one_that_was_meant() {
        let why = zone("Asia/Taipeh").unwrap_err();
        assert!(why.contains("did you mean Asia/Taipei?"), "{why}");
        for (text, meant) in [("8", "+8"), ("berlin", "Europe/Berlin"), ("New York", "America/New_York")] {
            let why = zone(text).unwrap_err();
            assert!(why.contains(&format!("did you mean {meant}?")), "{why}");
        }
        for text in ["PST", "CST", "IST", "BST"] {
            let why = zone(text).unwrap_err();
            assert!(!why.contains("did you mean"), "{why}");
        }
        for text in ["", "+", "+99", "+8:5", "GMT+", "somewhere", "8"] {
            assert!(zone(text).is_err(), "{text}");
        }
    }
}
