//! Searches in languages that put no spaces between words, or not between all of them.

use jiff::SignedDuration;
use storelogs::{LogEntry, Store};
use storelogs_collector::Archive;

use super::{NOW, archive, filter, finds, index_with_places, put, time};

/// Entries with these summaries, each in the language that its test names. One character of an id stands for an entry,
/// from `0` on.
fn entries(summaries: &[&str]) -> Vec<LogEntry> {
    let store: Store = "shopline:open001".parse().unwrap();
    let entry = |(at, summary): (usize, &&str)| {
        let when = time(NOW) - SignedDuration::from_mins(1 + i64::try_from(at).unwrap());
        let mut entry = LogEntry::new(&store, (100 + at).to_string(), when, time(NOW));
        entry.summary = Some((*summary).to_owned());
        entry
    };
    summaries.iter().enumerate().map(entry).collect()
}

/// Asserts what each query finds, before these texts are indexed and afterwards.
#[track_caller]
fn each_finds(texts: &[&str], queries: &[(&str, &str)]) {
    let (_folder, mut archive) = archive();
    let entries = entries(texts);
    put(&mut archive, &entries);
    let all =
        |archive: &Archive| queries.iter().for_each(|(query, expected)| finds(archive, &entries, query, expected));
    all(&archive);
    archive.index_words(usize::MAX).unwrap();
    all(&archive);
    index_with_places(&mut archive);
    all(&archive);
}

#[test]
fn any_part_of_a_korean_word_is_found() {
    each_finds(
        &["주문 실패했습니다", "주문#1234 결제가 실패함", "상품 정보를 수정했습니다", "시실 주패"],
        &[
            ("실패", "01"),
            ("패했", "0"),
            ("실패했습니다", "0"),
            ("주문", "01"),
            ("했습니다", "02"),
            ("패", "013"),
            ("시", "3"),
            ("\"주문 실패\"", "0"),
            ("\"주문 1234 결제\"", "1"),
            ("주문 -실패함", "0"),
            ("문실", ""),
            ("주문실패", ""),
            ("실패*", "01"),
        ],
    );
}

#[test]
fn any_part_of_a_japanese_text_is_found() {
    each_finds(
        &["注文ABC失敗しました", "商品「夏用半袖Tシャツ」の返金を申請", "ｶｰﾄﾞ決済エラー", "カート投入"],
        &[
            ("失敗", "0"),
            ("敗し", "0"),
            ("注文ABC失敗", "0"),
            ("文abc", "0"),
            ("ABC", "0"),
            ("bc失敗", ""),
            ("半袖", "1"),
            ("Tシャツ", "1"),
            ("シャ", "1"),
            ("カード", "2"),
            ("ｶｰﾄﾞ", "2"),
            ("カート", "3"),
            ("カー", "23"),
            ("ー", "23"),
            ("返金の申請", ""),
        ],
    );
}

#[test]
fn any_part_of_a_chinese_text_is_found_by_its_own_characters() {
    each_finds(
        &["订单1234付款失败：余额不足", "訂單1234付款失敗：餘額不足", "商品「红色连衣裙」库存仅剩３件"],
        &[
            ("付款", "01"),
            ("款失", "01"),
            ("失败", "0"),
            ("失敗", "1"),
            ("余额不足", "0"),
            ("败余", ""),
            ("\"失败 余额\"", "0"),
            ("订单1234付款", "0"),
            ("单 1234", "0"),
            ("衣", "2"),
            ("3", "2"),
            ("\"剩 3 件\"", "2"),
        ],
    );
}

#[test]
fn any_part_of_a_thai_text_is_found_with_its_marks() {
    each_finds(
        &["ชำระเงินไม่สำเร็จ", "คำสั่งซื้อ 1234 มีสินค้าหมด", "ขายม้าไม้"],
        &[
            ("ไม่สำเร็จ", "0"),
            ("เงิน", "0"),
            ("สำเร็จ", "0"),
            ("สินค้า", "1"),
            ("สินค", "1"),
            ("ซื้อ", "1"),
            ("\"ซื้อ 1234 มี\"", "1"),
            ("มา", ""),
            ("ม้า", "2"),
            ("ไม", "02"),
            ("ไม้", "2"),
        ],
    );
}

