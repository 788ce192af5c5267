//! Checks of the queries that Prism answers with 200: names that the document does not have, empty values, duplicate
//! parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The query parameters of a document, by their names.
pub(super) struct Rules(BTreeMap<String, Rule>);

#[derive(Clone, Copy)]
struct Rule {
    may_repeat: bool,
    may_be_empty: bool,
}

impl Rules {
    pub(super) fn of(document: &Value) -> Self {
        let items = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
        let listed = items.filter_map(|item| item["get"]["parameters"].as_array()).flatten();
        let shared = document["components"]["parameters"].as_object().into_iter().flat_map(|shared| shared.values());
        let query = listed.chain(shared).filter(|parameter| parameter["in"] == "query");
        let rule = |parameter: &Value| {
            let is_list = parameter["schema"]["type"] == "array";
            let rule = Rule {
                may_repeat: is_list && parameter["explode"] != false,
                may_be_empty: parameter["allowEmptyValue"] == true,
            };
            Some((parameter["name"].as_str()?.to_owned(), rule))
        };
        Self(query.filter_map(rule).collect())
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// The faults of the query of a request's target, each once.
    pub(super) fn faults(&self, target: &str) -> BTreeSet<String> {
        let mut faults = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for (name, value) in pairs(target) {
            let Some(rule) = self.0.get(&name) else {
                faults.insert(format!("it sent the parameter `{name}`, which the document does not name"));
                continue;
            };
            if value.is_empty() && !rule.may_be_empty {
                faults.insert(format!("it sent `{name}` without a value"));
            }
            if !seen.insert(name.clone()) && !rule.may_repeat {
                faults.insert(format!("it sent `{name}` more than once"));
            }
        }
        faults
    }
}

/// The names and values of a target's query.
pub(super) fn pairs(target: &str) -> impl Iterator<Item = (String, String)> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(query: &str) -> Vec<String> {
        let integer = json!({ "type": "integer" });
        let list = json!({ "type": "array", "items": integer });
        let document = json!({
            "paths": { "/logs": { "get": { "parameters": [
                { "in": "query", "name": "limit", "schema": integer },
                { "in": "query", "name": "id:in", "schema": list, "explode": false },
                { "in": "query", "name": "kind", "schema": list },
                { "in": "header", "name": "token" },
                { "$ref": "#/components/parameters/Severity" },
            ] } } },
            "components": { "parameters": { "Severity": { "in": "query", "name": "severity", "schema": integer } } },
        });
        Rules::of(&document).faults(&format!("/logs{query}")).into_iter().collect()
    }

    #[test]
    fn a_request_that_keeps_to_the_document_has_no_fault() {
        for query in ["", "?limit=3&id%3Ain=3%2C4&severity=2", "?kind=1&kind=2"] {
            assert_eq!(faults(query), [""; 0], "{query}");
        }
    }

    /// Prism answers each of these with 200.
    #[test]
    fn empty_values_repeats_and_unknown_names_are_faults() {
        for (query, fault) in [
            ("?id:in=3&id:in=4", "it sent `id:in` more than once"),
            ("?id:in=", "it sent `id:in` without a value"),
            ("?limit=", "it sent `limit` without a value"),
            ("?severity", "it sent `severity` without a value"),
            ("?token=1", "it sent the parameter `token`, which the document does not name"),
            ("?Limit=1", "it sent the parameter `Limit`, which the document does not name"),
        ] {
            assert_eq!(faults(query), [fault], "{query}");
        }
    }
}
