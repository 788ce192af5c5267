//! A BigCommerce log of any length, whose rows are made as they are asked for: ten million need no more memory than ten
//! thousand.

use jiff::Timestamp;
use storelogs_sandbox::{History, Platform};

use crate::Result;
use crate::served::{List, Manner, Parameters, SystemLogs, systemlogs};

/// Rows of a believable shop, which the log repeats with other ids at other times.
const REPEATED: usize = 10_000;
/// How long the log lasts: half a year, however many rows it has.
const LASTS: u64 = 180 * 86_400;
const FIRST_ID: usize = 1000;

/// The log, spread evenly over a half-year that ends now.
pub(crate) struct LongLog {
    rows: usize,
    since: i64,
    /// The rows that it repeats, without their ids and times: what follows the comma behind these.
    rests: Vec<String>,
}

impl LongLog {
    pub(crate) fn new(rows: usize) -> Result<Self> {
        let records = History::seeded(9).rows_per_day(150).records(Platform::BigCommerce).values();
        let mut rests = Vec::with_capacity(REPEATED);
        for mut record in records.into_iter().take(REPEATED) {
            let fields = record.as_object_mut().ok_or("a record is no object")?;
            fields.remove("id");
            fields.remove("date_created");
            rests.push(record.to_string().strip_prefix('{').ok_or("a record is no object")?.to_owned());
        }
        if rests.len() < REPEATED {
            return Err(format!("the history has {} of {REPEATED} rows", rests.len()).into());
        }
        Ok(Self { rows, since: Timestamp::now().as_second() - LASTS.cast_signed(), rests })
    }
}

impl SystemLogs for LongLog {
    fn len(&self) -> usize {
        self.rows
    }

    fn at(&self, place: usize) -> i64 {
        self.since + i64::try_from(place as u64 * LASTS / self.rows as u64).unwrap_or(0)
    }

    fn write(&self, place: usize, text: &mut String) {
        let at = Timestamp::from_second(self.at(place)).unwrap_or_default();
        let id = FIRST_ID + place;
        text.push_str(&format!("{{\"date_created\":\"{}\",\"id\":{id},", at.strftime("%Y-%m-%dT%H:%M:%S+00:00")));
        text.push_str(&self.rests[place % REPEATED]);
    }
}

impl List for LongLog {
    fn answer(&self, _path: &str, query: &str, manner: Manner) -> Option<String> {
        Some(systemlogs(self, &Parameters::of(query)?, manner))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::served::OLDEST_FIRST;

    #[test]
    fn each_row_of_a_long_log_is_served_once_oldest_first() {
        let log = LongLog::new(25_000).unwrap();
        let (mut ids, mut times) = (Vec::new(), Vec::new());
        for page in 1..=101 {
            let body = log.answer("", &format!("limit=250&page={page}"), OLDEST_FIRST).unwrap();
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["meta"]["pagination"]["total"], 25_000);
            for row in body["data"].as_array().unwrap() {
                ids.push(row["id"].as_u64().unwrap());
                times.push(row["date_created"].as_str().unwrap().parse::<Timestamp>().unwrap());
                assert!(row["summary"].is_string(), "{row}");
            }
        }
        assert_eq!(ids, Vec::from_iter(1000..26_000));
        assert!(times.is_sorted());
        assert!(times[24_999].as_second() - times[0].as_second() > 179 * 86_400);
    }

    #[test]
    fn the_date_filters_pick_the_rows_of_a_time_range() {
        let log = LongLog::new(25_000).unwrap();
        let (since, until) = (log.at(700), log.at(799));
        let query = format!("limit=250&date_created:min={since}&date_created:max={until}");
        let body: Value = serde_json::from_str(&log.answer("", &query, OLDEST_FIRST).unwrap()).unwrap();
        let rows = body["data"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["id"], &rows[99]["id"]), (100, &Value::from(1700), &Value::from(1799)));
    }
}
