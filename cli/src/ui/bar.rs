//! Bars and sparklines, made of characters.

/// A count as a bar, in eighths of a column; the longest of them takes `width`. Something is never drawn as nothing.
pub(crate) fn bar(count: usize, most: usize, width: usize) -> String {
    let eighths = (count * width * 8 / most.max(1)).max(usize::from(count > 0));
    let mut bar = "█".repeat(eighths / 8);
    bar.extend([' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'].get(eighths % 8).filter(|c| **c != ' '));
    bar
}

/// Shares as one block each: whole, in part, or not at all.
pub(crate) fn blocks(shares: impl IntoIterator<Item = f64>) -> String {
    let block = |share| match share {
        share if share > 0.995 => '█',
        share if share > 0.0 => '▒',
        _ => '·',
    };
    shares.into_iter().map(block).collect()
}

/// Counts over time as blocks of eight heights, in at most `width` columns.
pub(crate) fn sparkline(counts: &[u64], width: usize) -> String {
    let per = counts.len().div_ceil(width.max(1)).max(1);
    let sums: Vec<u64> = counts.chunks(per).map(|some| some.iter().sum()).collect();
    let most = sums.iter().copied().max().unwrap_or_default().max(1);
    let block = |n: &u64| match usize::try_from((n * 8).div_ceil(most)).unwrap_or(8) {
        0 => ' ',
        eighths => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][eighths.min(8) - 1],
    };
    sums.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_count_takes_the_whole_width_and_one_is_never_nothing() {
        assert_eq!(bar(8, 8, 3), "███");
        assert_eq!(bar(1, 1000, 3), "▏");
        assert_eq!(bar(0, 8, 3), "");
        assert_eq!(bar(0, 0, 3), "");
    }

    #[test]
    fn more_counts_than_columns_are_added_up() {
        assert_eq!(sparkline(&[1, 0, 8], 8), "▁ █");
        assert_eq!(sparkline(&[1, 1, 4, 4], 2), "▂█");
    }

    #[test]
    fn a_part_that_was_read_in_part_is_neither_whole_nor_nothing() {
        assert_eq!(blocks([1.0, 0.5, 0.0]), "█▒·");
    }
}
