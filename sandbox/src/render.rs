//! How a record is written into an answer.

use serde_json::{Map, Value, json};

use crate::{
    Behavior, Platform, SeverityForm, SubjectId,
    row::{Row, UNKNOWN_RANK, object, write_json, write_record},
    script::PageEffects,
};

/// How a store writes its records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    platform: Platform,
    severity: SeverityForm,
    subject_id: bool,
    extra_fields: bool,
}

impl Style {
    pub(crate) fn of(platform: Platform, behavior: &Behavior) -> Self {
        let bigcommerce = platform == Platform::BigCommerce;
        Self {
            platform,
            severity: if bigcommerce { behavior.bigcommerce.severity_form } else { SeverityForm::Names },
            subject_id: !bigcommerce && behavior.shopline.subject_id == SubjectId::Present,
            extra_fields: if bigcommerce { behavior.bigcommerce.extra_fields } else { behavior.shopline.extra_fields },
        }
    }

    /// A list of rows as a JSON array, with the script's damage done to it.
    pub(crate) fn list<'a>(self, rows: impl Iterator<Item = &'a Row>, effects: &PageEffects, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, row) in rows.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if effects.malformed.contains(&index) {
                write_json(&json!(["this", "is", "no", "record"]), out);
            } else if effects.wrong_types.contains(&index) {
                write_json(&self.wrong_types(row), out);
            } else {
                self.write(row, out);
            }
        }
        out.push(b']');
    }

    /// One record as it is sent.
    pub(crate) fn write(self, row: &Row, out: &mut Vec<u8>) {
        if self.is_plain() {
            out.extend_from_slice(&row.body);
        } else {
            write_record(self.platform, &self.value(row), out);
        }
    }

    /// One record as it is sent, as a value.
    pub(crate) fn value(self, row: &Row) -> Value {
        let mut fields = match object(row) {
            Some(fields) if !self.is_plain() => fields,
            _ => return row.value(),
        };
        if let Some(severity) = severity(self.severity, row.rank) {
            fields.insert("severity".into(), severity);
        }
        if self.subject_id && !fields.contains_key("subject_id") {
            fields.insert("subject_id".into(), subject_id(row.id));
        }
        if self.extra_fields {
            extra_fields(row, &mut fields);
        }
        Value::Object(fields)
    }

    fn is_plain(self) -> bool {
        self.severity == SeverityForm::Names && !self.subject_id && !self.extra_fields
    }

    fn wrong_types(self, row: &Row) -> Value {
        let mut fields = object(row).unwrap_or_default();
        let date = if self.platform == Platform::BigCommerce { "date_created" } else { "created_at" };
        fields.insert("id".into(), json!({ "value": row.id_text() }));
        fields.insert(date.into(), json!(true));
        Value::Object(fields)
    }
}

/// The severity in another form; `None` leaves it as it is.
fn severity(form: SeverityForm, rank: u8) -> Option<Value> {
    match (form, rank) {
        (SeverityForm::Names, _) | (_, UNKNOWN_RANK) => None,
        (SeverityForm::SingularWarning, 3) => Some(json!("warning")),
        (SeverityForm::SingularWarning, _) => None,
        (SeverityForm::Digits, rank) => Some(json!(rank.to_string())),
        (SeverityForm::Numbers, rank) => Some(json!(rank)),
    }
}

/// A subject id that is always the same for the same record.
fn subject_id(id: u64) -> Value {
    json!(format!("160{:017}", id % 100_000_000_000_000_000))
}

fn extra_fields(row: &Row, fields: &mut Map<String, Value>) {
    fields.insert("channel".into(), json!({ "id": row.id % 3 + 1, "name": "Online store" }));
    fields.insert("tags".into(), json!(["sandbox"]));
    fields.insert("revision".into(), json!(1));
}