#[test]
fn lao_khmer_and_burmese_are_found_by_any_part() {
    each_finds(
        &["ສິນຄ້າໝົດ", "ការទូទាត់\u{200b}បរាជ័យ", "ငွေပေးချေမှုမအောင်မြင်ပါ"],
        &[("ຄ້າ", "0"), ("ບ", ""), ("ទូទាត់បរា", "1"), ("បរាជ័យ", "1"), ("အောင်မြင်", "2"), ("မှု", "2")],
    );
}

#[test]
fn it_makes_no_difference_in_which_form_a_text_or_a_query_came() {
    let (composed, decomposed) = ("실패", "\u{1109}\u{1175}\u{11af}\u{1111}\u{1162}");
    let texts = [composed, decomposed, "ＳＫＵ－１２ カ\u{3099}ス", "sku-12 ｶﾞｽ", "sku 12 ガス"];
    let long = texts.map(|text| format!("x{text}x"));
    each_finds(
        &long.each_ref().map(String::as_str),
        &[(composed, "01"), (decomposed, "01"), ("ガス", "234"), ("ｶﾞｽ", "234"), ("カ\u{3099}ス", "234"), ("カス", "")],
    );
    each_finds(&texts, &[("１２", "234"), ("sku", "234"), ("ＳＫＵ", "234"), ("SK", "")]);
}

#[test]
fn a_part_of_a_value_is_meant_by_stars() {
    let (_folder, mut archive) = archive();
    let mut entries = entries(&["가", "나", "다"]);
    entries[0].actor = Some("김민준 (관리자)".to_owned());
    entries[1].module = Some("決済ゲートウェイ".to_owned());
    entries[2].category = Some("สินค้า".to_owned());
    put(&mut archive, &entries);
    for _ in 0..2 {
        for (query, expected) in [
            ("actor:\"김민준 관리자\"", "0"),
            ("actor:김민준", ""),
            ("actor:김*", "0"),
            ("actor:*관리*", "0"),
            ("민준", "0"),
            ("module:*ゲート*", "1"),
            ("module:決済ｹﾞｰﾄｳｪｲ", "1"),
            ("ウェイ", "1"),
            ("category:*ค้า", "2"),
            ("สิน", "2"),
        ] {
            finds(&archive, &entries, query, expected);
        }
        archive.index_words(usize::MAX).unwrap();
    }
}

#[test]
fn what_was_asked_for_is_marked_and_no_more() {
    for (query, text, expected) in [
        ("실패", "주문 실패했습니다", vec!["실패"]),
        ("패", "주문 실패했습니다", vec!["패"]),
        ("\"문 실\"", "주문 실패했습니다", vec!["문 실"]),
        ("文abc失", "注文ABC失敗", vec!["文ABC失"]),
        ("ガ", "ｶﾞﾗｽ", vec!["ｶﾞ"]),
        ("เงิน", "ชำระเงินไม่สำเร็จ", vec!["เงิน"]),
    ] {
        let marks = filter(query).marks(text);
        assert_eq!(marks.into_iter().map(|mark| &text[mark]).collect::<Vec<_>>(), expected, "{query} in {text}");
    }
}

/// The first column of the table finds the text in the second one's title, or not.
#[test]
fn the_examples_of_the_docs_are_true() {
    let docs = include_str!("../../../../docs/search.md");
    let (_, table) = docs.split_once("| this finds | `").unwrap();
    let (text, rows) = table.split_once('`').unwrap();
    let mut tried = 0;
    for row in rows.lines().skip(2).take_while(|line| line.starts_with('|')) {
        let columns: Vec<_> = row.split(" | ").collect();
        for query in columns[0].split('`').skip(1).step_by(2) {
            each_finds(&[text], &[(query, if columns[1] == "yes" { "0" } else { "" })]);
            tried += 1;
        }
    }
    assert!(tried > 9, "{tried} examples");
}
