//! The signature of what is posted, as [Standard Webhooks](https://www.standardwebhooks.com) has it: it proves to the
//! receiver that the post comes from here, and when it was sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use storelogs::secrecy::{ExposeSecret, SecretString};

/// How a secret begins that is written in base64.
const PREFIX: &str = "whsec_";
/// A shorter secret can be guessed.
const SHORTEST: usize = 16;

/// The key of signatures.
#[derive(Clone)]
pub(super) struct Signer(hmac::Key);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    /// Makes a signer with a secret: `whsec_` and base64, or any text.
    pub(super) fn new(secret: &SecretString) -> Result<Self, String> {
        let text = secret.expose_secret().trim();
        let bytes = match text.strip_prefix(PREFIX) {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| format!("the text after {PREFIX} is not base64"))?,
            None => text.as_bytes().to_vec(),
        };
        if bytes.len() < SHORTEST {
            return Err(format!("it is too short: {SHORTEST} bytes at least"));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The signature of a message with this id, sent at this second.
    pub(super) fn sign(&self, id: &str, second: i64, body: &[u8]) -> String {
        let signed = [format!("{id}.{second}.").as_bytes(), body].concat();
        format!("v1,{}", STANDARD.encode(hmac::sign(&self.0, &signed)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn signer(secret: &str) -> Result<Signer, String> {
        Signer::new(&SecretString::from(secret.to_owned()))
    }

    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        // By standardwebhooks 1.1.0 for Python.
        let signer = signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLjSw").unwrap();
        let signature = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,q6KMVIJHk4Gs770FfR5f591Ftx7uVJSGl5wHV1ri978=");
    }

    #[test]
    fn a_secret_that_can_be_guessed_or_not_read_is_refused() {
        for (secret, why) in [("hidden7", "too short"), ("whsec_!", "not base64"), ("whsec_AAAA", "too short")] {
            let error = signer(secret).unwrap_err();
            assert!(error.contains(why) && !error.contains(secret), "{error}");
        }
        assert!(!format!("{:?}", signer("a text of enough letters").unwrap()).contains("letters"));
    }
}
