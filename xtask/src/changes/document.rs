//! An OpenAPI document, prepared for comparison: references and `allOf` are resolved, and its order is gone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// A document, and the components that its operations reach.
pub(super) struct Document<'a> {
    root: &'a Value,
    pub(super) operations: BTreeMap<Key, Operation<'a>>,
    pub(super) reached: BTreeSet<String>,
}

/// A method and a path without the names of its parameters: `GET /store/logs/{}.json`.
pub(super) type Key = (String, String);

pub(super) struct Operation<'a> {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) own: &'a Value,
    /// The parameters, by their place and name.
    pub(super) parameters: BTreeMap<(String, String), Parameter>,
    pub(super) body: Option<(bool, Schema)>,
    /// The answers, by status: the JSON answer, if there is one, and everything about the answer.
    pub(super) answers: BTreeMap<String, Answer>,
}

pub(super) struct Answer {
    pub(super) json: Option<Schema>,
    /// The content types.
    pub(super) kinds: BTreeSet<String>,
    pub(super) words: BTreeMap<String, Value>,
    pub(super) headers: BTreeMap<String, Value>,
    /// The answer with its references replaced.
    pub(super) whole: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameter {
    pub(super) required: bool,
    pub(super) deprecated: bool,
    pub(super) schema: Schema,
    /// How a list or an object becomes text. `None` for everything else.
    pub(super) form: Option<Form>,
    /// The media type of its text, where the document gives it one in place of a schema.
    pub(super) media: Option<String>,
    pub(super) words: BTreeMap<String, Value>,
}

/// OpenAPI's `style` and `explode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) style: String,
    pub(super) explode: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Schema {
    /// The component that it is, and so the Rust type.
    pub(super) name: Option<String>,
    /// `string`, `integer`, `array`, `object` …, `any` if the document does not say, or `a | b`.
    pub(super) kind: String,
    pub(super) format: Option<String>,
    /// Each value as JSON.
    pub(super) values: Option<BTreeSet<String>>,
    pub(super) nullable: bool,
    pub(super) default: Option<Value>,
    pub(super) items: Option<Box<Schema>>,
    pub(super) fields: BTreeMap<String, Schema>,
    pub(super) required: BTreeSet<String>,
    /// Whether fields that the document does not name are kept, in `extra`.
    pub(super) keeps_unknown: bool,
    /// The parts of a `oneOf` or an `anyOf`.
    pub(super) choice: Vec<Schema>,
    /// Further limits, such as `maximum`.
    pub(super) limits: BTreeMap<String, Value>,
    /// Texts for people only.
    pub(super) words: BTreeMap<String, Value>,
}

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Keywords for people. So is every `x-…`.
const WORDS: [&str; 8] =
    ["title", "description", "summary", "example", "examples", "externalDocs", "deprecated", "xml"];

pub(super) fn is_words(keyword: &str) -> bool {
    WORDS.contains(&keyword) || keyword.starts_with("x-")
}

impl<'a> Document<'a> {
    pub(super) fn read(root: &'a Value) -> Self {
        let mut document = Self { root, operations: BTreeMap::new(), reached: BTreeSet::new() };
        for (path, item) in root["paths"].as_object().into_iter().flatten() {
            for (method, own) in item.as_object().into_iter().flatten().filter(|(m, _)| METHODS.contains(&m.as_str())) {
                let operation = document.operation(path, method, item, own);
                document.operations.insert((operation.method.clone(), without_names(path)), operation);
            }
        }
        document
    }

    fn operation(&mut self, path: &str, method: &str, item: &'a Value, own: &'a Value) -> Operation<'a> {
        let listed = |value: &'a Value| value["parameters"].as_array().into_iter().flatten();
        // The operation's own parameters come last, and so replace those of its path.
        let mut parameters = BTreeMap::new();
        for parameter in listed(item).chain(listed(own)) {
            let parameter = self.follow(parameter);
            let text = |key: &str| parameter[key].as_str().unwrap_or_default().to_owned();
            parameters.insert((text("in"), text("name")), self.parameter(parameter));
        }
        let body = self.follow(&own["requestBody"]);
        let body = json_schema(body).map(|schema| (body["required"] == true, self.schema(schema)));
        let mut answers = BTreeMap::new();
        for (status, answer) in own["responses"].as_object().into_iter().flatten() {
            let answer = self.follow(answer);
            let json = json_schema(answer).map(|schema| self.schema(schema));
            let headers = answer["headers"].as_object().into_iter().flatten();
            let headers = headers.map(|(name, value)| (name.to_lowercase(), self.whole(value))).collect();
            let kinds = answer["content"].as_object().into_iter().flatten().map(|(kind, _)| kind.clone()).collect();
            let words = words(answer.as_object().into_iter().flatten());
            answers.insert(status.clone(), Answer { json, kinds, words, headers, whole: self.whole(answer) });
        }
        Operation { method: method.to_uppercase(), path: path.to_owned(), own, parameters, body, answers }
    }

