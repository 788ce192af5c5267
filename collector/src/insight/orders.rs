//! Finds the orders that were hit: those that problems name, in their summaries or messages.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, Range};

use jiff::Timestamp;
use serde_json::Value;
use storelogs::LogEntry;

use super::Context;
use super::amounts::{Costs, Money};
use super::model::{Order, Orders, Success};
use super::query::{self, Query};
use crate::archive::StoreId;
use crate::archive::entries::Which;
use crate::error::Result;
use crate::message;
use crate::redact::{self, Field};
use crate::sensitive::words;
use crate::words::each_word;

/// The most orders that are listed.
const MOST_ORDERS: usize = 200;
/// How many problems are looked at, the newest of each store.
const MOST_READ: usize = 20_000;
/// The least number that is read of each store.
const LEAST_READ: usize = 200;
/// The longest number of an order.
const LONGEST: usize = 20;
/// The text between the word and the number.
const BETWEEN: [&str; 4] = ["id", "number", "no", "nr"];
/// The words that name an order's number by themselves.
const IN_ONE: [&str; 2] = ["orderid", "ordernumber"];

/// How many words further on the number stands at the most, tags included.
const FURTHEST: usize = 8;
/// The longest text that is shown as a reason whole.
const SHORT: usize = 200;

/// The beginnings of words for taking something back, or for what did not work.
const UNDOING: [&str; 8] = ["refund", "cancel", "void", "revers", "chargeback", "declin", "fail", "reject"];

