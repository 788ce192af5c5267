//! Reading a secret from a file or a program that may be anything: a pipe that nobody writes to, a device without an
//! end, a program that never stops.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::oneshot;

use crate::ui::Ui;

/// How long a program may take to print a secret.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// How long a file may take: it may lie on a server that is gone.
const FILE_LIMIT: Duration = Duration::from_secs(5);
/// No secret is longer; a file or an output that is, is something else.
const LONGEST: u64 = 64 * 1024;

/// How many files of secrets were found that every user can read, and how many of them are named: thousands of stores have
/// thousands.
static OPEN: AtomicUsize = AtomicUsize::new(0);
const OPEN_NAMED: usize = 3;

/// The text of a file, which has to be one.
pub(super) async fn file(path: &Path, ui: Ui) -> Result<String, String> {
    let (sender, receiver) = oneshot::channel();
    let own = path.to_owned();
    // A thread of its own holds up nobody, not even the end of the program.
    thread::spawn(move || drop(sender.send(file_now(&own, ui))));
    receiver.await.unwrap_or_else(|_| Err(too_slow(path)))
}

/// The same, for what is read before anything else begins.
pub(super) fn file_now(path: &Path, ui: Ui) -> Result<String, String> {
    let own = path.to_owned();
    in_time(path, FILE_LIMIT, move || read(&own, ui))
}

type Text = Result<String, String>;

/// The content of this file, if reading it takes no longer.
fn in_time(path: &Path, limit: Duration, read: impl FnOnce() -> Text + Send + 'static) -> Text {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || drop(sender.send(read())));
    receiver.recv_timeout(limit).unwrap_or_else(|_| Err(too_slow(path)))
}

fn too_slow(path: &Path) -> String {
    format!("the file {} could not be read in {} s", shown(path), FILE_LIMIT.as_secs())
}

fn read(path: &Path, ui: Ui) -> Text {
    let bad = |error: io::Error| format!("the file {} cannot be read: {error}", shown(path));
    // This is checked before the file is opened: opening a pipe waits for a writer.
    let about = fs::metadata(path).map_err(bad)?;
    if !about.is_file() {
        return Err(format!("the file {} is no file: write the secret into one", shown(path)));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if about.permissions().mode() & 0o007 != 0 {
            match OPEN.fetch_add(1, Ordering::Relaxed) {
                0..OPEN_NAMED => {
                    ui.warning(&format!("every user of this machine can read {}: chmod 600 it", shown(path)));
                }
                OPEN_NAMED => {
                    ui.warning("every user of this machine can read other files of secrets, too: chmod 600 each");
                }
                _ => {}
            }
        }
    }
    let mut text = Vec::new();
    File::open(path).map_err(bad)?.take(LONGEST + 1).read_to_end(&mut text).map_err(bad)?;
    if text.len() as u64 > LONGEST {
        return Err(format!("the file {} is too large to hold a secret", shown(path)));
    }
    String::from_utf8(text).map_err(|_| format!("the file {} is not UTF-8 text", shown(path)))
}

/// The output of a program. It does not see these variables, which hold other secrets.
pub(super) async fn run(command: &[String], without: &[String]) -> Result<String, String> {
    run_in_time(command, without, COMMAND_LIMIT).await
}

