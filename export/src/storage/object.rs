//! S3, and storages that speak its protocol.
//!
//! A commit is a PUT with `If-None-Match: *`. Three things make its answer unreliable, so none is believed without reading the
//! object back: after a lost answer the client tries again and hears that *its own* object is there already; a 409 says
//! so where nothing is; and some storages ignore the header, which [`probe`](Storage::probe) finds out.

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::{Arc, Once};
use std::time::Duration;

use futures::TryStreamExt;
use jiff::Timestamp;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RetryConfig};

use super::bucket::Bucket;
use super::object_file::ObjectFile;
use super::{Creation, NewFile, Storage, Stored};
use crate::error::{Error, Result};
use crate::failpoint;
use crate::name::unique;

/// A folder of a bucket.
#[derive(Debug)]
pub struct ObjectStorage {
    bucket: Arc<Bucket>,
    address: String,
    prefix: String,
}

/// How often to check whether an object is there after an uncertain answer.
const TRIES: u32 = 6;

impl ObjectStorage {
    /// The folder of an address such as `s3://bucket/folder`, reached as the `AWS_` variables of the environment say.
    ///
    /// # Errors
    /// If the address or the variables are wrong.
    pub fn from_environment(address: &str) -> Result<Self> {
        let builder = AmazonS3Builder::from_env();
        let retry =
            RetryConfig { backoff: BackoffConfig::default(), max_retries: 6, retry_timeout: Duration::from_secs(60) };
        Self::new(builder.with_retry(retry), address)
    }

    /// The folder of an address, reached as the builder says.
    ///
    /// # Errors
    /// If the address or what the builder was given is wrong.
    pub fn new(builder: AmazonS3Builder, address: &str) -> Result<Self> {
        static PROVIDER: Once = Once::new();
        // Another crate of the process may have chosen a provider before; that one is as good.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let address = address.trim_end_matches('/');
        let wrong = |why: String| Error::Address { address: address.to_owned(), why };
        let rest = address.strip_prefix("s3://").unwrap_or_default();
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() || rest.contains(['@', '?', '#']) {
            return Err(Error::Address {
                address: "s3://…".to_owned(),
                why: "write s3://BUCKET/FOLDER; keys are read from the environment".to_owned(),
            });
        }
        let is_local = |builder: &AmazonS3Builder| {
            let endpoint = builder.get_config_value(&object_store::aws::AmazonS3ConfigKey::Endpoint);
            endpoint.is_some_and(|endpoint| {
                ["http://127.", "http://localhost", "http://[::1]"].iter().any(|local| endpoint.starts_with(local))
            })
        };
        // Traffic off this machine is encrypted, unless AWS_ALLOW_HTTP says otherwise.
        let builder = if is_local(&builder) { builder.with_allow_http(true) } else { builder };
        // Deletions one by one are what every storage has.
        let builder = builder.with_disable_bulk_delete(true).with_bucket_name(bucket);
        let store = builder.build().map_err(|error| wrong(error.to_string()))?;
        let bucket = Bucket::new(store).map_err(|error| wrong(error.to_string()))?;
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { bucket: Arc::new(bucket), address: address.to_owned(), prefix })
    }

    fn path(&self, name: &str) -> Result<Path> {
        Path::parse(format!("{}{name}", self.prefix)).map_err(|error| self.fault(name)(error.into()))
    }

    fn fault(&self, name: &str) -> impl FnOnce(object_store::Error) -> Error {
        let file = self.full_name(name);
        move |error| Error::Storage { file, why: error.into() }
    }

    fn put(&self, path: &Path, content: &[u8], mode: PutMode) -> object_store::Result<()> {
        failpoint::step();
        let payload = PutPayload::from(content.to_vec());
        let options = PutOptions { mode, ..PutOptions::default() };
        self.bucket.wait(self.bucket.store.put_opts(path, payload, options)).map(drop)
    }

    fn pause(&self, tries: u32) {
        self.bucket.wait(async { tokio::time::sleep(Duration::from_millis(20 << tries.min(6))).await });
    }
}

