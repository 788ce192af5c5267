//! A running call of a tool: it ends in time, and a panic is an answer, too.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use storelogs_collector::query::Interrupt;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time;

/// How often a call that was given up is asked to stop, until it does: only a statement that is running notices.
const AGAIN: Duration = Duration::from_millis(20);

/// The means to stop a call.
#[derive(Debug, Default)]
pub(super) struct Call {
    given_up: AtomicBool,
    reading: Mutex<Vec<Interrupt>>,
}

/// How a call ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome<T> {
    /// With its answer.
    Done(T),
    /// It panicked.
    Panicked,
    /// It took too long.
    TooLong,
    /// The client does not want it any more.
    GivenUp,
}

impl Call {
    /// Registers a reader of the archive, which is stopped when the call is given up.
    pub(super) fn stoppable(&self, interrupt: Interrupt) {
        if self.given_up.load(Ordering::SeqCst) {
            interrupt.interrupt();
        }
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).push(interrupt);
    }

    /// Runs work that waits for a platform. `None` if the call is given up before it ends.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let given_up = async {
            while !self.given_up.load(Ordering::SeqCst) {
                time::sleep(AGAIN).await;
            }
        };
        Handle::current().block_on(async {
            tokio::select! {
                done = work => Some(done),
                () = given_up => None,
            }
        })
    }

    fn give_up(&self) {
        self.given_up.store(true, Ordering::SeqCst);
        let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.iter().for_each(Interrupt::interrupt);
    }
}

/// Does the work on a thread of its own, until it ends, the time is up, or the call is given up.
pub(super) async fn run<T: Send + 'static>(
    limit: Duration,
    given_up: impl Future<Output = ()>,
    work: impl FnOnce(&Call) -> T + Send + 'static,
) -> Outcome<T> {
    let call = Arc::new(Call::default());
    let mut task = {
        let call = Arc::clone(&call);
        tokio::task::spawn_blocking(move || work(&call))
    };
    let outcome = tokio::select! {
        done = &mut task => return done.map_or(Outcome::Panicked, Outcome::Done),
        () = time::sleep(limit) => Outcome::TooLong,
        () = given_up => Outcome::GivenUp,
    };
    tokio::spawn(stop(call, task));
    outcome
}

async fn stop<T>(call: Arc<Call>, mut task: JoinHandle<T>) {
    loop {
        call.give_up();
        if time::timeout(AGAIN, &mut task).await.is_ok() {
            return;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::future::pending;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_is_an_answer_and_the_next_call_is_answered() {
        let outcome = run(LONG, pending(), |_| -> u8 { panic!("of a test") }).await;
        assert_eq!(outcome, Outcome::Panicked);
        assert_eq!(run(LONG, pending(), |_| 7).await, Outcome::Done(7));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_takes_too_long_or_is_not_wanted_is_stopped() {
        let (sender, ended) = std::sync::mpsc::channel();
        let waiting = move |call: &Call| {
            let waited = call.wait(pending::<()>());
            sender.send(waited.is_none()).unwrap();
        };
        assert_eq!(run(Duration::from_millis(1), pending(), waiting.clone()).await, Outcome::TooLong);
        assert!(ended.recv_timeout(LONG).unwrap());
        assert_eq!(run(LONG, async {}, waiting).await, Outcome::GivenUp);
        assert!(ended.recv_timeout(LONG).unwrap());
    }
}
