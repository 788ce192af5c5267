//! SHOPLINE stores whose pages silently leave rows out.

use serde_json::{Value, json};
use storelogs::{ErrorKind, LogQuery, Proof};
use storelogs_sandbox::{
    ClampOffset, Count, EmptyForm, EndlessTotal, Fault, Faults, Hidden, History, Listing, LostParameters, Platform,
    ShoplineBehavior, SilentClamp, SinceId, Ties, TimeRangeReading,
};

use super::{Audited, history, shopline_with};
use crate::drain::HANDLE;

const PLATFORM: Platform = Platform::Shopline;

async fn store(history: History, behavior: ShoplineBehavior) -> Audited {
    Audited::new(PLATFORM, history, behavior).await
}

async fn failing(rows: usize, faults: Faults) -> Audited {
    Audited::failing(PLATFORM, history(91, rows), ShoplineBehavior::unlimited(), faults).await
}

const SINCE_IDS: [SinceId; 5] = [
    SinceId::ExclusiveOlder,
    SinceId::InclusiveOlder,
    SinceId::NewerAscending,
    SinceId::NewerDescending,
    SinceId::Ignored,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_rows_where_two_hundred_were_asked_for_are_no_end() {
    let clamp = Some(SilentClamp { rows: 50, offset: ClampOffset::Given });
    for count in [Count::Right, Count::Unavailable] {
        for since_id in SINCE_IDS {
            let listing = Listing { silent_clamp: clamp, ..Listing::default() };
            let store = store(history(92, 3_000), ShoplineBehavior { since_id, count, ..shopline_with(listing) }).await;
            let walked = store.walk().await;
            let context = format!("{since_id:?}, count {count:?}");
            walked.assert_exact(&store.truth(), &context);
            walked.assert_requests(400, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_taken_out_of_a_cut_page_end_no_walk() {
    for one_of in [2, 8, 90] {
        for count in [Count::Right, Count::Unavailable] {
            for since_id in SINCE_IDS {
                let listing = Listing { hidden: Some(Hidden { one_of, counted: false }), ..Listing::default() };
                let behavior = ShoplineBehavior { since_id, count, ..shopline_with(listing) };
                let store = store(history(93, 1_500), behavior).await;
                let context = format!("one of {one_of} hidden, {since_id:?}, count {count:?}");
                store.walk().await.assert_exact(&store.truth(), &context);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_counted_and_never_listed_are_said_to_lack() {
    let listing = Listing { hidden: Some(Hidden { one_of: 9, counted: true }), ..Listing::default() };
    let store = store(history(94, 900), shopline_with(listing)).await;
    let truth = store.truth();
    let walked = store.walk().await;
    assert_eq!(walked.ids.len(), truth.len(), "all that can be had is delivered before the error");
    walked.assert_lacks(900 - truth.len() as u64, &truth, "one of nine is never listed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_in_no_order_of_time_lose_no_row_where_since_id_compares_them() {
    for since_id in SINCE_IDS {
        let behavior = ShoplineBehavior { since_id, since_id_compares_ids: true, ..ShoplineBehavior::unlimited() };
        let store = store(history(95, 3_000), behavior).await;
        let (start, _) = store.history.time_range();
        // Ids as they may come where several machines give them out.
        let records: Vec<Value> = store
            .sandbox
            .records(PLATFORM, HANDLE)
            .into_iter()
            .enumerate()
            .map(|(index, mut record)| {
                let id = 7_000_000_000_000_000_000_u64 + (index as u64).wrapping_mul(2_654_435_761) % 1_000_000_007;
                record["id"] = json!(id.to_string());
                record
            })
            .collect();
        store.sandbox.set_records(PLATFORM, HANDLE, records);
        let walked = store.walk().await;
        let truth = store.truth();
        assert!(truth.len() > 2_900, "{start}: {}", truth.len());
        walked.assert_exact(&truth, &format!("{since_id:?}"));
        walked.assert_requests(400, &format!("{since_id:?}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_hours_are_delivered_where_the_offset_is_taken_for_the_stores_own() {
    for hours in [8, -5] {
        let behavior =
            ShoplineBehavior { time_range: TimeRangeReading::OwnZone(hours), ..ShoplineBehavior::unlimited() };
        let store = store(history(96, 1_200), behavior).await;
        store.walk().await.assert_honest(&store.truth(), &format!("{hours} hours"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_range_that_is_ignored_loses_nothing() {
    let behavior = ShoplineBehavior { time_range: TimeRangeReading::Ignored, ..ShoplineBehavior::unlimited() };
    let store = store(history(97, 900), behavior).await;
    let walked = store.walk().await;
    walked.assert_honest(&store.truth(), "range ignored");
    walked.assert_requests(400, "range ignored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_that_are_too_long_are_narrowed() {
    for days in [20, 7, 1] {
        for status in [400, 422] {
            let behavior = ShoplineBehavior {
                max_time_range_days: Some(days),
                bad_request_status: status,
                ..ShoplineBehavior::unlimited()
            };
            let store = store(history(98, 800), behavior).await;
            let walked = store.walk().await;
            let context = format!("{status} above {days} days");
            walked.assert_exact(&store.truth(), &context);
            walked.assert_requests(350, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_that_is_wrong_is_never_taken_for_a_proof() {
    for count in [Count::Zero, Count::Stale(20 * 86_400), Count::Wrong(-50), Count::Wrong(50), Count::Missing] {
        let store = store(history(99, 550), ShoplineBehavior { count, ..ShoplineBehavior::unlimited() }).await;
        let walked = store.walk().await;
        let truth = store.truth();
        assert_eq!(walked.ids.len(), truth.len(), "{count:?}: {}", walked.lacks(&truth));
        walked.assert_honest(&truth, &format!("{count:?}"));
        assert_ne!(walked.proof, Some(Proof::Counted), "{count:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_one_second_that_change_places_are_all_delivered() {
    for per_second in [2, 7, 60] {
        for since_id in SINCE_IDS {
            let shuffled = Listing { ties: Ties::Shuffled, ..Listing::default() };
            let behavior = ShoplineBehavior { since_id, ..shopline_with(shuffled) };
            let store = store(history(100, 3_000).rows_per_second(per_second), behavior).await;
            let walked = store.walk().await;
            let context = format!("{per_second} rows a second, {since_id:?}");
            walked.assert_exact(&store.truth(), &context);
            walked.assert_requests(600, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_never_ends_ends_in_an_error_that_says_so() {
    for total in [EndlessTotal::Growing, EndlessTotal::Constant] {
        for count in [Count::Right, Count::Unavailable] {
            let endless = Listing { endless: Some(total), ..Listing::default() };
            let store = store(history(101, 600), ShoplineBehavior { count, ..shopline_with(endless) }).await;
            let walked = store.walk().await;
            let (truth, context) = (store.truth(), format!("{total:?}, count {count:?}"));
            let kind = walked.error.as_ref().map(storelogs::Error::kind);
            assert_eq!(kind, Some(ErrorKind::Incomplete), "{context}: {:?}, {}", walked.error, walked.lacks(&truth));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_poisonous_row_costs_that_row_and_not_its_neighbours() {
    let truth: Vec<String> = failing(700, Faults::none()).await.truth().into_iter().collect();
    let poisonous: u64 = truth[truth.len() / 2].parse().unwrap();
    for poison in [Fault::Status(500), Fault::CutBody(200), Fault::Reset] {
        let store = failing(700, Faults::none().row(poisonous, poison.clone())).await;
        let walked = store.walk().await;
        let truth = store.truth();
        if walked.ids.len() == truth.len() {
            continue; // asked for alone, its answer comes
        }
        assert_eq!(walked.ids.len(), truth.len() - 1, "{poison:?}: {:?}", walked.error);
        walked.assert_lacks(1, &truth, &format!("{poison:?}"));
        walked.assert_requests(200, &format!("{poison:?}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fewer_rows_are_asked_for_where_many_are_refused() {
    let refusals =
        [Fault::Status(413), Fault::Status(422), Fault::Status(500), Fault::Status(504), Fault::CutBody(300)];
    for most in [100, 20, 1] {
        for refusal in &refusals {
            let store = failing(150, Faults::none().limit_above(most, refusal.clone())).await;
            let context = format!("{refusal:?} above {most}");
            let walked = store.walk().await;
            walked.assert_exact(&store.truth(), &context);
            walked.assert_requests(500, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_few_are_not_had_where_newer_ones_fail() {
    let sound = failing(700, Faults::none()).await;
    let newest = sound.walk().await.ids[0].parse().unwrap();
    let faults = Faults::none().row(newest, Fault::Status(500));
    let store = failing(700, faults).await;
    let walked = store.walk_of(LogQuery::new().limit(8)).await;
    let error = walked.error.expect("newer rows could not be read");
    assert!(error.to_string().contains("could not be read"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_rows_is_an_empty_page_in_every_form() {
    // `{}` says nothing of a list: it is no page.
    for empty in [EmptyForm::List, EmptyForm::Null, EmptyForm::NoContent, EmptyForm::NoBody] {
        for count in [Count::Right, Count::Unavailable] {
            for rows in [0, 600] {
                let listing = Listing { empty, ..Listing::default() };
                let store = store(history(102, rows), ShoplineBehavior { count, ..shopline_with(listing) }).await;
                store.walk().await.assert_exact(&store.truth(), &format!("{empty:?}, count {count:?}, {rows} rows"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_loses_the_query_loses_no_row_silently() {
    let named = |names: &[&str]| LostParameters::Named(names.iter().map(|name| (*name).to_owned()).collect());
    for lost_parameters in [LostParameters::All, named(&["since_id"]), named(&["limit"]), named(&["since_id", "limit"])]
    {
        let listing = Listing { lost_parameters: lost_parameters.clone(), ..Listing::default() };
        let store = store(history(103, 700), shopline_with(listing)).await;
        let walked = store.walk().await;
        walked.assert_honest(&store.truth(), &format!("{lost_parameters:?}"));
        walked.assert_requests(600, &format!("{lost_parameters:?}"));
    }
}