impl Storage for ObjectStorage {
    fn address(&self) -> &str {
        &self.address
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(name)?;
        let store = &self.bucket.store;
        match self.bucket.wait(async { store.get(&path).await?.bytes().await }) {
            Ok(content) => Ok(Some(content.into())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.fault(name)(error)),
        }
    }

    fn open(&self, name: &str) -> Result<File> {
        let path = self.path(name)?;
        let failed = |error: std::io::Error| Error::Storage { file: self.full_name(name), why: error.into() };
        let mut copy = tempfile::tempfile().map_err(failed)?;
        let store = &self.bucket.store;
        let mut parts = self.bucket.wait(store.get(&path)).map_err(self.fault(name))?.into_stream();
        while let Some(part) = self.bucket.wait(parts.try_next()).map_err(self.fault(name))? {
            copy.write_all(&part).map_err(failed)?;
        }
        copy.rewind().map_err(failed)?;
        Ok(copy)
    }

    fn create(&self, name: &str, content: &[u8]) -> Result<Creation> {
        let path = self.path(name)?;
        let mut refused = None;
        for tries in 0..TRIES {
            let put = self.put(&path, content, PutMode::Create);
            // Whatever was said: what is there counts.
            match self.read(name)? {
                Some(found) if found == content => return Ok(Creation::Created),
                Some(_) => return Ok(Creation::Taken),
                None => refused = put.err(),
            }
            self.pause(tries);
        }
        Err(refused.map_or_else(
            || Error::Storage {
                file: self.full_name(name),
                why: "it was written, and is not there when it is read".into(),
            },
            self.fault(name),
        ))
    }

    fn replace(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.path(name)?;
        self.put(&path, content, PutMode::Overwrite).map_err(self.fault(name))
    }

    fn begin(&self, name: &str) -> Result<Box<dyn NewFile>> {
        let file = ObjectFile::new(Arc::clone(&self.bucket), self.path(name)?, self.full_name(name))?;
        Ok(Box::new(file))
    }

    fn list(&self, folder: &str) -> Result<Vec<Stored>> {
        let path = self.path(folder)?;
        let listed = self.bucket.wait(self.bucket.store.list(Some(&path)).try_collect::<Vec<_>>());
        let mut found: Vec<Stored> = listed
            .map_err(self.fault(folder))?
            .into_iter()
            .filter_map(|object| {
                let written = Timestamp::from_millisecond(object.last_modified.timestamp_millis()).ok()?;
                let name = object.location.as_ref().strip_prefix(&*self.prefix)?.to_owned();
                Some(Stored { name, bytes: object.size, written })
            })
            .collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    fn remove(&self, name: &str) -> Result<()> {
        failpoint::step();
        let path = self.path(name)?;
        match self.bucket.wait(self.bucket.store.delete(&path)) {
            Err(error) if !matches!(error, object_store::Error::NotFound { .. }) => Err(self.fault(name)(error)),
            _ => Ok(()),
        }
    }

    fn probe(&self) -> Result<()> {
        let name = format!("_probe-{}", unique());
        let path = self.path(&name)?;
        self.put(&path, b"1", PutMode::Overwrite).map_err(self.fault(&name))?;
        let second = self.put(&path, b"2", PutMode::Create);
        let found = self.read(&name);
        self.remove(&name)?;
        match (second, found?) {
            (Err(object_store::Error::AlreadyExists { .. }), Some(found)) if found == b"1" => Ok(()),
            (Err(error), Some(found)) if found == b"1" => Err(Error::NotExclusive {
                address: self.address.clone(),
                why: format!("refuses conditional writes ({error})"),
            }),
            _ => Err(Error::NotExclusive {
                address: self.address.clone(),
                why: "let a second file take the place of the first".to_owned(),
            }),
        }
    }
}
