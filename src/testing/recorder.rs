//! A scripted network that records requests.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{self, BoxFuture};

use super::{Request, Response, bigcommerce, shopline};
use crate::transport::{HttpBackend, TransportError};

/// A network that answers from a script and writes down every request. Clones share both.
///
/// A request takes the first answer of the script that fits: one for whatever comes ([`answer`](Self::answer)), or one for
/// its operation ([`answer_to`](Self::answer_to)). Where none is left it gets what the server says
/// ([`serve`](Self::serve)), else an empty page or a count of none, else a 404; of a [`strict`](Self::strict) one, an error
/// that names it.
///
/// A walk asks for more than its pages: for counts, and for a row or two by which it learns how a store lists. Script single
/// requests; for what your code makes of a whole log, take [`Log`](super::Log) or the sandbox.
///
/// `Display` is one line for each request: `GET /stores/abc123/v3/store/systemlogs?limit=10`.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    /// The answers that are left, and the operation that each is for; `None` for any.
    script: Vec<(Option<&'static str>, Outcome)>,
    /// Whether a request that nothing answers is an error.
    strict: bool,
    server: Option<Server>,
}

type Server = Arc<dyn Fn(&Request) -> Option<Response> + Send + Sync>;

/// The outcome of a request: a [`Response`], or a [`TransportError`] such as [`TransportError::unreachable`].
#[derive(Debug)]
pub struct Outcome(Result<Response, TransportError>);

impl From<Response> for Outcome {
    fn from(response: Response) -> Self {
        Self(Ok(response))
    }
}

impl From<TransportError> for Outcome {
    fn from(failure: TransportError) -> Self {
        Self(Err(failure))
    }
}

impl Recorder {
    /// A network with an empty script.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to the script an answer, or a [`TransportError`], to whatever request comes.
    #[must_use]
    pub fn answer(self, outcome: impl Into<Outcome>) -> Self {
        self.state().script.push((None, outcome.into()));
        self
    }

    /// Adds to the script an answer to one operation, which is named as the method of the generated client:
    /// `get_store_system_logs`, `list_operation_logs`, `count_operation_logs`, `get_operation_log`. A new SHOPLINE token
    /// is asked for by `refresh_access_token`.
    #[must_use]
    pub fn answer_to(self, operation: &'static str, outcome: impl Into<Outcome>) -> Self {
        self.state().script.push((Some(operation), outcome.into()));
        self
    }

    /// Answers by a function of the request, where the scripts have run out. `None` leaves it to the defaults.
    #[must_use]
    pub fn serve(self, server: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static) -> Self {
        self.state().server = Some(Arc::new(server));
        self
    }

    /// Takes nothing for granted: a request that neither the script nor the server answers fails, and says that the script
    /// is over, instead of getting an empty page.
    #[must_use]
    pub fn strict(self) -> Self {
        self.state().strict = true;
        self
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// How many scripted answers were not asked for.
    pub fn left(&self) -> usize {
        self.state().script.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outcome(&self, request: &Request) -> Outcome {
        let (scripted, strict, server) = {
            let mut state = self.state();
            let fits = |(operation, _): &(Option<_>, _)| operation.is_none_or(|one| one == request.operation);
            let scripted = state.script.iter().position(fits).map(|place| state.script.remove(place).1);
            state.requests.push(request.clone());
            (scripted, state.strict, state.server.clone())
        };
        // The server may look at the recorder: it is asked without the lock.
        scripted.unwrap_or_else(|| {
            if let Some(served) = server.and_then(|server| server(request)) {
                return served.into();
            }
            if strict {
                return TransportError::script_is_over(&request.to_string()).into();
            }
            let nothing = || bigcommerce::nothing(request.operation).or_else(|| shopline::nothing(request.operation));
            nothing().unwrap_or_else(|| Response::json(404, &serde_json::json!({}))).into()
        })
    }
}

impl HttpBackend for Recorder {
    fn send(
        &self,
        operation: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, TransportError>> {
        let Outcome(outcome) = self.outcome(&Request::of(operation, &request));
        Box::pin(future::ready(outcome.map(Response::into_reqwest)))
    }
}

impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, request) in self.state().requests.iter().enumerate() {
            let line_break = if number == 0 { "" } else { "\n" };
            write!(f, "{line_break}{request}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("requests", &self.requests).field("script", &self.script).finish_non_exhaustive()
    }
}
