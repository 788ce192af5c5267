//! The tool `report`: what the logs say, one part at a time.

use rmcp::model::JsonObject;
use rmcp::schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::arguments;
use super::call::Call;
use super::find::{moment, names};
use super::question::Question;
use super::{Settings, answer, schema};
use crate::commands::report as command;
use crate::error::CliError;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
struct Report {
    /// The beginning of the period: how long ago (24h, 30d, 1y), a date or a time; 30d unless given. What names no zone is in
    /// the server's --time-zone, else the shop's if the archive knows it, else this machine's
    since: Option<String>,
    /// The end of the period; now unless given; in the same zone as `since`
    until: Option<String>,
    /// Only these stores, as bigcommerce:HASH, shopline:HANDLE or only their names
    stores: Option<Vec<String>>,
    /// Which part of the report; summary unless given
    part: Option<Part>,
    /// The next_cursor of the answer before, with the same arguments
    #[serde(rename = "cursor")]
    _cursor: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "rmcp::schemars")]
enum Part {
    #[default]
    Summary,
    Activity,
    Problems,
    Incidents,
    Orders,
    People,
    Trust,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Activity => "activity",
            Self::Problems => "problems",
            Self::Incidents => "incidents",
            Self::Orders => "orders",
            Self::People => "people",
            Self::Trust => "trust",
        }
    }
}

pub(super) fn takes() -> JsonObject {
    schema::of_arguments::<Report>()
}

pub(super) fn returns() -> JsonObject {
    let item = json!({
        "type": "object",
        "properties": {
            "kind": schema::text("The kind of item: the name of its list in the part"),
            "query": schema::text("Lists the entries behind it: a query for `search`"),
        },
        "required": ["kind"],
    });
    let besides = json!({
        "part": schema::text("The part that was asked for"),
        "verdict": schema::text("The whole answer in one or two sentences"),
        "period": {"type": "object", "description": "The time that it is about, and what it is compared with"},
        "figures": {"type": "object", "description": "The figures of the part beside its items"},
    });
    schema::of_answer("items", "The items of the part, the most important first of each kind.", &item, besides)
}

pub(super) fn report(
    settings: &Settings,
    call: &Call,
    question: &Question,
    given: JsonObject,
) -> Result<JsonObject, CliError> {
    let asked: Report = arguments(given)?;
    let archive = settings.archive(call)?;
    let request = command::ReportRequest {
        since: moment("since", asked.since.as_deref())?.unwrap_or(command::MONTH),
        until: moment("until", asked.until.as_deref())?,
        compare: true,
        stores: &names(asked.stores.as_deref())?,
        labelled: command::Labelled::default(),
        clock: &settings.clock,
        redact: settings.redact,
        now: question.asked,
    };
    let report = command::asked_for(&archive, &request, settings.ui)?;
    let part = asked.part.unwrap_or_default();
    let mut whole = schema::object(answer::without_nulls(serde_json::to_value(&report)?));
    let section = whole.remove(part.name()).unwrap_or_default();
    let (figures, items) = listed(section, &report.stores);
    let (items, next) = answer::part(&items, question)?;
    let period = whole.remove("period").unwrap_or_default();
    let besides =
        json!({"part": part.name(), "verdict": report.verdict, "period": period, "figures": answer::exact(figures)});
    Ok(items.answer("items", next, besides))
}

/// A part of the report: the items of its lists, each with the name of its list, and the fields beside the lists.
/// Stores, which a report gives by number, get their names.
fn listed(section: Value, stores: &[String]) -> (Value, Vec<Value>) {
    let (mut figures, mut items) = (JsonObject::new(), Vec::new());
    let fields = match section {
        Value::Object(fields) => fields,
        list => JsonObject::from_iter([("summary".to_owned(), list)]),
    };
    for (kind, value) in fields {
        match value {
            // The data of the charts.
            _ if kind == "cube" => {}
            Value::Array(list) => {
                items.extend(list.into_iter().map(|item| {
                    let fields = match named(item, stores) {
                        Value::Object(fields) => fields,
                        other => JsonObject::from_iter([("value".to_owned(), other)]),
                    };
                    let kind = [("kind".to_owned(), Value::String(kind.clone()))];
                    Value::Object(kind.into_iter().chain(fields).collect())
                }));
            }
            other => drop(figures.insert(kind, named(other, stores))),
        }
    }
    (Value::Object(figures), items)
}

fn named(value: Value, stores: &[String]) -> Value {
    let name = |number: &Value| {
        let number = usize::try_from(number.as_u64()?).ok()?;
        Some(Value::String(stores.get(number)?.clone()))
    };
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(field, value)| {
                let value = match (field.as_str(), value) {
                    ("store", number @ Value::Number(_)) => name(&number).unwrap_or(number),
                    ("stores", Value::Array(numbers)) => {
                        numbers.into_iter().map(|number| name(&number).unwrap_or(number)).collect()
                    }
                    (_, value) => named(value, stores),
                };
                (field, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| named(item, stores)).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_its_items_with_the_names_of_their_lists_and_stores() {
        let section = json!({"total": {"now": 3}, "cube": {"steps": [[1]]}, "templates": [{"template": "x", "parts": [{"store": 1}]}]});
        let (figures, items) = listed(section, &["shopline:a1".to_owned(), "shopline:b1".to_owned()]);
        assert_eq!(figures, json!({"total": {"now": 3}}));
        assert_eq!(items, [json!({"kind": "templates", "template": "x", "parts": [{"store": "shopline:b1"}]})]);
        let (_, items) = listed(json!([{"title": "t"}]), &[]);
        assert_eq!(items, [json!({"kind": "summary", "title": "t"})]);
    }
}
