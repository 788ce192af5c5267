//! A file on its way into a bucket: kept on this machine until it is whole, then sent at once or in parts.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::Arc;

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};

use super::NewFile;
use super::bucket::Bucket;
use crate::error::{Error, Result};
use crate::failpoint;

/// Larger objects are sent in parts of this size.
const PART: usize = 8 << 20;

pub(super) struct ObjectFile {
    bucket: Arc<Bucket>,
    path: Path,
    name: String,
    file: File,
}

impl ObjectFile {
    pub(super) fn new(bucket: Arc<Bucket>, path: Path, name: String) -> Result<Self> {
        match tempfile::tempfile() {
            Ok(file) => Ok(Self { bucket, path, name, file }),
            Err(error) => Err(Error::Storage { file: name, why: error.into() }),
        }
    }

    /// The next part. An empty one is the end.
    fn part(&mut self) -> io::Result<Vec<u8>> {
        let mut part = Vec::new();
        (&mut self.file).take(PART as u64).read_to_end(&mut part)?;
        Ok(part)
    }

    /// Sends all of it, and returns its length.
    fn send(&mut self) -> Result<u64, crate::error::Cause> {
        let bytes = self.file.stream_position()?;
        self.file.rewind()?;
        failpoint::step();
        let bucket = Arc::clone(&self.bucket);
        if bytes <= PART as u64 {
            let whole = PutPayload::from(self.part()?);
            bucket.wait(bucket.store.put(&self.path, whole))?;
            return Ok(bytes);
        }
        let mut upload = bucket.wait(bucket.store.put_multipart(&self.path))?;
        let sent = self.send_parts(&bucket, &mut *upload);
        if sent.is_err() {
            // The parts that were sent are no object, and are removed by the bucket's own rules if not by this.
            let _ = bucket.wait(upload.abort());
        }
        sent.map(|()| bytes)
    }

    fn send_parts(&mut self, bucket: &Bucket, upload: &mut dyn MultipartUpload) -> Result<(), crate::error::Cause> {
        loop {
            let part = self.part()?;
            if part.is_empty() {
                return Ok(bucket.wait(upload.complete()).map(drop)?);
            }
            bucket.wait(upload.put_part(PutPayload::from(part)))?;
        }
    }
}

impl NewFile for ObjectFile {
    fn file(&mut self) -> &mut File {
        &mut self.file
    }

    fn finish(mut self: Box<Self>) -> Result<u64> {
        self.send().map_err(|why| Error::Storage { file: self.name, why })
    }
}
