//! Redaction of JSON: a field's name says what it holds; order and formatting stay.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

use super::{Kind, Redactor};

/// JSON in a string in JSON in a string, so deep.
const DEEPEST: usize = 8;

/// A JSON value that keeps the order of its fields.
#[derive(Debug)]
enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Json>),
    Fields(Vec<(String, Json)>),
}

/// The text without personal data, if it is a JSON object or list.
pub(super) fn redact(redactor: &Redactor, text: &str) -> Option<String> {
    redact_deep(redactor, text, DEEPEST)
}

fn redact_deep(redactor: &Redactor, text: &str, left: usize) -> Option<String> {
    if left == 0 || !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut json: Json = serde_json::from_str(text).ok()?;
    json.redact(redactor, None, None, left);
    serde_json::to_string(&json).ok()
}

/// Redacts a field of an entry that its platform's document does not name.
pub(super) fn redact_value(redactor: &Redactor, name: &str, value: &mut Value) {
    let Ok(mut json) = serde_json::from_value::<Json>(value.take()) else { return };
    json.redact(redactor, Some(name), None, DEEPEST);
    *value = serde_json::to_value(&json).unwrap_or_default();
}

impl Json {
    fn redact(&mut self, redactor: &Redactor, name: Option<&str>, parent: Option<&str>, left: usize) {
        let kind = name.and_then(|name| kind_of(name, parent));
        match self {
            Self::Null | Self::Bool(_) => {}
            Self::Number(number) => {
                if let Some(kind) = kind {
                    *self = Self::Text(redactor.pseudonym(kind, &number.to_string()));
                }
            }
            Self::Text(text) => {
                if super::is_pseudonym(text) {
                    // It was redacted before.
                } else if let Some(kind) = kind.filter(|_| !text.trim().is_empty()) {
                    *text = redactor.pseudonym(kind, text);
                } else if let Some(inner) = redact_deep(redactor, text, left - 1) {
                    *text = inner;
                } else {
                    let found = super::pattern::find(text);
                    *text = redactor.replace(text, found).into_owned();
                }
            }
            Self::List(list) => list.iter_mut().for_each(|json| json.redact(redactor, name, parent, left)),
            Self::Fields(fields) => {
                for (field, json) in fields {
                    json.redact(redactor, Some(field), name, left);
                    // A name of a field may be an address itself.
                    let found = super::pattern::find(field);
                    *field = redactor.replace(field, found).into_owned();
                }
            }
        }
    }
}

/// The content of a field, judged by its name and its parent's name.
fn kind_of(name: &str, parent: Option<&str>) -> Option<Kind> {
    let plain = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (name, parent) = (plain(name), parent.map(plain).unwrap_or_default());
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let is = |names: &[&str]| names.contains(&name.as_str());
    let of_person = [
        "customer",
        "billing",
        "shipping",
        "destination",
        "recipient",
        "address",
        "contact",
        "person",
        "buyer",
        "user",
        "author",
        "shopper",
        "cardholder",
        "sender",
        "owner",
    ];
    if has(&["email"]) && !has(&["type", "template", "status", "id", "sent", "count"]) {
        Some(Kind::Email)
    } else if has(&[
        "password",
        "passwd",
        "secret",
        "apikey",
        "accesskey",
        "privatekey",
        "authorization",
        "cookie",
        "cvv",
    ]) || name.ends_with("token")
        || is(&["sessionid", "session", "signature", "auth", "xauthtoken", "pin"])
    {
        Some(Kind::Token)
    } else if is(&["cardnumber", "pan", "ccnumber", "iban", "accountnumber"]) {
        Some(Kind::Card)
    } else if has(&["phone", "mobile", "telephone"]) || is(&["tel", "fax"]) {
        Some(Kind::Phone)
    } else if has(&["street", "addressline", "postcode", "postalcode", "zipcode", "statename", "stateiso", "province"])
        || is(&["address", "address1", "address2", "city", "town", "suburb", "zip", "state", "county", "district"])
    {
        // "state" is also what becomes of an order.
        let elsewhere = name == "state" && !of_person.iter().any(|person| parent.contains(person));
        (!elsewhere).then_some(Kind::Address)
    } else if has(&["firstname", "lastname", "fullname", "givenname", "familyname", "middlename", "surname"])
        || is(&[
            "customername",
            "recipientname",
            "contactname",
            "cardholder",
            "cardholdername",
            "recipient",
            "attention",
        ])
        || (name == "name" && of_person.iter().any(|person| parent == *person || parent == format!("{person}address")))
    {
        Some(Kind::Name)
    } else {
        None
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => {
                let mut all = serializer.serialize_seq(Some(list.len()))?;
                list.iter().try_for_each(|json| all.serialize_element(json))?;
                all.end()
            }
            Self::Fields(fields) => {
                let mut all = serializer.serialize_map(Some(fields.len()))?;
                fields.iter().try_for_each(|(name, json)| all.serialize_entry(name, json))?;
                all.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Ordered)
    }
}

struct Ordered;

impl<'de> Visitor<'de> for Ordered {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, bool: bool) -> Result<Json, E> {
        Ok(Json::Bool(bool))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Json, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(json) = seq.next_element()? {
            list.push(json);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Json::Fields(fields))
    }
}
