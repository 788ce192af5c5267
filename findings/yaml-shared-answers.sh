#!/usr/bin/env bash
# Guess: limits on YAML aliases look at how much they expand to; a short answer that is written once and used by every
#   operation is no matter.
# Behaviour: two of the newer crates count. noyalib refuses a document at 11 aliases of one anchor, serde-saphyr at 100,
#   however small it is: a few hundred bytes here. A second anchor, used once, does not help for long: it is the ratio.
# Hurts: whoever reads vendors' documents with them: an "&unauthorized" in eleven operations is quite usual.
# Instead: raise the limits in their options for documents that you trust, or use a crate that limits what comes out.
. "$(dirname "$0")/lib.sh"
rust_with noyalib=0.0.58 serde-saphyr=2.2.0 serde_json=1.0.150 <<'RS'
fn main() {
    for times in [10, 11, 99, 100] {
        let text = format!("refusal: &refusal {{description: no}}\nuses:\n{}", "- *refusal\n".repeat(times));
        let say = |read: bool| if read { "read" } else { "refused" };
        let noyalib = say(noyalib::from_str::<serde_json::Value>(&text).is_ok());
        let saphyr = say(serde_saphyr::from_str::<serde_json::Value>(&text).is_ok());
        println!("{times} aliases: noyalib {noyalib}, serde-saphyr {saphyr}");
    }
}
RS
verdict 'noyalib 0.0.58, serde-saphyr 2.2.0 (Rust)' 'read, each time' '10 aliases: noyalib read, serde-saphyr read
11 aliases: noyalib refused, serde-saphyr read
99 aliases: noyalib refused, serde-saphyr read
100 aliases: noyalib refused, serde-saphyr refused' "$("$program")"
