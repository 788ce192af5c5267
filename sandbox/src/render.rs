//! How a record is written into an answer.

use serde_json::{Map, Value, json};

use crate::{
    Behavior, Damage, Listing, Platform, SeverityForm, SubjectId,
    row::{Row, UNKNOWN_RANK, object, write_json, write_record},
    script::PageEffects,
};

/// Stands where a damaged record's odd bytes come, until they do.
const MARK: &str = "@@odd@@";

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

    /// A list of rows as a JSON array, damaged as the store or the script has it.
    pub(crate) fn list<'a>(
        self,
        rows: impl Iterator<Item = &'a Row>,
        listing: &Listing,
        effects: &PageEffects,
        out: &mut Vec<u8>,
    ) {
        out.push(b'[');
        for (index, row) in rows.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let scripted = effects.damaged.iter().find(|(damaged, _)| *damaged == index).map(|(_, damage)| *damage);
            match scripted.or_else(|| listing.damage(row)) {
                Some(damage) => self.write_damaged(row, damage, out),
                None => self.write(row, out),
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

    fn write_damaged(self, row: &Row, damage: Damage, out: &mut Vec<u8>) {
        let mut fields = match self.value(row) {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let bigcommerce = self.platform == Platform::BigCommerce;
        let date = if bigcommerce { "date_created" } else { "created_at" };
        let text = if bigcommerce { "summary" } else { "detail" };
        let odd: &[u8] = match damage {
            Damage::NoObject => return write_json(&json!(["this", "is", "no", "record"]), out),
            Damage::WrongTypes => {
                fields.insert("id".into(), json!({ "value": row.id_text() }));
                fields.insert(date.into(), json!(true));
                b""
            }
            Damage::NoTime => {
                fields.insert(date.into(), json!("the other day"));
                b""
            }
            Damage::InvalidUtf8 => b"\xff",
            Damage::LoneSurrogate => b"\\ud83d",
        };
        if odd.is_empty() {
            return write_record(self.platform, &Value::Object(fields), out);
        }
        let said = fields.get(text).and_then(Value::as_str).unwrap_or_default();
        let marked = format!("{said} {MARK} and on");
        fields.insert(text.into(), marked.into());
        let mut record = Vec::new();
        write_record(self.platform, &Value::Object(fields), &mut record);
        let at = record.windows(MARK.len()).position(|bytes| bytes == MARK.as_bytes()).unwrap_or(record.len());
        out.extend_from_slice(&record[..at]);
        out.extend_from_slice(odd);
        out.extend_from_slice(record.get(at + MARK.len()..).unwrap_or_default());
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
