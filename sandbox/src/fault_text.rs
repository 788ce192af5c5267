//! Faults as they are written on a command line: what goes wrong, `@`, and when.

use std::str::FromStr;
use std::time::Duration;

use crate::faults::{Endpoint, Fault, Rule, When};

/// How many bytes of a body that is cut are sent.
const CUT: usize = 100;
/// The bytes a second of a body that comes slowly.
const SLOW: u64 = 200;
/// The seed of a rule that strikes by chance.
const SEED: u64 = 1;

/// The faults that can be written.
const WHATS: &str = "a status such as 503, html:502, cut, reset, hang, slow, delay:2s, malformed, empty, repeat, \
                     invalid, arrive:3 or purge:3";
const WHENS: &str = "always, first:3, nth:4, every:10, page:2 or chance:5%";

impl FromStr for Rule {
    type Err = String;

    /// `503`, `429@every:10`, `cut@chance:5%`, `hang@first:1`: what goes wrong with the list of entries and, behind an `@`,
    /// when. Without that, always.
    fn from_str(text: &str) -> Result<Self, String> {
        let (what, when) = text.split_once('@').unwrap_or((text, "always"));
        let fault = fault(what).ok_or_else(|| format!("{what:?} is nothing that can go wrong: write {WHATS}"))?;
        let (when, times) = moment(when).ok_or_else(|| format!("{when:?} is no time for it: write {WHENS}"))?;
        Ok(Self { when, times, endpoint: Endpoint::List, fault })
    }
}

fn fault(text: &str) -> Option<Fault> {
    let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
    Some(match (name, value) {
        ("html", Some(status)) => Fault::Html(code(status)?),
        ("cut", None) => Fault::CutBody(CUT),
        ("reset", None) => Fault::Reset,
        ("hang", None) => Fault::Hang,
        ("slow", None) => Fault::SlowBody(SLOW),
        ("delay", Some(seconds)) => Fault::Delay(Duration::from_secs(seconds.strip_suffix('s')?.parse().ok()?)),
        ("malformed", None) => Fault::MalformedJson,
        ("empty", None) => Fault::EmptyPage,
        ("repeat", None) => Fault::RepeatPage,
        ("invalid", None) => Fault::MalformedRecord(0),
        ("arrive", Some(rows)) => Fault::Arrive(rows.parse().ok()?),
        ("purge", Some(rows)) => Fault::Purge(rows.parse().ok()?),
        (status, None) => Fault::Status(code(status)?),
        _ => return None,
    })
}

fn code(text: &str) -> Option<u16> {
    text.parse().ok().filter(|status| (300..600).contains(status))
}

/// When a fault strikes, and how many times at the most.
fn moment(text: &str) -> Option<(When, Option<u32>)> {
    let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
    let number = || value?.parse::<u64>().ok().filter(|number| *number > 0);
    Some(match name {
        "always" if value.is_none() => (When::Always, None),
        "first" => (When::Always, Some(u32::try_from(number()?).ok()?)),
        "nth" => (When::Nth(number()?), None),
        "every" => (When::Every(number()?), None),
        "page" => (When::Page(number()?), None),
        "chance" => {
            let percent =
                value?.strip_suffix('%')?.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent))?;
            (When::Probability(SEED, percent / 100.0), None)
        }
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_what_is_written() {
        let rule = |text: &str| text.parse::<Rule>().unwrap();
        assert_eq!(rule("503"), Rule::new(When::Always, Fault::Status(503)));
        assert_eq!(rule("429@every:10"), Rule::new(When::Every(10), Fault::Status(429)));
        assert_eq!(rule("cut@chance:5%"), Rule::new(When::Probability(1, 0.05), Fault::CutBody(CUT)));
        assert_eq!(rule("hang@first:2"), Rule { times: Some(2), ..Rule::new(When::Always, Fault::Hang) });
        assert_eq!(rule("html:502@page:2"), Rule::new(When::Page(2), Fault::Html(502)));
        assert_eq!(rule("delay:2s@nth:4"), Rule::new(When::Nth(4), Fault::Delay(Duration::from_secs(2))));
    }

    #[test]
    fn what_is_no_fault_is_said_with_what_there_is() {
        for (wrong, says) in [
            ("boom", "nothing that can go wrong: write a status"),
            ("200", "nothing that can go wrong"),
            ("delay:2", "nothing that can go wrong"),
            ("500@often", "no time for it: write always, first:3"),
            ("500@every:0", "no time for it"),
            ("500@chance:150%", "no time for it"),
            ("500@chance:NaN%", "no time for it"),
        ] {
            let error = wrong.parse::<Rule>().unwrap_err();
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
