//! Tests of reading documents: YAML and JSON are read as they are meant.

use serde_json::{Value, json};

use super::document::parse;

#[test]
fn merge_keys_are_applied() {
    let text = "
base: &base { type: string, format: uuid }
more: &more { format: date, title: a }
one: { <<: *base }
own: { <<: *base, format: email }
two:
  <<: [*base, *more]
  description: b
quoted: { '<<': a }
";
    let document = parse(text).unwrap();
    assert_eq!(document["one"], json!({ "type": "string", "format": "uuid" }));
    assert_eq!(document["own"], json!({ "type": "string", "format": "email" }), "what it says itself goes first");
    assert_eq!(document["two"], json!({ "type": "string", "format": "uuid", "title": "a", "description": "b" }));
    assert_eq!(document["quoted"], json!({ "<<": "a" }), "text in quotes is text");
    assert!(parse("a: { <<: b }").unwrap_err().contains("line 1: `<<` merges"));
}

#[test]
fn a_key_that_stands_twice_is_refused_with_its_lines() {
    let yaml = "paths:\n  /a:\n    get: 1\n  /b: { x: 1,\n    'x': 2 }\n  /a:\n    put: 2\n";
    let why = parse(yaml).unwrap_err();
    assert_eq!(why, "the key `x` stands twice, on lines 4 and 5\nthe key `/a` stands twice, on lines 2 and 6");
    let json = "{\n \"a\": {\"b\": \"a\",\n  \"c\": [\"a\", {\"a\": 1}]},\n \"\\u0061\": \"\\\"a\\\": 1\"\n}";
    assert_eq!(parse(json).unwrap_err(), "the key `a` stands twice, on lines 2 and 4");
    let same_in_other_objects = "{\"a\": {\"a\": [{\"a\": 1}, {\"a\": 2}]}, \"b\": {\"a\": \"{,\\\"b\\\":\"}}";
    assert_eq!(parse(same_in_other_objects), Ok(serde_json::from_str(same_in_other_objects).unwrap()));
}

#[test]
fn json_is_read_as_json() {
    let text = r#"{"a": "\ud83d\ude00", "b": "\/", "c": 12345678901, "t":	1}"#;
    assert_eq!(parse(text).unwrap(), json!({ "a": "😀", "b": "/", "c": 12_345_678_901_u64, "t": 1 }));
    assert_eq!(parse("\u{feff}{\"a\": 1}").unwrap(), json!({ "a": 1 }));
    assert_eq!(parse("{a: b, c: [d]}").unwrap(), json!({ "a": "b", "c": ["d"] }), "YAML may begin with a brace");
}

#[test]
fn values_are_those_of_the_core_schema() {
    for (text, value) in [
        ("3", json!(3)),
        ("-3", json!(-3)),
        ("+3", json!(3)),
        ("0x1F", json!(31)),
        ("0o17", json!(15)),
        ("1.5", json!(1.5)),
        ("1e3", json!(1000.0)),
        (".5", json!(0.5)),
        ("007", json!("007")),
        ("1_000", json!("1_000")),
        ("3.0.3", json!("3.0.3")),
        ("2021-12-20", json!("2021-12-20")),
        ("'3'", json!("3")),
        ("yes", json!("yes")),
        ("true", json!(true)),
        ("~", Value::Null),
        ("", Value::Null),
        ("!!str 3", json!("3")),
        ("|-\n  a\n  b", json!("a\nb")),
        (">-\n  a\n  b", json!("a b")),
        ("\"a\\u00A0b\"", json!("a\u{a0}b")),
        ("a: {200: b, true: c}", json!({ "a": { "200": "b", "true": "c" } })),
    ] {
        assert_eq!(parse(text), Ok(value), "{text}");
    }
}

#[test]
fn what_is_no_document_is_refused_and_never_a_panic() {
    let bomb = (0..40)
        .map(|n| format!("a{n}: &a{n} [{}]\n", ["*a", "*a"].map(|a| format!("{a}{}", n.max(1) - 1)).join(",")))
        .collect::<String>();
    let bomb = bomb.replacen("[*a0,*a0]", "[1, 1]", 1);
    for text in [
        "{",
        "a: [",
        "a: b: c",
        "- a\nb",
        "a: *b",
        "a: &a [*a]",
        "--- 1\n--- 2",
        "\t",
        "? [a]\n: b",
        &"[".repeat(10_000),
        &bomb,
    ] {
        let _ = parse(text).err();
    }
    assert!(parse(&bomb).unwrap_err().contains("aliases"));
    assert!(parse(&format!("{}{}", "[".repeat(500), "]".repeat(500))).is_err());
    assert!(parse("--- 1\n--- 2").unwrap_err().contains("second document"));
}

/// Compares with the parser that was used before.
#[test]
fn our_documents_and_corrections_are_read_as_another_parser_reads_them() {
    let specs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    for path in crate::regen::files_below(&specs).unwrap() {
        if path.extension().is_some_and(|end| end == "yml" || end == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            let other: Value = yaml_serde::from_str(&text).unwrap();
            assert_eq!(parse(&text).as_ref(), Ok(&other), "{}", path.display());
        }
    }
}
