//! Sentences as shops log them, filled with names of several words, codes, paths and addresses: which of them get one
//! template, and which get different ones?

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::SignedDuration;
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::Archive;
use storelogs_collector::archive::Commit;
use storelogs_collector::insight::{ReportOptions, report};
use storelogs_collector::redact::NoRedaction;

use super::each_seed;
use super::score::template_fits;
use crate::shop::now;

/// The forms. What stands in braces varies.
const FORMS: [&str; 24] = [
    "Product {product} could not be sent to the channel: it has no price in list {number}",
    "Product {product} could not be sent to the channel: it is out of stock",
    "Product {product} has no image",
    "Order {number} could not be sent to {city}: the address is not complete",
    "The payment for order {number} was declined: card expired",
    "The payment for order {number} was declined: insufficient funds",
    "The payment for order {number} was refunded by {person}",
    "Customer {person} could not be signed in: wrong password",
    "Customer {person} could not be signed in: the account is locked",
    "{person} has left {number} carts behind",
    "The coupon {code} has expired",
    "The coupon {code} was used more than {number} times",
    "Webhook {address} answered {number}",
    "Webhook {address} did not answer in {number} seconds",
    "The image {path} could not be resized",
    "Import of {file} stopped at line {number}: column {column} is missing",
    "Tax for {city} could not be estimated",
    "No carrier ships to {city}",
    "Email to {email} bounced: mailbox full",
    "Email to {email} bounced: no such user",
    "Category \"{product}\" has no products",
    "Stock of {code} fell below {number}",
    "The theme could not be saved: unexpected '{column}' in line {number}",
    "订单 {number} 付款失败",
];

/// A value for a slot: one word, or several.
fn filled(slot: &str, dice: &mut fastrand::Rng) -> String {
    let one = |list: &[&str], dice: &mut fastrand::Rng| list[dice.usize(..list.len())].to_owned();
    let number = dice.u32(1..100_000);
    match slot {
        "product" => one(
            &[
                "Lamp",
                "Linen shirt",
                "Blue linen shirt",
                "Chair",
                "Oak table",
                "Desk",
                "Sofa",
                "Bath towel set",
                "Mirror",
                "Soap",
                "Wool blanket",
                "Garden chair, folding",
                "Mug",
                "Tea pot",
                "Rug",
                "Vase",
            ],
            dice,
        ),
        "person" => one(
            &[
                "Amelia Wong",
                "Kenji Tan",
                "Sofia Lim",
                "John",
                "Maria del Carmen Ruiz",
                "Bob Smith",
                "Li Wei",
                "Anna",
                "Jean Pierre Martin",
                "Ahmed Khan",
                "Eva Novak",
                "Tom Lee",
            ],
            dice,
        ),
        "city" => one(
            &[
                "Austin",
                "New York",
                "Salt Lake City",
                "Tulsa",
                "Denver",
                "Los Angeles",
                "Boston",
                "San Jose",
                "Miami",
                "Kuala Lumpur",
                "Taipei",
                "Portland",
            ],
            dice,
        ),
        "code" => one(&["SUMMER", "WELCOME", "VIP", "SPRING", "FREESHIP", "ABC-1234", "XMAS24", "LOYAL"], dice),
        "column" => one(&["price", "sku", "weight", "name", "brand", "stock"], dice),
        "address" => format!("https://{}.example.com/hooks/{number}", one(&["erp", "crm", "pim"], dice)),
        "path" => format!("/product_images/{}/{number}.jpg", one(&["a", "b", "k", "z", "q"], dice)),
        "file" => format!("{}_{number}.csv", one(&["products", "stock", "prices"], dice)),
        "email" => format!("customer{number}@example.com"),
        _ => number.to_string(),
    }
}

fn fill(form: &str, dice: &mut fastrand::Rng) -> String {
    let mut text = String::new();
    for (at, piece) in form.split(['{', '}']).enumerate() {
        if at % 2 == 0 { text.push_str(piece) } else { text.push_str(&filled(piece, dice)) }
    }
    text
}

/// Problems of which form, in which words. Some are frequent, some rare.
fn problems(seed: u64) -> Vec<(usize, String)> {
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut problems = Vec::new();
    for (number, form) in FORMS.iter().enumerate() {
        let entries = [12, 40, 120][dice.usize(..3)];
        problems.extend((0..entries).map(|_| (number, fill(form, &mut dice))));
    }
    dice.shuffle(&mut problems);
    problems
}

/// The same as lines of seed, number of the form, and words.
pub(super) fn lines(seeds: RangeInclusive<u64>) -> String {
    let of_seed = |seed| problems(seed).into_iter().map(move |(form, words)| format!("{seed}\t{form}\t{words}\n"));
    seeds.flat_map(of_seed).collect()
}

/// How well they are grouped.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Grouped {
    problems: usize,
    /// Those that stand in a group with all of their form and no other.
    right: usize,
    pub(super) forms: usize,
    pub(super) templates: usize,
    /// Forms that have a template of their own.
    whole: usize,
}

impl Grouped {
    /// As Zhu et al. (ICSE 2019) define it.
    pub(super) fn accuracy(self) -> f64 {
        self.right as f64 / self.problems as f64
    }
}

/// How well the problems of these shops are grouped.
pub(super) fn grouped(seeds: RangeInclusive<u64>) -> Grouped {
    let of_seed = |seed| {
        let problems = problems(seed);
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(folder.path().join("archive.db")).unwrap();
        let store: Store = "bigcommerce:abc123".parse().unwrap();
        let id = archive.add_store(&store).unwrap();
        let entry = |(at, (_, summary)): (usize, &(usize, String))| {
            let time = now() - SignedDuration::from_secs(60 * i64::try_from(at).unwrap() + 60);
            let mut entry = LogEntry::new(&store, (100_000 - at).to_string(), time, time);
            (entry.severity, entry.summary) = (Severity::Error, Some(summary.clone()));
            entry
        };
        let entries = problems.iter().enumerate().map(entry).collect();
        archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
        let since = now() - SignedDuration::from_hours(24 * 30);
        let options = ReportOptions { since, until: now(), compare: true, stores: Vec::new(), zone: None, now: now() };
        let report = report(&archive, &options, &NoRedaction).unwrap();
        assert_eq!(report.problems.other_templates, 0, "all are listed");
        let templates = report.problems.templates;
        let mut groups: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (form, summary) in &problems {
            // A report says how many entries a template has; which ones is known by the most special template that fits.
            let fitting = (0..templates.len()).filter(|number| template_fits(&templates[*number], summary));
            let special = fitting.max_by_key(|number| templates[*number].template.as_str().len());
            *groups.entry((*form, special.unwrap())).or_default() += 1;
        }
        let is_whole = |(group, entries): &(&(usize, usize), &usize)| {
            let only = |one: &(usize, usize)| (one.0 == group.0) != (one.1 == group.1);
            !groups.keys().any(only) && templates[group.1].count.now == **entries as u64
        };
        let whole: Vec<_> = groups.iter().filter(is_whole).collect();
        Grouped {
            problems: problems.len(),
            right: whole.iter().map(|(_, entries)| **entries).sum(),
            forms: FORMS.len(),
            templates: templates.len(),
            whole: whole.len(),
        }
    };
    each_seed(seeds, of_seed).into_iter().fold(Grouped::default(), |sum, one| Grouped {
        problems: sum.problems + one.problems,
        right: sum.right + one.right,
        forms: sum.forms + one.forms,
        templates: sum.templates + one.templates,
        whole: sum.whole + one.whole,
    })
}
