//! The `message` of BigCommerce records: text, HTML, or JSON in a string, with personal data.

use serde_json::json;

/// A shipping quote as JSON in a string: e-mail and postal address included.
pub(crate) fn quote(carrier: &str, customer: &str, fails: bool, dice: &mut fastrand::Rng) -> String {
    let (city, postcode, state, iso) = [
        ("Austin", "73301", "Texas", "TX"),
        ("Tulsa", "74101", "Oklahoma", "OK"),
        ("Denver", "80201", "Colorado", "CO"),
        ("Portland", "97201", "Oregon", "OR"),
    ][dice.usize(..4)];
    let mut quote = json!({
        "quoteId": dice.u32(1_000_000_000..).to_string(),
        "cacheInfo": "cached for 3600s",
        "customerGroup": { "id": 3, "name": "Retail Customers" },
        "customerEmail": customer,
        "customerId": dice.u16(1..400),
        "destination": {
            "streetAddress1": format!("{} Example Street", dice.u16(1..999)),
            "streetAddress2": "",
            "city": city,
            "postcode": postcode,
            "stateName": state,
            "stateIso2": iso,
            "countryIso2": "US",
            "addressType": "residential",
        },
        "items": [{ "name": "example product (ABC-1234)", "id": "23", "quantity": dice.u8(1..5), "weight": 32 }],
        "settings": [],
    });
    if fails {
        let detail = format!("[\"{carrier} did not answer in time (Log ID: {})\"]", dice.u16(10_000..));
        quote["errorDetail"] = detail.into();
    }
    quote.to_string()
}

/// The reason why a payment failed, as text.
pub(crate) fn declined(order: i64, customer: &str) -> String {
    format!("Order {order} of {customer}: the gateway answered 'service unavailable' after 30 seconds.")
}

/// The beginning of an e-mail, as HTML.
pub(crate) fn email(order: i64) -> String {
    format!("<p>Thank you for your order <strong>#{order}</strong>.</p><p>Example Shop &amp; Co</p>")
}
