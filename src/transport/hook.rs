//! The hook that puts a generated client on the transport.

use progenitor_client::Error;

use super::Transport;
use crate::trace::Span;

/// A client that progenitor generated with [`Transport`] as its inner type. [`hook!`](crate::platform::hook) makes it one.
pub trait Generated: Sized {
    #[doc(hidden)]
    fn on(base: &str, maker: reqwest::Client, transport: Transport) -> Self;
}

impl Transport {
    #[doc(hidden)]
    pub async fn before<E>(&self, request: &mut reqwest::Request) -> Result<(), Error<E>> {
        self.sign(request).await.map_err(|error| {
            let text = error.to_string();
            self.note(|report| report.unsigned = Some(error));
            Error::Custom(text)
        })
    }

    #[doc(hidden)]
    pub async fn carry(
        &self,
        operation: &'static str,
        request: reqwest::Request,
    ) -> reqwest::Result<reqwest::Response> {
        let span = Span::request(self.store(), operation);
        match span.cover(self.run(operation, request)).await {
            Ok(answer) => Ok(answer.into_response()),
            Err(failure) => Err(failure.into_reqwest().await),
        }
    }
}

/// Hooks a client that progenitor generated to the [`Transport`](crate::Transport): signed, paced and retried.
///
/// The document must have been generated with `HooksMode::Expected` and `storelogs::Transport` as the inner type, as
/// `build/pipeline.rs` of this crate does it. The crate needs `progenitor-client` and `reqwest` among its own
/// dependencies, as the generated code does.
#[doc(hidden)]
#[macro_export]
macro_rules! __hook {
    ($client:ty) => {
        impl ::progenitor_client::ClientHooks<$crate::Transport> for $client {
            async fn pre<E>(
                &self,
                request: &mut ::reqwest::Request,
                _: &::progenitor_client::OperationInfo,
            ) -> ::std::result::Result<(), ::progenitor_client::Error<E>> {
                ::progenitor_client::ClientInfo::inner(self).before(request).await
            }

            async fn exec(
                &self,
                request: ::reqwest::Request,
                info: &::progenitor_client::OperationInfo,
            ) -> ::reqwest::Result<::reqwest::Response> {
                ::progenitor_client::ClientInfo::inner(self).carry(info.operation_id, request).await
            }
        }

        impl $crate::platform::Generated for $client {
            fn on(base: &str, maker: ::reqwest::Client, transport: $crate::Transport) -> Self {
                <$client>::new_with_client(base, maker, transport)
            }
        }
    };
}

#[doc(inline)]
pub use __hook as hook;