async fn run_in_time(command: &[String], without: &[String], limit: Duration) -> Text {
    let [program, arguments @ ..] = command else { return Err("the command is empty".to_owned()) };
    let name = shown(Path::new(program));
    let failed = |error: io::Error| format!("the command {name} cannot be run: {error}");
    let mut prepared = Command::new(program);
    for variable in without {
        prepared.env_remove(variable);
    }
    // Its stderr is the user's: that is where it asks for a password or says what went wrong.
    let prepared = prepared.args(arguments).stdin(Stdio::inherit()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = prepared.kill_on_drop(true).spawn().map_err(failed)?;
    let stdout = child.stdout.take();
    let output = async {
        let mut text = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(LONGEST + 1).read_to_end(&mut text).await.map_err(failed)?;
        }
        if text.len() as u64 > LONGEST {
            return Err(format!("the command {name} printed too much to be a secret")); // and it is killed
        }
        match child.wait().await.map_err(failed)? {
            status if status.success() => Ok(text),
            status => Err(format!("the command {name} failed: {status}")),
        }
    };
    let Ok(text) = tokio::time::timeout(limit, output).await else {
        return Err(format!("the command {name} took longer than {} s", limit.as_secs()));
    };
    String::from_utf8(text?).map_err(|_| format!("the command {name} printed no UTF-8 text"))
}

/// A path as far as it may be shown: where there is no such file, a name that looks like a token may be one that was
/// written in the wrong place.
fn shown(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric());
    let may_be_token = name.len() >= 40 || (name.len() >= 20 && is_plain);
    if may_be_token && !path.exists() {
        return "(not shown: its name may be a token that was written in the wrong place)".to_owned();
    }
    path.display().to_string()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn only_a_file_of_a_fair_size_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, large) = (folder.path().join("pipe"), folder.path().join("large"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        fs::write(&large, vec![b'a'; 64 * 1024 + 1]).unwrap();
        let started = Instant::now();
        for (path, words) in [
            (pipe.as_path(), "is no file"),
            (Path::new("/dev/zero"), "is no file"),
            (folder.path(), "is no file"),
            (large.as_path(), "too large"),
            (Path::new("/no/such/token"), "cannot be read"),
        ] {
            let why = file(path, Ui::of_a_test()).await.unwrap_err();
            assert!(why.contains(words) && why.contains(path.to_str().unwrap()), "{why}");
        }
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn a_program_that_prints_without_end_is_ended() {
        let command = ["sh", "-c", "echo $OTHER_TOKEN; while :; do echo aaaaaaaaaaaaaaaa; done"].map(str::to_owned);
        let why = run(&command, &[]).await.unwrap_err();
        assert_eq!(why, "the command sh printed too much to be a secret");
        let command = ["sh", "-c", "test -z \"$HOME\" && echo none"].map(str::to_owned);
        assert_eq!(run(&command, &["HOME".to_owned()]).await.unwrap(), "none\n");
    }

    #[test]
    fn a_file_on_a_server_that_is_gone_is_waited_for_no_longer_than_said() {
        let never = || {
            thread::sleep(Duration::from_secs(60));
            Ok("too late".to_owned())
        };
        let why = in_time(Path::new("/mnt/vault/token"), Duration::from_millis(50), never).unwrap_err();
        assert_eq!(why, "the file /mnt/vault/token could not be read in 5 s");
        let quick = in_time(Path::new("/mnt/vault/token"), Duration::from_secs(60), || Ok("in time".to_owned()));
        assert_eq!(quick.unwrap(), "in time");
    }

    #[tokio::test]
    async fn a_program_that_prints_no_token_in_time_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let still_there = folder.path().join("still-there");
        let command = ["sh", "-c", "sleep 3; touch \"$0\"", still_there.to_str().unwrap()].map(str::to_owned);
        let started = Instant::now();
        let why = run_in_time(&command, &[], Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(why, "the command sh took longer than 1 s");
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert!(!still_there.exists(), "it went on");
    }

    #[tokio::test]
    async fn a_token_in_the_place_of_a_file_or_program_is_not_shown() {
        for pasted in ["q1w2e3r4t5y6u7i8o9p0a1s2d3f4", "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9.abc-def_ghi"] {
            let why = file(&Path::new("/etc/storelogs").join(pasted), Ui::of_a_test()).await.unwrap_err();
            assert!(!why.contains(pasted) && why.contains("wrong place"), "{why}");
            let why = run(&[pasted.to_owned()], &[]).await.unwrap_err();
            assert!(!why.contains(pasted), "{why}");
        }
    }
}
