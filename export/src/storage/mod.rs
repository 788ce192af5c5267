//! The storage of a lake: the few operations that a table needs.
//!
//! Names are relative to the lake, with `/` between folders. Once a call has returned, what it wrote survives a crash
//! of the machine.

#[cfg(feature = "s3")]
mod bucket;
mod local;
#[cfg(feature = "s3")]
mod object;
#[cfg(feature = "s3")]
mod object_file;

use std::fmt;
use std::fs::File;
use std::io::{self, Write};

use jiff::Timestamp;

use crate::error::{Error, Result};

pub use local::LocalStorage;
#[cfg(feature = "s3")]
pub use object::ObjectStorage;

/// A file of the storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// When it was written, by the storage's clock.
    pub written: Timestamp,
}

/// The outcome of creating a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It is there, and was not before.
    Created,
    /// A file of another writer is there.
    Taken,
}

/// A storage.
pub trait Storage: fmt::Debug + Send + Sync {
    /// Its address, for people.
    fn address(&self) -> &str;

    /// The content of a file, if there is one.
    ///
    /// # Errors
    /// If that cannot be said.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>>;

    /// A file to read from anywhere in it: of this machine, or a copy that goes when it is closed.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    fn open(&self, name: &str) -> Result<File>;

    /// Makes a file with this content, unless one of that name is there. All of it is there then, or nothing.
    ///
    /// # Errors
    /// If it is not known whether it is there. Trying again is safe as long as the content identifies its writer.
    fn create(&self, name: &str, content: &[u8]) -> Result<Creation>;

    /// Makes a file with this content, or puts it in the place of the one that is there.
    ///
    /// # Errors
    /// If it cannot be written.
    fn replace(&self, name: &str, content: &[u8]) -> Result<()>;

    /// Starts a file whose name nobody else knows. It exists once it is finished.
    ///
    /// # Errors
    /// If it cannot be made.
    fn begin(&self, name: &str) -> Result<Box<dyn NewFile>>;

    /// Every file below a folder, by name.
    ///
    /// # Errors
    /// If it cannot be listed.
    fn list(&self, folder: &str) -> Result<Vec<Stored>>;

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// If it cannot be removed.
    fn remove(&self, name: &str) -> Result<()>;

    /// Makes sure that of two writers of one file only one learns that it made it.
    ///
    /// # Errors
    /// [`Error::NotExclusive`] if that is not so.
    fn probe(&self) -> Result<()>;

    /// A name with the address, for messages.
    fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.address())
    }
}

/// A file that is being written.
pub trait NewFile: Send {
    /// The file that is written to until it is finished.
    fn file(&mut self) -> &mut File;

    /// Ends it. From now on it is there. Returns its length.
    ///
    /// # Errors
    /// If it cannot be written whole.
    fn finish(self: Box<Self>) -> Result<u64>;
}

impl Write for dyn NewFile {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        self.file().write(content)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

/// The storage of an address: a folder, or `s3://bucket/folder`.
///
/// # Errors
/// If the address is none that this program can use.
pub fn storage(address: &str) -> Result<Box<dyn Storage>> {
    match address.split_once("://") {
        #[cfg(feature = "s3")]
        Some(("s3", _)) => Ok(Box::new(ObjectStorage::from_environment(address)?)),
        Some((scheme, _)) => Err(Error::Address {
            address: format!("{scheme}://…"),
            why: if scheme == "s3" {
                "this program was built without S3; build it with the feature `s3`".to_owned()
            } else {
                "name a folder of this machine, or s3://BUCKET/FOLDER".to_owned()
            },
        }),
        None => Ok(Box::new(LocalStorage::new(address)?)),
    }
}
