//! A bucket, and the runtime for its requests.

use std::future::Future;
use std::io;

use object_store::aws::AmazonS3;
use tokio::runtime::{Builder, Runtime};

#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) store: AmazonS3,
    runtime: Runtime,
}

impl Bucket {
    pub(super) fn new(store: AmazonS3) -> io::Result<Self> {
        Ok(Self { store, runtime: Builder::new_current_thread().enable_all().build()? })
    }

    /// Waits for the result of a request.
    pub(super) fn wait<T>(&self, done: impl Future<Output = T>) -> T {
        self.runtime.block_on(done)
    }
}
