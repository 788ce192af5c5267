//! The nearest known value for one that does not exist.

/// How many letters may be wrong.
const MOST: usize = 2;

/// The name that differs from a text in a letter or two, whatever its case.
pub(crate) fn nearest(text: &str, names: impl IntoIterator<Item = String>) -> Option<String> {
    let wanted = text.to_lowercase();
    let near = |name: String| (distance(&wanted, &name.to_lowercase()), name);
    names.into_iter().map(near).filter(|(distance, _)| *distance <= MOST).min().map(|(_, name)| name)
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
