//! A store's name is part of a host and of a path: what parses may hold nothing that could move either.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storelogs::Store;

fuzz_target!(|text: &str| {
    let Ok(store) = text.parse::<Store>() else { return };
    // What was pasted is a store, too, in capitals, with blanks or within an address; shown, it is platform and name.
    let shown = store.to_string();
    assert_eq!(shown.parse::<Store>().unwrap(), store);
    assert!(text.to_ascii_lowercase().contains(store.name()));
    assert!(shown.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b':'));
    assert!(!store.name().is_empty() && !store.name().contains(':'));
});
