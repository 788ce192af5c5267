//! Tests of list parameters: one value that lists several becomes a list in the client.

#![allow(clippy::needless_pass_by_value)]

use serde_json::{Value, json};

use super::lists::{as_one_value, conversions};

fn with_parameter(parameter: Value) -> Value {
    json!({
        "paths": { "/logs": { "get": { "parameters": [parameter] } } },
        "components": { "schemas": { "Ids": { "type": "array", "items": { "$ref": "#/components/schemas/Id" } }, "Id": { "type": "integer" } } },
    })
}

fn schema_of(parameter: Value) -> Result<Value, String> {
    let mut document = with_parameter(parameter);
    as_one_value(&mut document)?;
    Ok(document["paths"]["/logs"]["get"]["parameters"][0]["schema"].clone())
}

fn list(items: Value) -> Value {
    json!({ "in": "query", "name": "id:in", "explode": false, "schema": { "type": "array", "items": items } })
}

#[test]
fn a_list_that_is_sent_as_one_value_gets_the_type_of_its_items() {
    let table = [
        (json!({ "type": "integer" }), "CommaSeparated<i64>"),
        (json!({ "type": "integer", "format": "int64" }), "CommaSeparated<i64>"),
        (json!({ "type": "integer", "format": "int32" }), "CommaSeparated<i32>"),
        (json!({ "type": "number" }), "CommaSeparated<f64>"),
        (json!({ "type": "boolean" }), "CommaSeparated<bool>"),
        (json!({ "type": "string", "enum": ["a", "b"] }), "CommaSeparated<::std::string::String>"),
    ];
    for (items, rust) in table {
        let schema = schema_of(list(items.clone())).unwrap();
        let known = conversions("CommaSeparated").find(|(known, _)| *known == schema);
        assert_eq!(known.map(|(_, rust)| rust).as_deref(), Some(rust), "{items}");
    }
}

#[test]
fn each_kind_of_items_has_a_schema_of_its_own() {
    let schemas: Vec<String> = conversions("CommaSeparated").map(|(schema, _)| schema.to_string()).collect();
    let mut different = schemas.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), schemas.len());
}

#[test]
fn a_list_is_found_behind_references_and_wherever_parameters_are_described() {
    let reference =
        json!({ "in": "query", "name": "id:in", "explode": false, "schema": { "$ref": "#/components/schemas/Ids" } });
    assert_eq!(schema_of(reference.clone()).unwrap(), schema_of(list(json!({ "type": "integer" }))).unwrap());
    let wrapped = json!({ "in": "query", "name": "id:in", "explode": false, "schema": { "allOf": [{ "$ref": "#/components/schemas/Ids" }] } });
    assert_eq!(schema_of(wrapped).unwrap(), schema_of(reference.clone()).unwrap());

    let mut document = with_parameter(json!({ "$ref": "#/components/parameters/~Ids" }));
    document["components"]["parameters"] = json!({ "~Ids": reference });
    document["paths"]["/logs"]["parameters"] = json!([list(json!({ "type": "string" }))]);
    as_one_value(&mut document).unwrap();
    assert_eq!(document["components"]["parameters"]["~Ids"]["schema"]["type"], "string");
    assert_eq!(document["paths"]["/logs"]["parameters"][0]["schema"]["type"], "string");
}

#[test]
fn what_is_not_sent_as_one_value_stays_as_it_is() {
    let exploded =
        json!({ "in": "query", "name": "id", "schema": { "type": "array", "items": { "type": "integer" } } });
    let text = json!({ "in": "query", "name": "id:in", "explode": false, "schema": { "type": "string" } });
    for parameter in [exploded, text] {
        assert_eq!(schema_of(parameter.clone()).unwrap(), parameter["schema"]);
    }
}

#[test]
fn what_the_generator_would_send_wrongly_is_refused_by_its_place() {
    let object = json!({ "type": "object" });
    for (change, word) in [
        (json!({ "style": "pipeDelimited" }), "`pipeDelimited`"),
        (json!({ "style": "spaceDelimited", "explode": false }), "`spaceDelimited`"),
        (json!({ "style": "deepObject", "schema": object }), "`deepObject`"),
        (json!({ "in": "header" }), "`simple`"),
        (json!({ "schema": { "type": "array", "items": object } }), "one value cannot hold"),
    ] {
        let mut parameter = list(json!({ "type": "integer" }));
        parameter.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let error = schema_of(parameter).unwrap_err();
        assert!(error.contains("/paths/~1logs/get/parameters/0") && error.contains(word), "{error}");
    }
}
