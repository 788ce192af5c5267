//! The nearest known value for one that does not exist.

/// How many letters may be wrong.
const MOST: usize = 2;

/// The name that differs from a text in a letter or two, whatever its case; else the only one that begins with it.
pub fn nearest(text: &str, names: impl IntoIterator<Item = String>) -> Option<String> {
    let wanted = text.to_lowercase();
    let near = |name: String| (distance(&wanted, &name.to_lowercase()), name);
    let mut names: Vec<(usize, String)> = names.into_iter().map(near).collect();
    names.sort();
    if let Some((distance, name)) = names.first()
        && *distance <= MOST
    {
        return Some(name.clone());
    }
    names.retain(|(_, name)| !wanted.is_empty() && name.to_lowercase().starts_with(&wanted));
    if let [(_, only)] = &names[..] { Some(only.clone()) } else { None }
}

/// A name, where a message may show it: one word of letters, which no token is.
pub fn shown(name: &str) -> Option<&str> {
    let is_word = (1..=24).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    is_word.then_some(name)
}

/// `there is no "shop": use store or module`: a word that is none of these, as far as a message may show it, and the nearest.
pub(crate) fn no_such(word: &str, names: &[&str]) -> String {
    let named = shown(word).map_or_else(|| "no such word".to_owned(), |word| format!("no {word:?}"));
    let near = nearest(word, names.iter().map(|name| (*name).to_owned()));
    let near = near.map(|near| format!(", did you mean {near}?")).unwrap_or_default();
    let all = match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    };
    format!("there is {named}{near}: use {all}")
}

/// How many bytes have to be changed, added or taken away.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let changed = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_and_a_beginning_are_understood_where_only_one_name_fits() {
        let names = || ["USPS (endicia)", "UPS® Ready", "Basic Tax"].map(str::to_owned);
        for (text, meant) in [
            ("basic tac", Some("Basic Tax")),
            ("usps", Some("USPS (endicia)")),
            ("u", None),
            ("", None),
            ("FedEx", None),
        ] {
            assert_eq!(nearest(text, names()).as_deref(), meant, "{text}");
        }
    }
}
