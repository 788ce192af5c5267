//! A store's name is part of a host and of a path: what parses may hold nothing that could move either.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storelogs::Store;

fuzz_target!(|text: &str| {
    let Ok(store) = text.parse::<Store>() else { return };
    // An address that was pasted is a store, too; shown, it is platform and name.
    let shown = store.to_string();
    assert_eq!(shown.parse::<Store>().unwrap(), store);
    assert!(shown == text || text.contains("bigcommerce.com") || text.contains(".myshopline.com"));
    assert!(shown.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b':'));
    assert!(!store.name().is_empty() && !store.name().contains(':'));
});
