//! The tools `status` and `verify`: the state of each store, as it is known and as its platform reports it now.

use rmcp::model::JsonObject;
use rmcp::schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storelogs_collector::status as collector;
use storelogs_collector::verdict;

use super::arguments::arguments;
use super::call::Call;
use super::find::names;
use super::question::Question;
use super::{Settings, answer, schema};
use crate::commands::{status as standing, verify as proving};
use crate::config::{self, Selection};
use crate::error::CliError;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
struct Status {
    /// Only these stores, as bigcommerce:HASH, shopline:HANDLE or only their names
    stores: Option<Vec<String>>,
    /// Only stores with something wrong
    problems: Option<bool>,
    /// The next_cursor of the answer before, with the same arguments
    #[serde(rename = "cursor")]
    _cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
struct Verify {
    /// Only these stores, as bigcommerce:HASH, shopline:HANDLE or only their names; all that are configured unless given
    stores: Option<Vec<String>>,
    /// The next_cursor of the answer before, with the same arguments
    #[serde(rename = "cursor")]
    _cursor: Option<String>,
}

pub(super) fn takes_status() -> JsonObject {
    schema::of_arguments::<Status>()
}

pub(super) fn takes_verify() -> JsonObject {
    schema::of_arguments::<Verify>()
}

pub(super) fn returns_status() -> JsonObject {
    let item = store(json!({
        "state": schema::text("active, or why it is not read"),
        "reason": schema::text("Why it is not active, with the remedy"),
        "entries": {"type": "integer", "description": "How many entries the archive holds"},
        "share": {"type": "number", "description": "The share of what the platform keeps that was read, 0 to 1"},
    }));
    schema::of_answer("stores", "The stores.", &item, json!({"together": together()}))
}

pub(super) fn returns_verify() -> JsonObject {
    let item = store(json!({
        "verdict": schema::text("The worst that is known of it: audited means complete"),
        "summary": schema::text("The same in one line"),
        "error": schema::text("Why it could not be compared, with the remedy"),
        "held": {"type": "integer", "description": "Entries that are held of what the platform keeps"},
    }));
    schema::of_answer("stores", "The stores.", &item, json!({"together": together()}))
}

fn store(mut properties: Value) -> Value {
    properties["store"] = schema::text("The store, as platform:name");
    json!({"type": "object", "properties": properties, "required": ["store"]})
}

fn together() -> Value {
    schema::text("The verdict on all of them together")
}

pub(super) fn status(
    settings: &Settings,
    call: &Call,
    question: &Question,
    given: JsonObject,
) -> Result<JsonObject, CliError> {
    let asked: Status = arguments(given)?;
    let archive = settings.archive(call)?;
    let mut standings = collector::status(&archive, question.asked)?;
    standing::pick(&mut standings, &names(asked.stores.as_deref())?)?;
    let together = verdict::together(standings.iter().map(|(_, standing)| &standing.judgement));
    if asked.problems == Some(true) {
        standings.retain(|(_, standing)| standing::is_wrong(standing));
    }
    let (items, next) = part(standings.iter().map(|(_, standing)| standing), question)?;
    Ok(items.answer("stores", next, json!({"together": together})))
}

pub(super) fn verify(
    settings: &Settings,
    call: &Call,
    question: &Question,
    given: JsonObject,
) -> Result<JsonObject, CliError> {
    let asked: Verify = arguments(given)?;
    let mut archive = settings.archive(call)?;
    let selection = Selection { stores: names(asked.stores.as_deref())?, ..settings.stores.clone() };
    let configured = config::read(&selection, settings.ui).map_err(|error| {
        error.hint(
            "the server reads the configuration anew at each call: storelogs.toml, or --config FILE in its arguments",
        )
    })?;
    archive.check()?;
    let network = configured.network()?;
    let compared = call.wait(proving::compare_all(&mut archive, &configured.stores, &network, settings.ui));
    let results = compared.ok_or_else(|| CliError::failed("it was given up"))?;
    let (items, next) = part(results.iter(), question)?;
    Ok(items.answer("stores", next, json!({"together": proving::together(&results)})))
}

fn part(
    stores: impl Iterator<Item = impl Serialize>,
    question: &Question,
) -> Result<(answer::Items, Option<String>), CliError> {
    let values = stores.map(|store| Ok(answer::without_nulls(serde_json::to_value(store)?)));
    answer::part(&values.collect::<Result<Vec<_>, CliError>>()?, question)
}
