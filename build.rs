//! Turns the vendors' documents into the raw clients; [`pipeline`] says how. This is the only generator.
//! `$OUT_DIR` also gets the effective documents, that is, the documents after the patch.

#[path = "build/pipeline.rs"]
mod pipeline;

use pipeline::Platform;

const PLATFORMS: [Platform; 2] = [
    Platform {
        name: "bigcommerce",
        document: "specs/bigcommerce/store-logs.yml",
        patch: Some("specs/bigcommerce/patch.yml"),
        operations: &["get_store_system_logs"],
        library: "crate",
    },
    Platform {
        name: "shopline",
        document: "specs/shopline/operation-logs.yml",
        patch: None,
        operations: &["list_operation_logs", "count_operation_logs", "get_operation_log"],
        library: "crate",
    },
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    pipeline::run(&PLATFORMS);
}
