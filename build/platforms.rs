//! The platforms of this library.

use super::{Platform, PushedDown, Record};

pub(crate) const PLATFORMS: [Platform; 2] = [
    Platform {
        name: "bigcommerce",
        document: "specs/bigcommerce/store-logs.yml",
        patch: Some("specs/bigcommerce/patch.yml"),
        operations: &["get_store_system_logs"],
        records: &[Record {
            schema: "SystemLog",
            fields: &["id", "type", "module", "severity", "summary", "message", "date_created"],
        }],
        pushed_down: &[PushedDown {
            operation: "get_store_system_logs",
            parameters: &[
                "sort",
                "direction",
                "date_created:min",
                "date_created:max",
                "type",
                "module",
                "severity:min",
                "severity:max",
            ],
        }],
        library: "crate",
    },
    Platform {
        name: "shopline",
        document: "specs/shopline/operation-logs.yml",
        patch: None,
        operations: &["list_operation_logs", "count_operation_logs", "get_operation_log"],
        records: &[Record {
            schema: "OperationLog",
            fields: &["id", "author", "created_at", "subject_type", "subject_id", "verb", "detail"],
        }],
        pushed_down: &[],
        library: "crate",
    },
];
