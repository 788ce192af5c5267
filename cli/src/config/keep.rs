//! How long entries are kept, in a configuration file: `keep = "3y"`, or by severity `keep = { info = "90d" }`.

use std::collections::BTreeMap;

use serde::Deserialize;
use storelogs::Severity;
use storelogs_collector::retention::Keep;

/// The value of `keep`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "keep is an age such as \"3y\", or one for each severity such as { info = \"90d\" }")]
pub(super) enum KeepEntry {
    All(String),
    BySeverity(BTreeMap<String, String>),
}

impl KeepEntry {
    pub(super) fn keep(self) -> Result<Keep, String> {
        match self {
            Self::All(age) => Ok(Keep::all(age.parse().map_err(|why| format!("keep = {age:?}: {why}"))?)),
            Self::BySeverity(ages) => {
                let ages = ages.into_iter().map(|(name, age)| {
                    let severity = name.parse::<Severity>().map_err(|_| {
                        let known = Severity::ALL.map(|severity| severity.to_string()).join(", ");
                        format!("keep: {name:?} is no severity: write {known}")
                    })?;
                    Ok((severity, age.parse().map_err(|why| format!("keep: {name} = {age:?}: {why}"))?))
                });
                Ok(Keep::some(ages.collect::<Result<Vec<_>, String>>()?))
            }
        }
    }
}
