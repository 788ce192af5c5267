//! Answers with damaged bytes: they cost the damaged record, and nothing else.

use storelogs::ErrorKind;
use storelogs_sandbox::{
    Behavior, Damage, Damaged, DamagedRows, DateHeader, Fault, Faults, History, Listing, Platform,
};

use super::{Audited, bigcommerce_with, history, shopline_with};

const PLATFORMS: [Platform; 2] = [Platform::BigCommerce, Platform::Shopline];

fn behavior(listing: &Listing) -> Behavior {
    Behavior { bigcommerce: bigcommerce_with(listing.clone()), shopline: shopline_with(listing.clone()) }
}

fn damaged(rows: DamagedRows, damage: Damage) -> Behavior {
    behavior(&Listing { damaged: vec![Damaged { rows, damage }], ..Listing::default() })
}

async fn failing(platform: Platform, history: History, faults: Faults) -> Audited {
    Audited::failing(platform, history, Behavior::unlimited(), faults).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_text_costs_at_most_its_own_record() {
    for platform in PLATFORMS {
        for damage in [Damage::InvalidUtf8, Damage::LoneSurrogate] {
            let history = history(111, 600);
            let store = Audited::new(platform, history, damaged(DamagedRows::OneOf(50), damage)).await;
            let walked = store.walk().await;
            let context = format!("{platform}, {damage:?}");
            let truth = store.truth();
            assert!(walked.error.is_none(), "{context}: {:?}", walked.error);
            assert_eq!(walked.ids.len() + walked.records.len(), truth.len(), "{context}: {}", walked.lacks(&truth));
            walked.assert_honest(&truth, &context);
            assert!(
                walked.records.iter().all(|error| error.raw().is_some_and(|raw| raw.contains("and on"))),
                "{context}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_cannot_be_decoded_are_each_an_error_and_all_are_counted() {
    for platform in PLATFORMS {
        for (rows, damage) in [
            (DamagedRows::OneOf(9), Damage::WrongTypes),
            (DamagedRows::OneOf(9), Damage::NoTime),
            (DamagedRows::All, Damage::WrongTypes),
            (DamagedRows::All, Damage::NoTime),
        ] {
            let store = Audited::new(platform, history(112, 500), damaged(rows, damage)).await;
            let walked = store.walk().await;
            let context = format!("{platform}, {rows:?}, {damage:?}");
            let truth = store.truth();
            // A walk of a platform whose records give no time may end early, but never silently.
            walked.assert_honest(&truth, &context);
            assert!(walked.records.iter().all(|error| error.kind() == ErrorKind::Record), "{context}");
            assert!(!walked.records.is_empty(), "{context}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_order_mark_is_skipped() {
    for platform in PLATFORMS {
        let store = failing(platform, history(113, 600), Faults::none().always(Fault::ByteOrderMark)).await;
        store.walk().await.assert_exact(&store.truth(), platform.as_str());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_that_ends_too_early_is_asked_for_again_whatever_its_length_said() {
    for platform in PLATFORMS {
        let faults = Faults::none().every(3, Fault::ShortJson(400)).times(3);
        let store = failing(platform, history(114, 900), faults).await;
        store.walk().await.assert_exact(&store.truth(), platform.as_str());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_kind_is_an_error_that_says_which() {
    for platform in PLATFORMS {
        let mut messages = Vec::new();
        let answers =
            [Fault::Html(200), Fault::Body("[1, 2, 3]".into()), Fault::Body("\"no\"".into()), Fault::ShortJson(60)];
        for answer in answers {
            let store = failing(platform, history(115, 50), Faults::none().always(answer.clone())).await;
            let walked = store.walk().await;
            let error = walked.error.unwrap_or_else(|| panic!("{platform}, {answer:?}: no error"));
            assert!(walked.ids.is_empty() && walked.proof.is_none());
            messages.push(error.to_string());
        }
        assert_ne!(messages[0], messages[1], "HTML and other JSON have the same message");
        assert_ne!(messages[0], messages[3], "HTML and a cut body have the same message");
        assert_ne!(messages[1], messages[3], "other JSON and a cut body have the same message");
        // Nothing that was seen says that the address is wrong, where what came is JSON.
        assert!(!messages[3].contains("API address"), "{}", messages[3]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn millions_of_empty_records_in_a_small_body_are_one_error() {
    for platform in PLATFORMS {
        let faults = Faults::none().always(Fault::EmptyRecords(31 << 20));
        let store = failing(platform, history(116, 50), faults).await;
        let walked = store.walk().await;
        assert!(walked.error.is_some(), "{platform}: no error");
        assert!(walked.records.len() <= 1_000, "{platform}: {} errors", walked.records.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_whose_clock_is_off_or_unknown_is_read_whole() {
    for platform in PLATFORMS {
        for date in [DateHeader::Off(3_600), DateHeader::Off(-3_600), DateHeader::Off(40 * 86_400), DateHeader::Absent]
        {
            let store = Audited::new(platform, history(117, 600), behavior(&Listing { date, ..Listing::default() }));
            let store = store.await;
            store.walk().await.assert_exact(&store.truth(), &format!("{platform}, {date:?}"));
        }
    }
}
