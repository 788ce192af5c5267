//! A store's name is part of a host and of a path: what parses may hold nothing that could move either.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storelogs::Store;

fuzz_target!(|text: &str| {
    let Ok(store) = text.parse::<Store>() else { return };
    assert_eq!(store.to_string(), text);
    assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b':'));
    assert!(!store.name().is_empty() && !store.name().contains(':'));
});
