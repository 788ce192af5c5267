#!/usr/bin/env bash
# Guess: the csv crate, read into maps of serde_json::Value, makes numbers of what looks like one in JSON, and leaves other words as texts.
# Behaviour: it takes whatever Rust's parse takes: 00123 is 123 and +5 is 5. The words Nan, Inf and infinity, in any case, are floats to
#   it that JSON does not have, so they become null. An id of 19 digits stays exact; a tracking number of 22 is an error for its row.
# Hurts: whoever makes JSON lines of a CSV export: a customer called Nan, or a search for inf, is gone, and ids lose zeros.
# Instead: maps of String, whose values serde_json writes as they are.
. "$(dirname "$0")/lib.sh"
rust_with csv=1.4.0 serde_json=1.0.150 serde=1.0.228 <<'RS'
use std::collections::BTreeMap;
fn read<V: serde::de::DeserializeOwned + serde::Serialize>(cell: &str) -> String {
    let text = format!("value,end\n{cell},x\n");
    let row = csv::Reader::from_reader(text.as_bytes()).deserialize::<BTreeMap<String, V>>().next();
    match row {
        Some(Ok(row)) => serde_json::to_string(&row["value"]).unwrap_or_default(),
        Some(Err(_)) => "an error".to_owned(),
        None => "no row".to_owned(),
    }
}
fn main() {
    for cell in ["00123", "+5", "-0", "1e5", "Nan", "nan", "NaN", "Inf", "infinity", "1e999", "6001234567890123457", "9400100000000000000123", "0x1F", "Null"] {
        println!("{cell}: {}, as a String {}", read::<serde_json::Value>(cell), read::<String>(cell));
    }
}
RS
seen=$("$program")
verdict 'csv 1.4.0 with serde_json 1.0.150 (Rust)' 'a JSON number where JSON has one, else the text' '00123: 123, as a String "00123"
+5: 5, as a String "+5"
-0: 0, as a String "-0"
1e5: 100000.0, as a String "1e5"
Nan: null, as a String "Nan"
nan: null, as a String "nan"
NaN: null, as a String "NaN"
Inf: null, as a String "Inf"
infinity: null, as a String "infinity"
1e999: null, as a String "1e999"
6001234567890123457: 6001234567890123457, as a String "6001234567890123457"
9400100000000000000123: an error, as a String "9400100000000000000123"
0x1F: "0x1F", as a String "0x1F"
Null: "Null", as a String "Null"' "$seen"
