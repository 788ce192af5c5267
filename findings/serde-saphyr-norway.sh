#!/usr/bin/env bash
# Guess: a YAML crate of this decade follows YAML 1.2, where NO, y and on are text; its neighbours do.
# Behaviour: serde-saphyr makes booleans of them wherever the type is open, as the values of an enum are in openapiv3: the
#   countries NO and SE become false and "SE". Into a String they go as text, so tests with plain fields see nothing.
# Hurts: whoever generates a client from a document with countries or switches: one allowed value is gone from the enum.
# Instead: quote them in the document, or keep to yaml_serde for OpenAPI.
. "$(dirname "$0")/lib.sh"
rust_with serde-saphyr=2.2.0 yaml_serde=0.10.7 openapiv3=2.2.0 serde_json=1.0.150 <<'RS'
fn main() {
    let text = "type: string\nenum: [NO, SE, y, on]\n";
    let show = |schema: openapiv3::Schema| serde_json::to_value(schema).map_or_else(|why| why.to_string(), |value| value["enum"].to_string());
    println!("yaml_serde: {}", yaml_serde::from_str(text).map_or_else(|why| why.to_string(), show));
    println!("serde-saphyr: {}", serde_saphyr::from_str(text).map_or_else(|why| why.to_string(), show));
    let texts: Vec<String> = serde_saphyr::from_str("[NO, SE, y, on]").unwrap_or_default();
    println!("serde-saphyr, as texts: {}", texts.join(" "));
}
RS
verdict 'serde-saphyr 2.2.0, yaml_serde 0.10.7, openapiv3 2.2.0 (Rust)' 'four texts, each time' 'yaml_serde: ["NO","SE","y","on"]
serde-saphyr: [false,"SE",true,true]
serde-saphyr, as texts: NO SE y on' "$("$program")"