    fn parameter(&mut self, parameter: &'a Value) -> Parameter {
        let content = parameter["content"].as_object().and_then(|content| content.iter().next());
        let schema =
            self.schema(parameter.get("schema").unwrap_or_else(|| content.map_or(&Value::Null, |(_, c)| &c["schema"])));
        let media = content.map(|(media, _)| media.clone());
        let place = parameter["in"].as_str();
        let style = parameter["style"].as_str();
        let style = style.unwrap_or(if matches!(place, Some("query" | "cookie")) { "form" } else { "simple" });
        let explode = parameter["explode"].as_bool().unwrap_or(style == "form");
        let form = Form { style: style.to_owned(), explode };
        Parameter {
            required: parameter["required"] == true,
            deprecated: parameter["deprecated"] == true,
            form: (media.is_none() && ["array", "object"].contains(&schema.kind.as_str())).then_some(form),
            media,
            schema,
            words: words(parameter.as_object().into_iter().flatten()),
        }
    }

    /// The value that a reference points at.
    fn follow(&mut self, value: &'a Value) -> &'a Value {
        let mut value = value;
        // Longer chains of references go in a circle.
        for _ in 0..16 {
            let Some(reference) = value["$ref"].as_str() else { return value };
            self.reached.insert(reference.to_owned());
            value = reference.strip_prefix('#').and_then(|at| self.root.pointer(at)).unwrap_or(&Value::Null);
        }
        &Value::Null
    }

    /// A value with every reference in it replaced, and without what is for people.
    fn whole(&mut self, value: &'a Value) -> Value {
        self.expand(value, 0)
    }

    fn expand(&mut self, value: &'a Value, depth: usize) -> Value {
        if depth > 32 {
            return value.clone();
        }
        match self.follow(value) {
            Value::Object(map) => {
                let kept = map.iter().filter(|(key, _)| !is_words(key));
                kept.map(|(key, value)| (key.clone(), self.expand(value, depth + 1))).collect::<Map<_, _>>().into()
            }
            Value::Array(list) => list.iter().map(|value| self.expand(value, depth + 1)).collect::<Vec<_>>().into(),
            other => other.clone(),
        }
    }

    fn schema(&mut self, value: &'a Value) -> Schema {
        self.nested(value, &mut Vec::new())
    }

    fn nested(&mut self, value: &'a Value, inside: &mut Vec<&'a str>) -> Schema {
        if let Some(reference) = value["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or(reference);
            if inside.contains(&reference) {
                return Schema { kind: format!("{name} again"), ..Schema::default() };
            }
            self.reached.insert(reference.to_owned());
            inside.push(reference);
            let target = reference.strip_prefix('#').and_then(|at| self.root.pointer(at)).unwrap_or(&Value::Null);
            let schema = self.nested(target, inside);
            inside.pop();
            return Schema { name: Some(name.to_owned()), ..schema };
        }
        let mut schema = Schema { kind: "any".into(), ..Schema::default() };
        for (keyword, value) in value.as_object().into_iter().flatten() {
            self.keyword(&mut schema, keyword, value, inside);
        }
        if schema.kind == "any" && !schema.fields.is_empty() {
            schema.kind = "object".into();
        }
        schema
    }

    fn keyword(&mut self, schema: &mut Schema, keyword: &str, value: &'a Value, inside: &mut Vec<&'a str>) {
        match keyword {
            "type" => schema.kind = value.as_str().unwrap_or("any").to_owned(),
            "format" => schema.format = value.as_str().map(str::to_owned),
            "enum" => schema.values = Some(value.as_array().into_iter().flatten().map(Value::to_string).collect()),
            "nullable" => schema.nullable = value == true,
            "default" => schema.default = Some(value.clone()),
            "items" => schema.items = Some(Box::new(self.nested(value, inside))),
            "required" => schema.required.extend(value.as_array().into_iter().flatten().filter_map(text)),
            "additionalProperties" => {
                schema.keeps_unknown = value.is_object();
                schema
                    .limits
                    .extend((!schema.keeps_unknown && value != true).then(|| (keyword.to_owned(), value.clone())));
            }
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    let field = self.nested(value, inside);
                    schema.fields.insert(name.clone(), field);
                }
            }
            "allOf" => {
                let parts: Vec<&Value> = value.as_array().into_iter().flatten().collect();
                let alone = parts.len() == 1;
                for part in parts {
                    let part = self.nested(part, inside);
                    schema.absorb(part, alone);
                }
            }
            "oneOf" | "anyOf" => {
                let parts = value.as_array().into_iter().flatten();
                let mut parts: Vec<Schema> = parts.map(|part| self.nested(part, inside)).collect();
                parts.sort_by_key(|part| format!("{part:?}"));
                schema.kind = parts.iter().map(|part| part.kind.as_str()).collect::<Vec<_>>().join(" | ");
                schema.choice = parts.iter().map(Schema::without_words).collect();
            }
            _ if is_words(keyword) => drop(schema.words.insert(keyword.to_owned(), value.clone())),
            _ => drop(schema.limits.insert(keyword.to_owned(), value.clone())),
        }
    }
}

