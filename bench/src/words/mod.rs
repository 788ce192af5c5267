//! Measurements of the index of words: its size, and how fast it is made and searched, for texts of shops in five
//! languages.

use std::path::Path;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Store};
use storelogs_collector::Archive;
use storelogs_collector::archive::Commit;
use storelogs_collector::search::Filter;

use crate::Result;
use crate::archive::write;
use crate::large::first_page;
use crate::table::Table;

/// A language, its texts, and what is looked for: a part of many texts, and one that stands in none, though each of its
/// characters is in many.
const LANGUAGES: [(&str, &str, [&str; 2]); 5] = [
    ("English", include_str!("english.txt"), ["exceeded", "\"limit customer\""]),
    ("Chinese", include_str!("chinese.txt"), ["度", "款商"]),
    ("Japanese", include_str!("japanese.txt"), ["限度", "返送"]),
    ("Korean", include_str!("korean.txt"), ["패했", "반송"]),
    ("Thai", include_str!("thai.txt"), ["วงเงิน", "ค่าคำ"]),
];

const ENTRIES: usize = 200_000;
const PAGE: usize = 250;

pub(crate) fn measure(table: &mut Table) -> Result<()> {
    for (language, texts, queries) in LANGUAGES {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("archive.db");
        let store = Store::bigcommerce("bench1")?;
        let pages = pages(&store, texts)?;
        let text: usize = pages.iter().flat_map(|page| &page.entries).map(length).sum();
        let mut archive = Archive::open(&path)?;
        let written = ENTRIES as f64 / write(&mut archive, &store, &pages)?;
        drop(archive);
        let before = size(&path)?;
        let mut archive = Archive::open(&path)?;
        let start = Instant::now();
        archive.index_words(usize::MAX)?;
        let indexed = ENTRIES as f64 / start.elapsed().as_secs_f64();
        let mut found = Vec::new();
        for query in queries {
            let filter = Filter::parse(query, Timestamp::now(), &jiff::tz::TimeZone::UTC)?;
            let mut times = (0..5).map(|_| first_page(&archive, &filter)).collect::<Result<Vec<_>>>()?;
            times.sort_by(f64::total_cmp);
            found.push(format!("{:.2} ms", times[2] * 1e3));
        }
        drop(archive);
        let index = (size(&path)? - before) as f64 / ENTRIES as f64;
        let text = text as f64 / ENTRIES as f64;
        table.note(
            format!("{language}: of an entry, text and index"),
            format!("{text:.0} and {index:.0} bytes ({:.2} ×)", index / text),
        );
        table.note(
            format!("{language}: entries written, and indexed, in a second"),
            format!("{written:.0}, {indexed:.0}"),
        );
        table.note(format!("{language}: first pages of `{}` and `{}`", queries[0], queries[1]), found.join(", "));
    }
    Ok(())
}

fn length(entry: &LogEntry) -> usize {
    [&entry.summary, &entry.message].into_iter().flatten().map(String::len).sum()
}

/// The size of an archive at rest, with its index.
fn size(path: &Path) -> Result<u64> {
    let index = path.with_extension("index.db");
    Ok([path, &index].into_iter().filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len()).sum())
}

/// Entries that a shop might write, newest first, the same in every run.
fn pages(store: &Store, texts: &'static str) -> Result<Vec<Commit>> {
    let mut maker = Maker { texts, state: 7 };
    let now = Timestamp::now();
    let mut entries = Vec::with_capacity(ENTRIES);
    for number in 0..ENTRIES {
        let time = now - SignedDuration::from_secs(i64::try_from(number)? * 97);
        let mut entry = LogEntry::new(store, (1_000_000 - number).to_string(), time, now);
        entry.summary = Some(maker.text("summary"));
        entry.message = (maker.number(5) < 3).then(|| maker.text("message"));
        entry.module = Some("Order Status".to_owned());
        entries.push(entry);
    }
    let mut pages = Vec::new();
    let mut entries = entries.into_iter().peekable();
    while entries.peek().is_some() {
        pages.push(Commit { entries: entries.by_ref().take(PAGE).collect(), ..Commit::default() });
    }
    Ok(pages)
}

/// Fills templates with values.
struct Maker {
    texts: &'static str,
    state: u64,
}

impl Maker {
    fn number(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    /// One of the choices under a heading, which stand on lines of their own or between bars.
    fn one(&mut self, heading: &str) -> &'static str {
        let texts: &'static str = self.texts;
        let lines = texts
            .lines()
            .skip_while(|line| line.strip_prefix('[').is_none_or(|rest| rest.trim_end_matches(']') != heading));
        let choices: Vec<_> =
            lines.skip(1).take_while(|line| !line.starts_with('[')).flat_map(|line| line.split('|')).collect();
        let chosen = self.number(choices.len().max(1) as u64);
        usize::try_from(chosen).ok().and_then(|chosen| choices.get(chosen)).copied().unwrap_or_default()
    }

    fn text(&mut self, heading: &str) -> String {
        let mut text = String::new();
        for (at, part) in self.one(heading).split(['{', '}']).enumerate() {
            match part {
                plain if at % 2 == 0 => text.push_str(plain),
                "n" => text.push_str(&(10_000 + self.number(990_000)).to_string()),
                "m" => text.push_str(&(1 + self.number(900)).to_string()),
                "code" => text.push_str(&format!("SAVE{}", 1 + self.number(99))),
                name => text.push_str(self.one(name)),
            }
        }
        text
    }
}
