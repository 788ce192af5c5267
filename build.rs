//! Turns the vendors' documents into the raw clients; [`pipeline`] says how. This is the only generator.
//! `$OUT_DIR` also gets the effective documents, that is, the documents after the patch.

#[path = "build/pipeline.rs"]
mod pipeline;
#[path = "build/platforms.rs"]
mod platforms;

use pipeline::{Platform, PushedDown, Record};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    pipeline::run(&platforms::PLATFORMS);
}
