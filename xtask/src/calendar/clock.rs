//! The shifted clock of a program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;

use super::moments::Moment;
use crate::Result;

/// The paths at which distributions put libfaketime.
const PLACES: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
    "/usr/local/lib/faketime/libfaketime.so.1",
];

/// Where the library keeps what processes share: shared memory and a semaphore, with the number of a process at their end.
const SHARED: &str = "/dev/shm";
const NAMES: [&str; 2] = ["faketime_shm_", "sem.faketime_sem_"];

pub(super) struct Clock {
    library: PathBuf,
}

impl Clock {
    pub(super) fn find() -> Result<Self> {
        let library = PLACES.iter().map(PathBuf::from).find(|place| place.is_file());
        let library = library.ok_or("libfaketime is not there: apt-get install faketime (Linux only)")?;
        let clock = Self { library };
        clock.prove_that_it_shifts()?;
        Ok(clock)
    }

    /// Sets the clock of a program and of all that it starts. It goes on from the moment: a child that begins ten seconds
    /// later finds it ten seconds later, as a fixed time for each program would not be.
    pub(super) fn set(&self, command: &mut Command, moment: &Moment) {
        sweep();
        let by = moment.time.as_second() - Timestamp::now().as_second();
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME", format!("{by:+}"))
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("TZ", moment.zone);
    }

    /// A library that is not loaded, for whatever reason, would make everything look well.
    fn prove_that_it_shifts(&self) -> Result {
        let moment = Moment::new("2031-03-04T05:06:07Z", "UTC", "");
        let mut date = Command::new("date");
        self.set(date.arg("+%Y-%m-%d"), &moment);
        let output = date.output().map_err(|e| format!("date: {e}"))?;
        match String::from_utf8_lossy(&output.stdout).trim() {
            "2031-03-04" => Ok(()),
            said => Err(format!("{} shifts no clock: date says {said:?}", self.library.display())),
        }
    }
}

/// Removes what processes left that were killed. The library ends a process at its start if there is shared memory with its
/// number and no semaphore, so the memory goes first; and after some ten moments numbers come again.
fn sweep() {
    for begin in NAMES {
        let Ok(files) = fs::read_dir(SHARED) else { return };
        for file in files.flatten() {
            let name = file.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(begin)?.parse::<u32>().ok());
            if number.is_some_and(|number| !Path::new("/proc").join(number.to_string()).exists()) {
                let _ = fs::remove_file(file.path());
            }
        }
    }
}
