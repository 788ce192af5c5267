//! Generates the raw client with the code that generates those of the library.

#[path = "../../build/pipeline.rs"]
mod pipeline;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../build");
    pipeline::run(&[pipeline::Platform {
        name: "acme",
        document: "specs/audit-log.yml",
        patch: Some("specs/patch.yml"),
        operations: &["list_events", "count_events"],
        records: &[pipeline::Record { schema: "Event", fields: &["event_id", "at", "level", "kind", "who", "text"] }],
        pushed_down: &[],
        library: "::storelogs",
    }]);
}
