//! The amount of money that a message in JSON gives, and sums of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::model::{Amount, Cost};

/// The names of fields that hold what an order costs, the plainest first, in small letters and without separators.
const AMOUNTS: [&str; 8] =
    ["amount", "total", "ordertotal", "orderamount", "grandtotal", "totalamount", "paymentamount", "totalprice"];
/// The fields of an amount that is an object.
const VALUES: [&str; 2] = ["value", "amount"];
const CURRENCIES: [&str; 2] = ["currency", "currencycode"];
/// Currencies without a smaller unit, by ISO 4217. Of any other, a whole number may be of cents.
const WITHOUT_CENTS: [&str; 9] = ["CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"];
/// How many digits behind the point are kept.
const PLACES: usize = 4;
const UNIT: i128 = 10_i128.pow(PLACES as u32);
/// How deep in the JSON an amount is looked for.
const DEPTH: usize = 4;

/// An amount that can be added to others of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Money {
    /// Ten-thousandths.
    units: i128,
    currency: Option<String>,
}

impl Money {
    /// The amount that a message in JSON names, if it names one beyond doubt.
    pub(super) fn of(message: &Value) -> Option<Self> {
        within(message, None, DEPTH)
    }

    pub(super) fn amount(&self) -> Amount {
        Amount { value: decimal(self.units), currency: self.currency.clone() }
    }
}

fn within(value: &Value, currency: Option<&str>, depth: usize) -> Option<Money> {
    match value {
        Value::Object(fields) => {
            let currency = currency_of(fields).or(currency);
            let named = AMOUNTS.iter().find_map(|name| amount(field(fields, name)?, currency));
            named.or_else(|| fields.values().filter(|_| depth > 0).find_map(|value| within(value, currency, depth - 1)))
        }
        Value::Array(items) => items.iter().filter(|_| depth > 0).find_map(|item| within(item, currency, depth - 1)),
        _ => None,
    }
}

fn amount(value: &Value, currency: Option<&str>) -> Option<Money> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Object(fields) => {
            let currency = currency_of(fields).or(currency);
            return VALUES
                .iter()
                .find_map(|name| field(fields, name).filter(|value| !value.is_object()))
                .and_then(|value| amount(value, currency));
        }
        _ => return None,
    };
    let is_whole = !text.contains('.');
    if is_whole && !currency.is_some_and(|currency| WITHOUT_CENTS.contains(&currency)) {
        return None;
    }
    Some(Money { units: units(&text)?, currency: currency.map(str::to_owned) })
}

fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let plain = |key: &str| key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    fields.iter().find(|(key, _)| plain(key) == name).map(|(_, value)| value)
}

/// The currency that an object names: three capitals, and nothing else, since it is shown.
fn currency_of(fields: &Map<String, Value>) -> Option<&str> {
    let named = CURRENCIES.iter().find_map(|name| field(fields, name)?.as_str());
    named.filter(|name| name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// A positive number with a point, exactly.
fn units(text: &str) -> Option<i128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || !is_number(whole) || !is_number(part) || part.len() > PLACES {
        return None;
    }
    let part: i128 = format!("{part:0<PLACES$}").parse().ok()?;
    Some(whole.parse::<i128>().ok()? * UNIT + part)
}

/// At least two digits behind the point, unless there are none.
fn decimal(units: i128) -> String {
    let (whole, part) = (units / UNIT, units % UNIT);
    let digits = format!("{part:0PLACES$}");
    match digits.trim_end_matches('0').len() {
        0 => format!("{whole}.00"),
        kept => format!("{whole}.{}", &digits[..kept.max(2)]),
    }
}

/// The sums of amounts, each of a currency.
#[derive(Default)]
pub(super) struct Costs(BTreeMap<Option<String>, (i128, u64)>);

impl Costs {
    pub(super) fn add(&mut self, money: &Money) {
        let (sum, orders) = self.0.entry(money.currency.clone()).or_default();
        *sum = sum.saturating_add(money.units);
        *orders += 1;
    }

    pub(super) fn list(self) -> Vec<Cost> {
        let cost = |(currency, (units, orders))| Cost { amount: Amount { value: decimal(units), currency }, orders };
        self.0.into_iter().map(cost).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message;

    fn money(message: &str) -> Option<Money> {
        Money::of(&message::json(message)?)
    }

    fn named(message: &str) -> Option<String> {
        money(message).map(|money| money.amount().to_string())
    }

    #[test]
    fn an_amount_is_taken_where_it_is_beyond_doubt_with_the_currency_that_stands_nearest() {
        for (message, expected) in [
            (r#"{"amount": "129.00", "currency": "USD"}"#, Some("129.00 USD")),
            (r#"{"currency": "EUR", "payment": {"order_total": 59.5}}"#, Some("59.50 EUR")),
            (r#"{"amount": {"value": "7.125", "currency_code": "KWD"}, "currency": "USD"}"#, Some("7.125 KWD")),
            (r#"{"response": "{\"grandTotal\": \"0.10\"}"}"#, Some("0.10")),
            (r#"{"amount": 12900, "currency": "JPY"}"#, Some("12900.00 JPY")),
            // These may be cents.
            (r#"{"amount": 12900, "currency": "USD"}"#, None),
            (r#"{"amount": "12900"}"#, None),
            (r#"{"amount": "-5.00", "currency": "USD"}"#, None),
            (r#"{"amount": "1,290.00", "currency": "USD"}"#, None),
            (r#"{"amount": 1e300, "currency": "USD"}"#, None),
            (r#"{"amount": "5.00", "currency": "<b>"}"#, Some("5.00")),
            ("129.00 USD", None),
        ] {
            assert_eq!(named(message).as_deref(), expected, "{message}");
        }
    }

    #[test]
    fn sums_are_exact_and_of_one_currency_each() {
        let mut costs = Costs::default();
        for message in [
            r#"{"amount": "0.10", "currency": "USD"}"#,
            r#"{"amount": "0.20", "currency": "USD"}"#,
            r#"{"amount": "5.00", "currency": "EUR"}"#,
        ] {
            costs.add(&money(message).unwrap());
        }
        let said: Vec<(String, u64)> = costs.list().iter().map(|cost| (cost.amount.to_string(), cost.orders)).collect();
        assert_eq!(said, [("5.00 EUR".to_owned(), 1), ("0.30 USD".to_owned(), 2)]);
    }
}
