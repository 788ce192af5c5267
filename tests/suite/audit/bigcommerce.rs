//! BigCommerce stores whose pages silently leave rows out.

use storelogs::{Error, ErrorKind, Proof};
use storelogs_sandbox::{
    AboveLimit, BigCommerceBehavior, ClampOffset, DateFilters, EmptyForm, EndlessTotal, Fault, Faults, Hidden, History,
    Listing, LostParameters, Obedience, Platform, Presence, SilentClamp, Ties, Totals, WrongTotals,
};

use super::{Audited, END, bigcommerce_with, history};

const PLATFORM: Platform = Platform::BigCommerce;

async fn store(history: History, behavior: BigCommerceBehavior) -> Audited {
    Audited::new(PLATFORM, history, behavior).await
}

async fn failing(rows: usize, faults: Faults) -> Audited {
    Audited::failing(PLATFORM, history(71, rows), BigCommerceBehavior::unlimited(), faults).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_clamped_while_meta_echoes_what_was_asked_loses_nothing() {
    for offset in [ClampOffset::Asked, ClampOffset::Given] {
        for rows in [100, 50, 20] {
            let clamp = Listing { silent_clamp: Some(SilentClamp { rows, offset }), ..Listing::default() };
            let store = store(history(72, 700), bigcommerce_with(clamp)).await;
            let walked = store.walk().await;
            let context = format!("at most {rows}, {offset:?}");
            walked.assert_exact(&store.truth(), &context);
            assert_eq!(walked.proof, Some(Proof::Counted), "{context}");
            walked.assert_requests(150, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clamped_page_loses_nothing_where_no_meta_is_sent() {
    for offset in [ClampOffset::Asked, ClampOffset::Given] {
        let clamp = Listing { silent_clamp: Some(SilentClamp { rows: 100, offset }), ..Listing::default() };
        let behavior = BigCommerceBehavior { meta: Presence::Missing, ..bigcommerce_with(clamp) };
        let store = store(history(73, 700), behavior).await;
        store.walk().await.assert_exact(&store.truth(), &format!("{offset:?}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_one_second_that_change_places_are_all_delivered() {
    for per_second in [2, 7, 60] {
        for date_filters in [DateFilters::Obeyed, DateFilters::Ignored] {
            let shuffled = Listing { ties: Ties::Shuffled, ..Listing::default() };
            let behavior = BigCommerceBehavior { date_filters, ..bigcommerce_with(shuffled) };
            let store = store(history(74, 3_000).rows_per_second(per_second), behavior).await;
            let walked = store.walk().await;
            let context = format!("{per_second} rows a second, dates {date_filters:?}");
            walked.assert_exact(&store.truth(), &context);
            walked.assert_requests(400, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_with_more_rows_than_fit_on_a_page_may_change_places() {
    let shuffled = Listing { ties: Ties::Shuffled, ..Listing::default() };
    let store = store(history(75, 1_800).rows_per_second(600), bigcommerce_with(shuffled)).await;
    let walked = store.walk().await;
    walked.assert_honest(&store.truth(), "600 rows a second");
    walked.assert_requests(600, "600 rows a second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_change_places_are_not_called_complete_where_nothing_counts_them() {
    let stale = Totals::Wrong(WrongTotals::Stale(8 * 24 * 3600));
    let uncounted = [(Presence::Missing, Totals::Right), (Presence::Present, stale)];
    let one_row = Faults::none().limit_above(1, Fault::EmptyPage);
    for (meta, totals) in uncounted {
        for (rows, per_second, faults) in
            [(1_200, 3, Faults::none()), (1_200, 60, Faults::none()), (60, 3, one_row.clone())]
        {
            for seed in 0..6 {
                let listing = Listing { ties: Ties::Shuffled, ..Listing::default() };
                let behavior = BigCommerceBehavior { meta, totals, ..bigcommerce_with(listing) };
                let history = history(seed, rows).rows_per_second(per_second);
                let store = Audited::failing(PLATFORM, history, behavior, faults.clone()).await;
                let walked = store.walk().await;
                walked.assert_honest(&store.truth(), &format!("{rows} rows, {per_second} a second, {totals:?}"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_taken_out_of_a_cut_page_end_no_walk() {
    for one_of in [2, 8, 60] {
        for meta in [Presence::Present, Presence::Missing] {
            let hidden = Listing { hidden: Some(Hidden { one_of, counted: false }), ..Listing::default() };
            let behavior = BigCommerceBehavior { meta, ..bigcommerce_with(hidden) };
            let store = store(history(76, 1_500), behavior).await;
            let context = format!("one of {one_of} hidden, meta {meta:?}");
            store.walk().await.assert_exact(&store.truth(), &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_counted_and_never_listed_are_said_to_lack() {
    let hidden = Listing { hidden: Some(Hidden { one_of: 9, counted: true }), ..Listing::default() };
    let store = store(history(77, 900), bigcommerce_with(hidden)).await;
    let truth = store.truth();
    let walked = store.walk().await;
    assert_eq!(walked.ids.len(), truth.len(), "all that can be had is delivered before the error");
    walked.assert_lacks(900 - truth.len() as u64, &truth, "one of nine is never listed");
    walked.assert_requests(300, "one of nine is never listed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_never_ends_ends_in_an_error_that_says_so() {
    for total in [EndlessTotal::Growing, EndlessTotal::Constant] {
        for (meta, date_filters) in [
            (Presence::Present, DateFilters::Obeyed),
            (Presence::Missing, DateFilters::Obeyed),
            (Presence::Missing, DateFilters::Ignored),
        ] {
            let endless = Listing { endless: Some(total), ..Listing::default() };
            let behavior = BigCommerceBehavior { meta, date_filters, ..bigcommerce_with(endless) };
            let store = store(history(78, 600), behavior).await;
            let walked = store.walk().await;
            let context = format!("{total:?}, meta {meta:?}, dates {date_filters:?}");
            let truth = store.truth();
            assert!(truth.iter().all(|id| walked.ids.contains(id)), "{context}: {}", walked.lacks(&truth));
            let kind = walked.error.as_ref().map(Error::kind);
            assert_eq!(kind, Some(ErrorKind::Incomplete), "{context}: {:?}", walked.error);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_total_that_is_wrong_is_never_taken_for_a_proof() {
    let wrong = [
        WrongTotals::Zero,
        WrongTotals::Stale(20 * 86_400),
        WrongTotals::Off(-50),
        WrongTotals::Off(50),
        WrongTotals::PageCount,
    ];
    for wrong in wrong {
        let behavior = BigCommerceBehavior { totals: Totals::Wrong(wrong), ..BigCommerceBehavior::unlimited() };
        let store = store(history(79, 550), behavior).await;
        let walked = store.walk().await;
        let truth = store.truth();
        assert_eq!(walked.ids.len(), truth.len(), "{wrong:?}: {}", walked.lacks(&truth));
        walked.assert_honest(&truth, &format!("{wrong:?}"));
        assert_ne!(walked.proof, Some(Proof::Counted), "{wrong:?}: {} counted", truth.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_date_filters_are_ignored_the_whole_lists_total_is_the_proof() {
    let behavior = BigCommerceBehavior { date_filters: DateFilters::Ignored, ..BigCommerceBehavior::unlimited() };
    let store = store(history(80, 3_000), behavior).await;
    let walked = store.walk().await;
    walked.assert_exact(&store.truth(), "dates ignored");
    assert_eq!(walked.proof, Some(Proof::Counted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_thousand_rows_of_one_second_come_to_their_end() {
    let store = store(history(81, 40_000).rows_per_second(40_000), BigCommerceBehavior::unlimited()).await;
    let walked = store.walk().await;
    walked.assert_exact(&store.truth(), "40,000 rows in one second");
    walked.assert_requests(400, "40,000 rows in one second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fewer_rows_are_asked_for_where_many_are_refused() {
    let refusals = [
        Fault::Status(413),
        Fault::Status(422),
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(504),
        Fault::CutBody(300),
        Fault::Html(502),
    ];
    for most in [100, 20, 1] {
        for refusal in &refusals {
            let store = failing(150, Faults::none().limit_above(most, refusal.clone())).await;
            let context = format!("{refusal:?} above {most}");
            let walked = store.walk().await;
            walked.assert_exact(&store.truth(), &context);
            walked.assert_requests(400, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fewer_rows_are_asked_for_where_many_get_no_answer() {
    let store = failing(300, Faults::none().limit_above(100, Fault::Hang)).await;
    store.walk().await.assert_exact(&store.truth(), "no answer above 100");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deep_pages_that_are_refused_are_read_by_time() {
    for status in [400, 422] {
        for deepest in [1, 3] {
            let store = failing(2_000, Faults::none().page_above(deepest, Fault::Status(status))).await;
            let context = format!("{status} beyond page {deepest}");
            let walked = store.walk().await;
            walked.assert_exact(&store.truth(), &context);
            walked.assert_requests(200, &context);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_poisonous_row_costs_that_row_and_not_its_neighbours() {
    let truth: Vec<String> = {
        let store = failing(700, Faults::none()).await;
        store.truth().into_iter().collect()
    };
    let poisonous: u64 = truth[truth.len() / 2].parse().unwrap();
    for poison in [Fault::Status(500), Fault::CutBody(200), Fault::Reset] {
        let store = failing(700, Faults::none().row(poisonous, poison.clone())).await;
        let walked = store.walk().await;
        let truth = store.truth();
        assert_eq!(walked.ids.len(), truth.len() - 1, "{poison:?}: {:?}", walked.error);
        walked.assert_lacks(1, &truth, &format!("{poison:?}"));
        walked.assert_requests(150, &format!("{poison:?}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_that_are_refused_are_said_to_lack_and_the_others_are_read() {
    let week = *END - 7 * 86_400;
    let refusals = [
        (
            "by the range",
            Faults::none().range(week, i64::MAX, Fault::Status(422)).rows_of(week, i64::MAX, Fault::Status(422)),
        ),
        ("by the rows, 500", Faults::none().rows_of(week, i64::MAX, Fault::Status(500))),
        ("by the rows, 422", Faults::none().rows_of(week, i64::MAX, Fault::Status(422))),
    ];
    for (context, faults) in refusals {
        let store = failing(600, faults).await;
        let walked = store.walk().await;
        let truth = store.truth();
        walked.assert_honest(&truth, context);
        assert!(walked.error.is_some(), "{context}: no error, {}", walked.lacks(&truth));
        walked.assert_requests(300, context);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_refuses_every_request_is_not_empty() {
    for status in [400, 422, 500] {
        let store = failing(50, Faults::none().always(Fault::Status(status))).await;
        let walked = store.walk().await;
        assert!(walked.error.is_some() && walked.proof.is_none() && walked.ids.is_empty(), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_rows_is_an_empty_page_in_every_form() {
    let forms = [EmptyForm::List, EmptyForm::Null, EmptyForm::Missing, EmptyForm::NoContent, EmptyForm::NoBody];
    for empty in forms {
        for meta in [Presence::Present, Presence::Missing] {
            if (empty, meta) == (EmptyForm::Missing, Presence::Missing) {
                continue; // `{}` says nothing of a list: it is no page
            }
            for rows in [0, 600] {
                let behavior =
                    BigCommerceBehavior { meta, ..bigcommerce_with(Listing { empty, ..Listing::default() }) };
                let store = store(history(82, rows), behavior).await;
                store.walk().await.assert_exact(&store.truth(), &format!("{empty:?}, meta {meta:?}, {rows} rows"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_loses_the_query_loses_no_row_silently() {
    let named = |names: &[&str]| LostParameters::Named(names.iter().map(|name| (*name).to_owned()).collect());
    let lost = [LostParameters::All, named(&["page"]), named(&["limit"]), named(&["page", "limit"])];
    for lost_parameters in lost {
        for meta in [Presence::Present, Presence::Missing] {
            let listing = Listing { lost_parameters: lost_parameters.clone(), ..Listing::default() };
            let store = store(history(83, 700), BigCommerceBehavior { meta, ..bigcommerce_with(listing) }).await;
            let walked = store.walk().await;
            let context = format!("{lost_parameters:?} lost, meta {meta:?}");
            walked.assert_honest(&store.truth(), &context);
            walked.assert_requests(600, &context);
            // What is wrong is on the way, and neither the store nor its rows.
            let causes = ["is answered with the same page", "the platform answered with page 1 where page"];
            let named = |error: &Error| causes.iter().any(|cause| error.to_string().contains(cause));
            assert!(walked.error.as_ref().is_none_or(named), "{context}: {:?}", walked.error);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_come_twice_while_rows_come_in_hide_nothing() {
    for every in [2, 3] {
        let faults = Faults::none().every(every, Fault::RepeatPage).every(1, Fault::Arrive(3));
        let store = failing(1_500, faults).await;
        let walked = store.walk().await;
        walked.assert_honest(&store.truth(), &format!("every {every}th page twice"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_together_loses_no_row_silently() {
    let listing = Listing {
        silent_clamp: Some(SilentClamp { rows: 50, offset: ClampOffset::Given }),
        ties: Ties::Shuffled,
        hidden: Some(Hidden { one_of: 7, counted: false }),
        empty: EmptyForm::Null,
        ..Listing::default()
    };
    for direction in [Obedience::Obeyed, Obedience::Ignored] {
        let behavior = BigCommerceBehavior {
            direction,
            max_limit: 100,
            above_max_limit: AboveLimit::Status(422),
            ..bigcommerce_with(listing.clone())
        };
        let store = store(history(84, 900).rows_per_second(3), behavior).await;
        let walked = store.walk().await;
        walked.assert_honest(&store.truth(), &format!("direction {direction:?}"));
        walked.assert_requests(900, &format!("direction {direction:?}"));
    }
}
