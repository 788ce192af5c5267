//! A `storelogs.toml` of any text: each mistake is said in a line that begins with the file, with what to write instead in
//! two more at most, and only a few of them; no store stands twice, and a token that was written into the file is never shown.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use storelogs::Store;
use storelogs_cli::configured;

const TOKEN: &str = "sandbox-token";
const FILE: &str = "storelogs.toml";
/// Ten mistakes, and how many more there are.
const MOST_SAID: usize = 11;

fuzz_target!(|text: &str| {
    if let Ok(stores) = read(text) {
        for (at, store) in stores.iter().enumerate() {
            assert_eq!(store.to_string().parse::<Store>().ok().as_ref(), Some(store));
            assert!(!stores[..at].contains(store), "{store} stands there twice");
        }
    }
    if text.contains(TOKEN) {
        return; // a name, maybe, and a name may be shown
    }
    // In every place where somebody may write the token itself, with and without quotes.
    let quoted = serde_json::to_string(&format!("{TOKEN}{text}")).expect("a text is JSON");
    for token in [quoted, format!("{TOKEN}{text}")] {
        for value in [
            token.clone(),
            format!("[{token}]"),
            format!("{{ token = {token} }}"),
            format!("{{ env = {token} }}"),
            format!("{{ env = \"A\", file = {token} }}"),
            format!("{{ command = {token} }}"),
        ] {
            let file = format!("[[store]]\nplatform = \"bigcommerce\"\nstore = \"abc123\"\naccess_token = {value}\n");
            if let Err(why) = read(&file) {
                assert!(!why.contains(TOKEN), "the token is shown: {why:?}");
            }
        }
    }
});

fn read(text: &str) -> Result<Vec<Store>, String> {
    configured(text, Path::new(FILE)).inspect_err(|why| {
        assert!(why.starts_with(FILE), "the file is not named: {why:?}");
        let begins: Vec<bool> = why.lines().map(|line| line.starts_with(FILE)).collect();
        // Of a rule's query the second is the query, and the third marks the place.
        assert!(begins.windows(3).all(|lines| lines.contains(&true)), "more than a cause and a remedy: {why:?}");
        let said = begins.iter().filter(|begins| **begins).count();
        assert!(said <= MOST_SAID, "{said} mistakes: {why:?}");
        assert!(
            why.lines().all(|line| !line.is_empty() && !line.contains(char::is_control)),
            "not plain text: {why:?}"
        );
    })
}