/// A mention of an order in an entry: the place, and the words.
type Mention = (&'static str, String);

/// The sums for an order. Its texts are as they are in the log: only those of orders that are listed are redacted.
struct Sum {
    mentions: BTreeSet<Mention>,
    customer: Option<String>,
    money: Option<Money>,
    entries: u64,
    first: Timestamp,
    last: Timestamp,
    /// The summary, the message and the module of the last of them.
    summary: Option<String>,
    message: Option<String>,
    module: Option<String>,
    /// The time, the summary and the uid of its success.
    came_through: Option<(Timestamp, Option<String>, String)>,
}

/// The orders that problems of the period name.
pub(super) fn orders(context: &Context<'_>) -> Result<Orders> {
    let mut found = Vec::new();
    for (number, (id, store)) in (0_u32..).zip(context.stores) {
        let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
        let since = each_read(context, *id, |entry| add(&mut sums, entry))?;
        successes(context, *id, most_read(context), &mut sums)?;
        let query = context.query().store(store).problems().between(since, context.period.until);
        found.extend(sums.into_iter().map(|(order, sum)| (number, order, sum, query.clone())));
    }
    found.sort_by(|(store, order, sum, _), (other_store, other, other_sum, _)| {
        other_sum.last.cmp(&sum.last).then_with(|| (store, order).cmp(&(other_store, other)))
    });
    let mut costs = Costs::default();
    let lost = found.iter().filter(|(_, _, sum, _)| sum.came_through.is_none());
    lost.filter_map(|(_, _, sum, _)| sum.money.as_ref()).for_each(|money| costs.add(money));
    let most = if context.every_order { usize::MAX } else { MOST_ORDERS };
    let others = found.len().saturating_sub(most) as u64;
    found.truncate(most);
    let list = found.into_iter().map(|(store, order, sum, query)| listed(context, store, order, sum, query));
    Ok(Orders { list: list.collect(), others, costs: costs.list() })
}

fn listed(context: &Context<'_>, store: u32, order: String, sum: Sum, query: Query<'_>) -> Order {
    let text = |field, text: Option<String>| text.map(|text| context.text(field, &text));
    Order {
        store,
        order,
        customer: text(Field::Message, sum.customer),
        amount: sum.money.as_ref().map(Money::amount),
        entries: sum.entries,
        first: sum.first,
        last: sum.last,
        summary: text(Field::Summary, sum.summary),
        reason: text(Field::Message, sum.message.as_deref().and_then(why)),
        query: query.mentions(&sum.mentions).text(),
        came_through: sum.came_through.map(|(time, summary, uid)| Success {
            time,
            summary: text(Field::Summary, summary),
            query: query::uid(&uid),
        }),
    }
}

/// How many problems of each store are looked at.
fn most_read(context: &Context<'_>) -> usize {
    if context.every_order {
        return usize::MAX;
    }
    (MOST_READ / context.stores.len().max(1)).max(LEAST_READ)
}

/// Calls `each` with the problems of a store that are looked at, the newest first. Returns since when these are all.
pub(super) fn each_read(context: &Context<'_>, store: StoreId, mut each: impl FnMut(&LogEntry)) -> Result<Timestamp> {
    let (period, most) = ([context.period.since, context.period.until], most_read(context));
    let (mut read, mut second, mut since) = (0, None, context.period.since);
    context.archive.each_of_store(store, period, Which::Problems, |entry| {
        let this = entry.time.as_second();
        if read >= most && second.is_some_and(|second| this < second) {
            // Earlier ones are left out, and the searches do not find them.
            since = second.and_then(|second| Timestamp::from_second(second).ok()).unwrap_or(since);
            return ControlFlow::Break(());
        }
        (read, second) = (read + 1, Some(this));
        each(&entry);
        ControlFlow::Continue(())
    })?;
    Ok(since)
}

/// Looks for orders that came through after all: what worked in the same module, after the last problem. The newest of the
/// store are looked at, as many as of its problems.
fn successes(context: &Context<'_>, store: StoreId, most: usize, sums: &mut BTreeMap<String, Sum>) -> Result<()> {
    let Some(since) = sums.values().map(|sum| sum.last).min() else { return Ok(()) };
    let mut read = 0;
    context.archive.each_of_store(store, [since, context.period.until], Which::Successes, |entry| {
        for (order, _) in [&entry.summary, &entry.message].into_iter().flatten().flat_map(|text| mentions(text)) {
            let sum = sums.get_mut(&order).filter(|sum| entry.time > sum.last && sum.module == entry.module);
            // The newest come first, so the first success of an order stays.
            if let Some(sum) = sum.filter(|_| !is_undone(&entry)) {
                sum.came_through = Some((entry.time, entry.summary.clone(), entry.uid.clone()));
            }
        }
        read += 1;
        if read < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
}

/// Whether what worked was to take something back: a refund of an order is no order that came through.
fn is_undone(entry: &LogEntry) -> bool {
    let texts = [&entry.summary, &entry.action].into_iter().flatten();
    texts.flat_map(|text| words(text)).any(|word| UNDOING.iter().any(|beginning| word.starts_with(beginning)))
}

/// The orders that an entry names, with how it does.
pub(super) fn named(entry: &LogEntry) -> BTreeMap<String, BTreeSet<Mention>> {
    let mut named: BTreeMap<String, BTreeSet<Mention>> = BTreeMap::new();
    for (place, text) in [("summary", &entry.summary), ("message", &entry.message)] {
        for (order, phrase) in mentions(text.as_deref().unwrap_or_default()) {
            named.entry(order).or_default().insert((place, phrase));
        }
    }
    named
}

/// Adds a problem to the orders that it names. The newest come first.
fn add(sums: &mut BTreeMap<String, Sum>, entry: &LogEntry) {
    // It is read once, and only if it can say more.
    let in_json = LazyCell::new(|| message::json(entry.message.as_deref()?));
    for (order, mentions) in named(entry) {
        let message = entry.message.as_deref().filter(|text| !text.is_empty());
        let sum = sums.entry(order).or_insert_with(|| Sum {
            mentions: BTreeSet::new(),
            customer: None,
            money: None,
            entries: 0,
            first: entry.time,
            last: entry.time,
            summary: entry.summary.clone(),
            message: message.map(str::to_owned),
            module: entry.module.clone(),
            came_through: None,
        });
        sum.mentions.extend(mentions);
        sum.entries += 1;
        sum.first = entry.time;
        if sum.customer.is_none() {
            sum.customer = customer(entry, in_json.as_ref());
        }
        if sum.money.is_none() {
            sum.money = in_json.as_ref().and_then(Money::of);
        }
    }
}

/// The numbers of orders in a text, each with the words that name it: `order 1042`, `order id 1042`. Simple tags and entities of
/// HTML may stand in between; they are words to a search, so they are among the words that name it.
fn mentions(text: &str) -> Vec<(String, String)> {
    let mut words: Vec<(String, bool)> = Vec::new();
    each_word(text, |word| words.push((word.text.to_owned(), is_markup(text, &word.place))));
    let is_number = |word: &str| word.len() <= LONGEST && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut found = Vec::new();
    for (at, (word, _)) in words.iter().enumerate() {
        let takes_more = match word.as_str() {
            "order" => true,
            other if IN_ONE.contains(&other) => false,
            _ => continue,
        };
        let mut behind = (at + 1..words.len().min(at + FURTHEST)).filter(|next| !words[*next].1);
        let next = behind.next();
        let is_between = |next: &usize| takes_more && BETWEEN.contains(&words[*next].0.as_str());
        let number = if next.as_ref().is_some_and(is_between) { behind.next() } else { next };
        if let Some(end) = number.filter(|number| is_number(&words[*number].0)) {
            let phrase: Vec<&str> = words[at..=end].iter().map(|(word, _)| word.as_str()).collect();
            found.push((words[end].0.clone(), phrase.join(" ")));
        }
    }
    found
}

/// Whether a word of a text is the name of one of HTML's tags, without attributes, `<b>`, or a space or a character as an entity,
/// `&nbsp;`. Anything else may be somebody's name, which no query is to show.
fn is_markup(text: &str, place: &Range<usize>) -> bool {
    let (before, behind) = (&text[..place.start], &text[place.end..]);
    let word = &text[place.clone()];
    if behind.starts_with(';') {
        let is_number = || word.bytes().all(|byte| byte.is_ascii_digit());
        return (before.ends_with('&') && word.eq_ignore_ascii_case("nbsp")) || (before.ends_with("&#") && is_number());
    }
    let is_in_brackets =
        (before.ends_with('<') || before.ends_with("</")) && (behind.starts_with('>') || behind.starts_with("/>"));
    is_in_brackets && message::is_tag(&word.to_ascii_lowercase())
}

/// Why, in the words of a message: the reason that its JSON gives, or all of it, if it is short and no markup.
fn why(message: &str) -> Option<String> {
    let plain =
        || Some(message.trim()).filter(|text| (1..=SHORT).contains(&text.len()) && !text.contains(['<', '{', '\n']));
    message::reason(message).or_else(|| plain().map(str::to_owned))
}

/// The e-mail address of a customer: the one that a message in JSON has in a field of that name, or else the only one that is
/// named.
fn customer(entry: &LogEntry, message: Option<&Value>) -> Option<String> {
    let texts = [&entry.summary, &entry.message].into_iter().flatten().map(String::as_str);
    message.and_then(email).or_else(|| redact::only_email(texts).map(str::to_owned))
}

/// The first e-mail address in a field of that name.
fn email(value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| match value {
            Value::String(text) if name.to_ascii_lowercase().contains("email") && text.contains('@') => {
                Some(text.clone())
            }
            other => email(other),
        }),
        Value::Array(items) => items.iter().find_map(email),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_order_is_found_behind_its_name() {
        for (text, expected) in [
            ("The payment for order 1042 was declined", &[("1042", "order 1042")][..]),
            ("Order #1042: failed; Order no. 7", &[("1042", "order 1042"), ("7", "order no 7")]),
            (r#"{"order_id": 1042, "orderId": "8"}"#, &[("1042", "order id 1042"), ("8", "orderid 8")]),
            ("Order status 3 of orders 1042", &[]),
            ("Reorder 12, order A12", &[]),
            ("order <strong>#176826</strong> failed", &[("176826", "order strong 176826")]),
            ("<p>Order&nbsp;no.&#160;<b>7</b></p>", &[("7", "order nbsp no 160 b 7")]),
            ("order <Ada> 7, order &ada; 7", &[]),
            ("order &#35;1042", &[("1042", "order 35 1042")]),
            ("order <a href=\"mailto:ada@example.com\">7</a>", &[]),
        ] {
            let expected: Vec<(String, String)> =
                expected.iter().map(|(number, words)| ((*number).to_owned(), (*words).to_owned())).collect();
            assert_eq!(mentions(text), expected, "{text}");
        }
    }

    #[test]
    fn what_takes_an_order_back_is_no_success_of_it() {
        let store = "bigcommerce:abc123".parse().unwrap();
        let mut entry = LogEntry::new(&store, "1", Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        for (summary, expected) in [
            ("Payment for order 1042 was captured", false),
            ("A refund for order 1042 was sent to the gateway", true),
            ("Order 1042 was cancelled", true),
            ("Payment of order 1042 voided", true),
        ] {
            entry.summary = Some(summary.to_owned());
            assert_eq!(is_undone(&entry), expected, "{summary}");
        }
    }

    #[test]
    fn a_customer_is_named_by_the_address_of_a_message() {
        let email = |message: &str| message::json(message).as_ref().and_then(email);
        assert_eq!(email(r#"{"a": [{"billing_email": "ada@example.com"}]}"#).as_deref(), Some("ada@example.com"));
        assert_eq!(email(r#"{"email": "none", "b": 1}"#), None);
        assert_eq!(email("ada@example.com"), None);
        let store = "bigcommerce:abc123".parse().unwrap();
        let mut entry = LogEntry::new(&store, "1", Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        for (summary, message, expected) in [
            ("Order 7 of ada@example.com failed", "", Some("ada@example.com")),
            ("Order 7 failed", "<p>ada@example.com, ADA@example.com</p>", Some("ada@example.com")),
            ("Order 7 failed", "sent from shop@example.com to ada@example.com", None),
            ("Order 7 of ada@example.com", r#"{"email": "bob@example.com"}"#, Some("bob@example.com")),
        ] {
            (entry.summary, entry.message) = (Some(summary.to_owned()), Some(message.to_owned()));
            assert_eq!(customer(&entry, message::json(message).as_ref()).as_deref(), expected, "{summary} {message}");
        }
    }
}
