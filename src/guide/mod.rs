//! How it works, and why: one page for each concept.
//!
//! | page | what it answers |
//! |---|---|
//! | [Requests](requests) | How do I ask for one page, with any parameter that the platform has? |
//! | [Querying](querying) | Which entries do I get, and what does the platform filter itself? |
//! | [Walks](walks) | How is a log read to its end, and how do I know that nothing is missing? |
//! | [Following](following) | What is new since last time, and what comes? |
//! | [500 shops in an app](many_shops) | What does a whole program look like? |
//! | [The model](model) | What is in an entry, and what became of the platform's own record? |
//! | [Errors and retries](errors) | What can go wrong, what is tried again, and what should I do? |
//! | [Pacing](pacing) | How fast is a log read, and what is left to the shop's other apps? |
//! | [Tokens](tokens) | Where do tokens come from, when do they end, and where do they never show? |
#![cfg_attr(feature = "testing", doc = "| [Testing](crate::testing) | How do I test my own code, without a network? |")]
#![cfg_attr(
    not(feature = "testing"),
    doc = "| `storelogs::testing` | (feature `testing`) How do I test my own code? |"
)]
//! | [A test server](test_server) | What do I test my own code against, over real HTTP? |
//! | [Adding a platform](adding_a_platform) | How do I read a log that this crate does not know? |

#[doc = include_str!("requests.md")]
pub mod requests {}

#[doc = include_str!("querying.md")]
pub mod querying {}

#[doc = include_str!("walks.md")]
pub mod walks {}

#[doc = include_str!("following.md")]
pub mod following {}

// The program is an example, which is compiled and run as one.
#[doc = include_str!("many_shops.md")]
#[doc = "```ignore"]
#[doc = include_str!("../../examples/many_shops.rs")]
#[doc = "```"]
pub mod many_shops {}

#[doc = include_str!("test_server.md")]
pub mod test_server {}

#[doc = include_str!("model.md")]
pub mod model {}

#[doc = include_str!("errors.md")]
pub mod errors {}

#[doc = include_str!("pacing.md")]
pub mod pacing {}

#[doc = include_str!("tokens.md")]
pub mod tokens {}

// Its examples are tested where they can be: in the crate of the platform that it adds.
#[cfg_attr(not(doctest), doc = include_str!("../../docs/adding-a-platform.md"))]
pub mod adding_a_platform {}
