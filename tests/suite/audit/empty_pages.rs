//! Pages that come empty although the list is not: too large for the platform, or behind a row that it fails on.

use storelogs_sandbox::{
    BigCommerceBehavior, Count, Fault, Faults, Hidden, Listing, Obedience, Platform, Presence, Rule, ShoplineBehavior,
    Totals, When, WrongTotals,
};

use super::{Audited, Walked, history};

const DAY: i64 = 86_400;
const ROWS: usize = 240;

/// The ways in which a BigCommerce store may give the number of its rows.
fn totals() -> [BigCommerceBehavior; 4] {
    let sound = BigCommerceBehavior::unlimited();
    let says = |totals| BigCommerceBehavior { totals: Totals::Wrong(totals), ..sound.clone() };
    let silent = BigCommerceBehavior { meta: Presence::Missing, ..sound.clone() };
    [sound.clone(), says(WrongTotals::Zero), says(WrongTotals::Stale(22 * DAY)), silent]
}

async fn bigcommerce(behavior: &BigCommerceBehavior, faults: Faults) -> (Audited, Walked) {
    let store = Audited::failing(Platform::BigCommerce, history(31, ROWS), behavior.clone(), faults).await;
    let walked = store.walk().await;
    (store, walked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_are_too_large_and_come_empty_hide_no_row_of_bigcommerce() {
    for behavior in totals() {
        for limit in [1, 20, 100] {
            let (store, walked) = bigcommerce(&behavior, Faults::none().limit_above(limit, Fault::EmptyPage)).await;
            let context = format!("more than {limit}, {:?}, meta {:?}", behavior.totals, behavior.meta);
            walked.assert_exact(&store.truth(), &context);
            walked.assert_requests(1_500, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_empties_each_page_it_is_on_hides_no_other() {
    for behavior in totals() {
        let (store, _) = bigcommerce(&behavior, Faults::none()).await;
        for place in [0, ROWS / 4, ROWS / 2, ROWS * 3 / 4, ROWS - 1] {
            let row = store.truth().into_iter().nth(place).unwrap().parse().unwrap();
            let (store, walked) = bigcommerce(&behavior, Faults::none().row(row, Fault::EmptyPage)).await;
            let context = format!("row {place}, {:?}, meta {:?}", behavior.totals, behavior.meta);
            let others = store.truth().into_iter().filter(|id| *id != row.to_string());
            let lost = others.filter(|id| !walked.ids.contains(id)).count();
            assert!(lost == 0 || walked.error.is_some(), "{context}: {lost} others missing, and no error");
            walked.assert_requests(1_500, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_behind_the_first_that_come_empty_hide_no_row_of_bigcommerce() {
    for direction in [Obedience::Obeyed, Obedience::Ignored] {
        for behavior in totals() {
            let behavior = BigCommerceBehavior { direction, max_limit: 50, ..behavior };
            let (store, walked) = bigcommerce(&behavior, Faults::none().page_above(1, Fault::EmptyPage)).await;
            let context = format!("direction {direction:?}, {:?}, meta {:?}", behavior.totals, behavior.meta);
            walked.assert_honest(&store.truth(), &context);
            walked.assert_requests(1_500, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_are_too_large_and_come_empty_hide_no_row_of_shopline() {
    for count in [Count::Right, Count::Unavailable, Count::Zero, Count::Stale(40 * DAY)] {
        for limit in [1, 20, 100] {
            let behavior = ShoplineBehavior { count, ..ShoplineBehavior::unlimited() };
            let faults = Faults::none().limit_above(limit, Fault::EmptyPage);
            let store = Audited::failing(Platform::Shopline, history(32, ROWS), behavior, faults).await;
            let walked = store.walk().await;
            let context = format!("more than {limit}, count {count:?}");
            // Where nothing is counted, nobody knows whether a single row of a second is alone.
            if limit > 1 || count == Count::Right {
                walked.assert_exact(&store.truth(), &context);
            } else {
                walked.assert_honest(&store.truth(), &context);
            }
            walked.assert_requests(if limit > 1 { 1_500 } else { 5_000 }, &context);
        }
    }
}

/// Rows that are hidden once a page was cut, so that the page has fewer, and a page of one row may have none.
fn hidden(one_of: u64) -> Listing {
    Listing { hidden: Some(Hidden { one_of, counted: false }), ..Listing::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_at_a_time_of_which_some_are_hidden_is_no_whole_list_of_bigcommerce() {
    for behavior in totals() {
        for one_of in [2, 3, 9] {
            let behavior = BigCommerceBehavior { listing: hidden(one_of), ..behavior.clone() };
            for refusal in [Fault::Status(500), Fault::Status(422)] {
                let context = format!("one of {one_of}, {refusal:?}, {:?}, meta {:?}", behavior.totals, behavior.meta);
                let (store, walked) = bigcommerce(&behavior, Faults::none().limit_above(1, refusal)).await;
                walked.assert_honest(&store.truth(), &context);
                walked.assert_requests(6_000, &context);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_at_a_time_of_which_some_are_hidden_is_no_whole_range_of_shopline() {
    for count in [Count::Right, Count::Zero, Count::Stale(22 * DAY), Count::Unavailable] {
        for one_of in [2, 3, 9] {
            let behavior = ShoplineBehavior { count, listing: hidden(one_of), ..ShoplineBehavior::unlimited() };
            for refusal in [Fault::Status(500), Fault::Status(422)] {
                let context = format!("one of {one_of}, {refusal:?}, count {count:?}");
                let faults = Faults::none().limit_above(1, refusal);
                let store = Audited::failing(Platform::Shopline, history(31, ROWS), behavior.clone(), faults).await;
                let walked = store.walk().await;
                walked.assert_honest(&store.truth(), &context);
                walked.assert_requests(6_000, &context);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_whose_first_pages_come_empty_by_chance_is_not_an_empty_store() {
    let behavior = &totals()[1];
    let mut missed = 0;
    for seed in 0..100 {
        let faults = Faults { rules: vec![Rule::new(When::Probability(seed, 0.5), Fault::EmptyPage)] };
        let (_, walked) = bigcommerce(behavior, faults).await;
        missed += usize::from(walked.ids.is_empty() && walked.error.is_none());
    }
    // Every other page is empty. Where two are believed, a store in eight is taken for empty.
    assert!(missed <= 3, "{missed} of 100 stores were taken for empty");
}
