//! The choice of tests for each moment, by the names of their programs and the beginnings of their own names.

/// The tests that touch time, by the name of the program and the beginning of their own: what is shown of today, what
/// a period is, and what a history of now holds. Six moments of all tests would take CI an hour.
pub(super) const TOUCHING: [(&str, &[&str]); 4] = [
    ("storelogs-cli suite", &["check::", "output::", "sql::"]),
    ("storelogs-collector suite", &["clock::", "rollup::"]),
    ("storelogs suite", &["follow::", "paginate::", "model::", "token::"]),
    ("storelogs-sandbox histories", &["a_history_"]),
];

/// The tests that take long and that no date changes: laws over platforms and texts of every kind, and histories whose end
/// is fixed. A full run has them at the six moments of a quick one, and the others at each. The demo is run at each, beside
/// the tests.
pub(super) const INDIFFERENT: [(&str, &[&str]); 5] = [
    ("storelogs-cli suite", &["demo::", "crash_tests::", "memory::"]),
    ("storelogs-collector suite", &["coverage_properties::", "detection_accuracy::", "report_cross_check::"]),
    ("storelogs-collector storelogs_collector", &["drain::", "redact::", "whatever_was_covered"]),
    ("storelogs suite", &["audit::", "walk_properties::", "millions_of_empty_records", "whatever_way_a_list_is_paged"]),
    (
        "storelogs-sandbox histories",
        &[
            "planted_",
            "at_each_hour",
            "a_calm_",
            "a_moved_",
            "the_same_seed",
            "records_are",
            "messages_",
            "shopline_ids",
        ],
    ),
];
