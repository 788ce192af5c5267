//! The authorizer of SQL statements, which may only read this one file.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// Pragmas that only return something, whatever their argument.
const READING: &[&str] = &[
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "integrity_check",
    "quick_check",
];
/// Pragmas that return something as long as they have no argument.
const READING_ALONE: &[&str] = &[
    "application_id",
    "collation_list",
    "compile_options",
    "encoding",
    "freelist_count",
    "function_list",
    "journal_mode",
    "page_count",
    "page_size",
    "pragma_list",
    "schema_version",
    "user_version",
];

/// Is asked about every part of a statement before it runs. What is not known to read is refused.
pub(super) fn check(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Allow
        }
        AuthAction::Pragma { pragma_name, pragma_value } => {
            let among = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(pragma_name));
            // FTS5 asks for this to know whether the file has changed.
            let own = pragma_name.eq_ignore_ascii_case("data_version");
            let reads = among(READING) || (pragma_value.is_none() && (own || among(READING_ALONE)));
            if reads { Authorization::Allow } else { Authorization::Deny }
        }
        _ => Authorization::Deny,
    }
}
