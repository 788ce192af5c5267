//! The names, owners and tags of stores.

use storelogs_collector::archive::Labels;

use super::mistake::Wrong;

/// The longest of them, in bytes.
const LONGEST: usize = 200;

/// The labels of a store. Empty ones are none.
pub(super) fn labels<'a>(
    name: Option<&str>,
    owner: Option<&str>,
    tags: impl IntoIterator<Item = &'a str>,
) -> Result<Labels, Wrong> {
    let clean = |key: &'static str, what: &str, text: &str| -> Result<Option<String>, Wrong> {
        let text = text.trim();
        if text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(Wrong::of(key)(format!("{what} is one line of at most {LONGEST} bytes")));
        }
        Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
    };
    let tags = tags.into_iter().map(|tag| clean("tags", "a tag", tag)).collect::<Result<Vec<_>, _>>()?;
    Ok(Labels {
        name: name.map_or(Ok(None), |name| clean("name", "name", name))?,
        owner: owner.map_or(Ok(None), |owner| clean("owner", "owner", owner))?,
        tags: tags.into_iter().flatten().collect(),
    })
}
