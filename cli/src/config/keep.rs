//! How long entries are kept, in a configuration file: `keep = "3y"`, or by severity `keep = { info = "90d" }`.

use std::collections::BTreeMap;

use serde::Deserialize;
use storelogs::Severity;
use storelogs_collector::nearest::nearest;
use storelogs_collector::retention::Keep;

/// The value of `keep`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct KeepEntry(pub(super) Keep);

/// The value of `keep`, as it is written.
#[derive(Deserialize)]
#[serde(untagged, expecting = "keep is an age such as \"3y\", or one for each severity such as { info = \"90d\" }")]
enum Written {
    All(String),
    BySeverity(BTreeMap<String, String>),
}

impl TryFrom<Written> for KeepEntry {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        Ok(Self(match written {
            Written::All(age) => Keep::all(age.parse().map_err(|why| format!("keep: {why}"))?),
            Written::BySeverity(ages) => {
                let ages = ages.into_iter().map(|(name, age)| {
                    let severity = name.parse::<Severity>().map_err(|_| {
                        let known = Severity::ALL.map(|severity| severity.to_string());
                        match nearest(&name, known.clone()) {
                            Some(near) => format!("keep names what is no severity: did you mean {near}?"),
                            None => format!("keep names what is no severity: write {}", known.join(", ")),
                        }
                    })?;
                    Ok((severity, age.parse().map_err(|why| format!("keep: {severity}: {why}"))?))
                });
                Keep::some(ages.collect::<Result<Vec<_>, String>>()?)
            }
        }))
    }
}
