//! A checkpoint: the whole state at a version, in one Parquet file, so that nobody has to read the log from its
//! beginning.

use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::parser::parse_message_type;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action::Line;
use super::nested;
use crate::error::Cause;

/// The schema of a checkpoint by the protocol, as far as this program needs it.
const SCHEMA: &str = "message checkpoint {
  optional group txn {
    optional binary appId (STRING);
    optional int64 version;
    optional int64 lastUpdated;
  }
  optional group add {
    optional binary path (STRING);
    optional group partitionValues (MAP) {
      repeated group key_value { required binary key (STRING); optional binary value (STRING); }
    }
    optional int64 size;
    optional int64 modificationTime;
    optional boolean dataChange;
    optional binary stats (STRING);
    optional group tags (MAP) {
      repeated group key_value { required binary key (STRING); optional binary value (STRING); }
    }
  }
  optional group remove {
    optional binary path (STRING);
    optional int64 deletionTimestamp;
    optional boolean dataChange;
    optional boolean extendedFileMetadata;
    optional group partitionValues (MAP) {
      repeated group key_value { required binary key (STRING); optional binary value (STRING); }
    }
    optional int64 size;
  }
  optional group metaData {
    optional binary id (STRING);
    optional binary name (STRING);
    optional binary description (STRING);
    optional group format {
      optional binary provider (STRING);
      optional group options (MAP) {
        repeated group key_value { required binary key (STRING); optional binary value (STRING); }
      }
    }
    optional binary schemaString (STRING);
    optional group partitionColumns (LIST) {
      repeated group list { optional binary element (STRING); }
    }
    optional group configuration (MAP) {
      repeated group key_value { required binary key (STRING); optional binary value (STRING); }
    }
    optional int64 createdTime;
  }
  optional group protocol {
    optional int32 minReaderVersion;
    optional int32 minWriterVersion;
  }
}";

/// The place where readers begin to look. It is a hint: the log says the same without it.
pub(super) const LAST: &str = "_last_checkpoint";

/// The content of the hint.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Hint {
    pub(super) version: i64,
    pub(super) size: u64,
    /// How many files a checkpoint of several has. Ours have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parts: Option<u32>,
}

/// The name of the file of a version.
pub(super) fn name(version: i64) -> String {
    format!("{version:020}.checkpoint.parquet")
}

/// The version of a file of the log, if it is that of a checkpoint of one file.
pub(super) fn version_of(name: &str) -> Option<i64> {
    let number = name.strip_suffix(".checkpoint.parquet").filter(|number| number.len() == 20)?;
    number.parse().ok().filter(|version| *version >= 0)
}

/// Whether a file of the log is a checkpoint in another form, which this program does not read.
pub(super) fn is_of_another_form(name: &str) -> bool {
    name.contains(".checkpoint.") && version_of(name).is_none()
}

/// The file of these actions.
pub(super) fn content(lines: &[Line]) -> Result<Vec<u8>, Cause> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let rows = lines.iter().map(serde_json::to_value).collect::<Result<Vec<Value>, _>>()?;
    nested::write(&schema, Arc::new(properties), &rows)
}

/// The actions of a file.
pub(super) fn read(content: Vec<u8>) -> Result<Vec<Line>, Cause> {
    let rows = nested::read(bytes::Bytes::from(content))?;
    Ok(rows.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_checkpoint_keeps_is_read_again_just_so() {
        let lines: Vec<Line> = [
            r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#,
            r#"{"metaData":{"id":"i","name":"entries","format":{"provider":"parquet","options":{}},"schemaString":"{}","partitionColumns":["platform","month"],"configuration":{"a":"b","c":""},"createdTime":5}}"#,
            r#"{"metaData":{"id":"i","format":{"provider":"parquet","options":{"x":"y"}},"schemaString":"","partitionColumns":[],"configuration":{}}}"#,
            r#"{"txn":{"appId":"a","version":9007199254740993,"lastUpdated":7}}"#,
            r#"{"txn":{"appId":"b","version":-1}}"#,
            r#"{"add":{"path":"p=%25/ü","partitionValues":{"month":"2026-08","platform":null},"size":1,"modificationTime":2,"dataChange":false,"stats":"{}","tags":{"t":"v","u":null}}}"#,
            r#"{"add":{"path":"q","partitionValues":{},"size":1,"modificationTime":2,"dataChange":true}}"#,
            r#"{"remove":{"path":"r","deletionTimestamp":3,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{"month":"x"},"size":9}}"#,
            r#"{"remove":{"path":"r","dataChange":false}}"#,
        ]
        .map(|line| serde_json::from_str(line).unwrap())
        .to_vec();
        assert_eq!(read(content(&lines).unwrap()).unwrap(), lines);
        assert_eq!(read(content(&[]).unwrap()).unwrap(), []);
    }
}