impl Schema {
    /// Takes over what a part of an `allOf` says. A part that is alone is the schema itself, and gives it its name.
    fn absorb(&mut self, part: Self, alone: bool) {
        if part.kind != "any" {
            self.kind = part.kind;
        }
        self.name = self.name.take().or(part.name.filter(|_| alone));
        self.format = self.format.take().or(part.format);
        self.values = self.values.take().or(part.values);
        self.default = self.default.take().or(part.default);
        self.items = self.items.take().or(part.items);
        self.nullable |= part.nullable;
        self.keeps_unknown |= part.keeps_unknown;
        self.fields.extend(part.fields);
        self.required.extend(part.required);
        self.limits.extend(part.limits);
        self.choice.extend(part.choice);
        let words = std::mem::take(&mut self.words);
        self.words = part.words;
        self.words.extend(words);
    }

    fn without_words(&self) -> Self {
        let bare = |schema: &Self| schema.without_words();
        Self {
            words: BTreeMap::new(),
            items: self.items.as_deref().map(|items| Box::new(bare(items))),
            fields: self.fields.iter().map(|(name, field)| (name.clone(), bare(field))).collect(),
            ..self.clone()
        }
    }

    /// The type in a word or a few: `` `Log` ``, `string (uuid)`, `a list of integer`, `an object of id, text`.
    pub(super) fn in_short(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let format = self.format.as_ref().map(|format| format!(" ({format})")).unwrap_or_default();
        let list = |list: &mut dyn Iterator<Item = &String>| {
            list.map(|it| it.trim_matches('"')).collect::<Vec<_>>().join(", ")
        };
        match (&self.values, self.kind.as_str(), &self.items) {
            (Some(values), _, _) => format!("one of {}", list(&mut values.iter())),
            (None, "array", Some(items)) => format!("a list of {}", items.in_short()),
            (None, "object", _) if !self.fields.is_empty() => format!("an object of {}", list(&mut self.fields.keys())),
            (None, kind, _) => format!("{kind}{format}"),
        }
    }
}

/// The schema of the JSON that a body or an answer holds.
fn json_schema(holder: &Value) -> Option<&Value> {
    let content = holder["content"].as_object()?;
    let json = content.iter().find(|(kind, _)| kind.split(';').next().is_some_and(|kind| kind.ends_with("json")));
    json.and_then(|(_, media)| media.get("schema"))
}

fn words<'a>(keywords: impl Iterator<Item = (&'a String, &'a Value)>) -> BTreeMap<String, Value> {
    let words = keywords.filter(|(keyword, _)| is_words(keyword) && *keyword != "deprecated");
    words.map(|(keyword, value)| (keyword.clone(), value.clone())).collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A path whose parameters have no names.
pub(super) fn without_names(path: &str) -> String {
    let mut erased = String::new();
    for (index, part) in path.split('{').enumerate() {
        match part.split_once('}') {
            Some((_, rest)) if index > 0 => erased += &format!("{{}}{rest}"),
            _ => erased += part,
        }
    }
    erased
}
