//! Tests that a text is exactly its template with its variables put in, and that what varies is learned.

use proptest::prelude::*;

use super::*;

fn sql() -> Connection {
    let sql = Connection::open_in_memory().unwrap();
    let version = include_str!("version_9.sql");
    let (_, table) = version.split_once("CREATE TABLE template").unwrap();
    let (table, _) = table.split_once("STRICT;").unwrap();
    sql.execute_batch(&format!("CREATE TABLE template{table}STRICT")).unwrap();
    sql
}

/// The text again, as the archive's views put it together.
fn unpacked(sql: &Connection, packed: &Packed<'_>) -> Option<String> {
    let Some(template) = packed.template else { return packed.variables[0].map(str::to_owned) };
    let find = "SELECT text_0 || ?2 || text_1 || ?3 || text_2 || ?4 || text_3 || ?5 || text_4 || ?6 || text_5 || ?7 || text_6 \
                FROM template WHERE id = ?1";
    let [one, two, three, four, five, six] = packed.variables.map(Option::unwrap_or_default);
    Some(sql.query_row(find, params![template, one, two, three, four, five, six], |row| row.get(0)).unwrap())
}

fn pack<'a>(templates: &mut Templates, sql: &Connection, text: &'a str, most: usize) -> Packed<'a> {
    let packed = templates.pack(sql, Some(text), most).unwrap();
    assert_eq!(unpacked(sql, &packed).as_deref(), Some(text));
    assert!(packed.variables[most..].iter().all(Option::is_none), "{packed:?}");
    packed
}

fn variables<'a>(packed: &Packed<'a>) -> Vec<&'a str> {
    packed.variables.into_iter().flatten().collect()
}

#[test]
fn what_varies_is_kept_alone_once_it_was_learned() {
    let (sql, mut templates) = (sql(), Templates::default());
    for order in 1..=2 {
        let text = format!("Order {order} was cached for 3600s");
        assert_eq!(pack(&mut templates, &sql, &text, 3).template, None);
    }
    let packed = pack(&mut templates, &sql, "Order 3 was cached for 3600s", 3);
    assert!(packed.template.is_some());
    assert_eq!(variables(&packed), ["3"]);
    let packed = pack(&mut templates, &sql, "Order 4 was cached for 60s", 3);
    assert_eq!(variables(&packed), ["4", "60s"]);
    assert_eq!(variables(&pack(&mut templates, &sql, "Order 5 was cached for 60s", 3)), ["5", "60s"]);
}

#[test]
fn a_text_without_a_word_that_varies_is_a_template_and_nothing_else() {
    let (sql, mut templates) = (sql(), Templates::default());
    for _ in 0..2 {
        pack(&mut templates, &sql, "Tax was estimated", 3);
    }
    let packed = pack(&mut templates, &sql, "Tax was estimated", 3);
    assert!(packed.template.is_some() && variables(&packed).is_empty(), "{packed:?}");
}

#[test]
fn where_too_much_varies_the_last_variable_is_the_rest() {
    let (sql, mut templates) = (sql(), Templates::default());
    let text = |n: u32| format!("a {} b {} c {} d {} e {} end.", n, n + 1, n + 2, n + 3, n + 4);
    for n in 0..2 {
        pack(&mut templates, &sql, &text(n), 3);
    }
    let third = text(30);
    assert_eq!(variables(&pack(&mut templates, &sql, &third, 3)), ["30", "31", "32 d 33 e 34 end."]);
}

#[test]
fn what_was_learned_is_known_to_the_next_process() {
    let (sql, mut templates) = (sql(), Templates::default());
    let texts = |n: u32| {
        [
            format!("Order {n} of customer{n}@example.com: it failed after 30 seconds"),
            format!("{n} {} {} {} and {} of {n}", n + 1, n + 2, n + 3, n + 4),
            "Nothing was done here".to_owned(),
        ]
    };
    for n in 1..5 {
        texts(n).iter().for_each(|text| assert_eq!(pack(&mut templates, &sql, text, 3).variables[3], None));
    }
    let last = texts(9);
    let before: Vec<_> = last.iter().map(|text| pack(&mut templates, &sql, text, 3)).collect();
    let mut next = Templates::default();
    let after: Vec<_> = last.iter().map(|text| pack(&mut next, &sql, text, 3)).collect();
    assert_eq!(after, before);
    assert!(before.iter().all(|packed| packed.template.is_some()), "{before:?}");
}

#[test]
fn no_text_is_kept_whole_for_what_only_it_says() {
    let (sql, mut templates) = (sql(), Templates::default());
    for word in ["one", "two", "three", "four"] {
        assert_eq!(pack(&mut templates, &sql, &format!("Word {word} comes once"), 3).template, None);
    }
    let long = "x 1 ".repeat(LONGEST);
    for _ in 0..5 {
        assert_eq!(pack(&mut templates, &sql, &long, 3).template, None);
    }
    assert_eq!(sql.query_row("SELECT count(*) FROM template", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    assert_eq!(templates.pack(&sql, None, 3).unwrap(), Packed::default());
}

proptest! {
    #[test]
    fn a_text_comes_back_byte_for_byte(
        texts in proptest::collection::vec(
            proptest::sample::select(vec!["Order ", "7", " of ", "a@b.c", "Łódź 12", " ", "失败3次", ".", "1.5%", "-", "x", "\u{0}", "é9", "\n"])
                .prop_flat_map(|first| proptest::collection::vec(
                    proptest::sample::select(vec!["Order ", "7", "1000", " of ", "a@b.c", "Łódź 12", " ", "失败3次", ".", "1.5%", "-", "x", "'", "é9", "\n"]), 0..40)
                    .prop_map(move |parts| format!("{first}{}", parts.concat()))),
            1..30,
        ),
        again in 1..5_usize,
        most in proptest::sample::select(vec![OF_SUMMARY, OF_MESSAGE]),
        forget in 0..40_usize,
    ) {
        let (sql, mut templates) = (sql(), Templates::default());
        let mut kept = Vec::new();
        for (number, text) in texts.iter().cycle().take(texts.len() * again).enumerate() {
            if number == forget {
                templates.forget();
            }
            let packed = templates.pack(&sql, Some(text), most).unwrap();
            prop_assert!(packed.variables[most..].iter().all(Option::is_none));
            kept.push((text, packed));
        }
        for (text, packed) in kept {
            prop_assert_eq!(unpacked(&sql, &packed), Some(text.clone()));
        }
    }
}
