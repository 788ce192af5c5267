//! The shape of a summary: the summary without its variable parts.

use crate::words;

/// Stands in a template for words that vary: for one, or for several if at least half of all words are the template's own.
/// At its end it stands for any words.
pub(crate) const VARYING: &str = "…";

/// The length at which a shape is cut, in bytes.
const LONGEST: usize = 200;

/// A longer word is an id or a token, in characters.
const LONGEST_WORD: usize = 48;

/// The farthest that a closing quote is looked for, in bytes.
const LONGEST_QUOTE: usize = 120;

/// The summary with `*` for numbers, ids, e-mail addresses, URLs and quoted text.
///
/// It depends on nothing but the summary, so entries of one kind meet whenever and wherever they are counted. As a
/// pattern, in which `*` stands for any text, it matches the summary it was made of, but for white space: any run of it
/// becomes one space.
pub(crate) fn shape(summary: &str) -> String {
    let mut shape = String::with_capacity(summary.len().min(LONGEST + 8));
    let mut rest = summary.trim();
    while let Some(first) = rest.chars().next() {
        if shape.len() >= LONGEST {
            mask(&mut shape);
            break;
        }
        let length = if first.is_whitespace() {
            shape.push(' ');
            rest.len() - rest.trim_start().len()
        } else if let Some(length) = url(rest) {
            mask(&mut shape);
            length
        } else if is_of_word(first) {
            word(rest, &mut shape)
        } else if let Some(length) = quoted(first, rest, &shape) {
            let closing = rest[..length].chars().next_back().unwrap_or(first);
            shape.push(first);
            if length > first.len_utf8() + closing.len_utf8() {
                shape.push('*');
            }
            shape.push(closing);
            length
        } else {
            shape.push(first);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    shape
}

/// The first words of a shape, for an archive that has seen too many of them: a [`Template`](super::template::Template) of what begins so.
pub(super) fn coarse(shape: &str) -> String {
    let mut words = shape.splitn(4, ' ');
    let kept: Vec<&str> = words.by_ref().take(3).collect();
    let mut coarse = kept.join(" ");
    if words.next().is_some() {
        coarse.push(' ');
        coarse.push_str(VARYING);
    }
    coarse
}

fn mask(shape: &mut String) {
    if !shape.ends_with('*') {
        shape.push('*');
    }
}

/// Letters of scripts that put spaces between words, digits, and what joins them into an id, a version or an address.
fn is_of_word(c: char) -> bool {
    match c {
        '_' | '-' | '.' | '@' | '+' | '%' => true,
        _ if c.is_ascii() => c.is_ascii_alphanumeric(),
        // From CJK radicals on, and in Thai and the like, a sentence has no spaces: only its digits are taken out.
        _ => c < '\u{2e80}' && c.is_alphanumeric() && (c.is_numeric() || !words::is_found_in_parts(c)),
    }
}

/// Takes the word at the beginning; says how long it is.
fn word(text: &str, shape: &mut String) -> usize {
    let end = text.find(|c| !is_of_word(c)).unwrap_or(text.len());
    // A full stop or a dash behind it belongs to the sentence.
    let trimmed = text[..end].trim_end_matches(['.', '-', '+', '%', '_']);
    let word = if trimmed.is_empty() { &text[..end] } else { trimmed };
    if word.chars().count() > LONGEST_WORD || word.contains(|c: char| c == '@' || c.is_numeric()) {
        mask(shape);
    } else {
        shape.push_str(word);
    }
    word.len()
}

fn url(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let end = text[scheme.len()..].find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ','));
    Some(end.map_or(text.len(), |end| scheme.len() + end))
}

/// The length of the quoted text at the beginning, quotes included.
fn quoted(opening: char, text: &str, before: &str) -> Option<usize> {
    let closing = match opening {
        '"' | '`' => opening,
        // Not an apostrophe: there is no letter before it, and none behind the closing one.
        '\'' if !before.ends_with(|c: char| c.is_alphanumeric() || c == '*') => '\'',
        '“' | '„' => '”',
        '‘' => '’',
        '«' => '»',
        _ => return None,
    };
    let inside = &text[opening.len_utf8()..];
    let end = inside.char_indices().take_while(|(at, _)| *at <= LONGEST_QUOTE).find(|&(at, c)| {
        let after = inside[at + c.len_utf8()..].chars().next();
        (c == closing || (opening == '„' && c == '“')) && !(closing == '\'' && after.is_some_and(char::is_alphanumeric))
    });
    let (at, found) = end?;
    Some(opening.len_utf8() + at + found.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, coarse, shape};

    #[test]
    fn variable_parts_are_taken_out() {
        for (summary, expected) in [
            (
                "The payment for order 100045 was declined by the gateway",
                "The payment for order * was declined by the gateway",
            ),
            ("Order #1234.", "Order #*."),
            (
                "Order confirmation could not be sent to jane.doe+x@example.com",
                "Order confirmation could not be sent to *",
            ),
            ("owner@example.com Downloaded Cornerstone-6.12.0.zip", "* Downloaded *"),
            ("Edit product Product name:Linen shirt id:16065793", "Edit product Product name:Linen shirt id:*"),
            ("The 'Summer sale' banner isn't shown, \"Winter\" is", "The '*' banner isn't shown, \"*\" is"),
            ("Quote “A” and „B“ and «C»", "Quote “*” and „*“ and «*»"),
            ("GET https://example.com/a?b=1 failed (404)", "GET * failed (*)"),
            ("took 1.5s, 30 %", "took *, * %"),
            ("0x7f3a-11 – e3b0c442", "* – *"),
            ("订单 #1234 支付失败3次", "订单 #* 支付失败*次"),
            ("คำสั่งซื้อ1234ไม่สามารถชำระเงิน๕ครั้ง", "คำสั่งซื้อ*ไม่สามารถชำระเงิน*ครั้ง"),
            ("a \t\n b", "a b"),
            ("", ""),
        ] {
            assert_eq!(shape(summary), expected, "{summary}");
        }
    }

    #[test]
    fn what_says_something_stays() {
        for summary in [
            "Some shipping quotes were not able to be retrieved",
            "UPS® Ready: the carrier's answer – none",
            "rock 'n roll",
            "\"\" and '' and ' and \"",
            "Straße, naïve, Привет",
            "Высокопревосходительствами",
            "ระบบชำระเงินปฏิเสธรายการเนื่องจากยอดเงินในบัญชีไม่เพียงพอ",
            "ប្រព័ន្ធទូទាត់ប្រាក់បានបដិសេធប្រតិបត្តិការ",
            "ငွေပေးချေမှုစနစ်ကငွေလွှဲမှုကိုငြင်းပယ်ခဲ့သည်",
            "ລະບົບຊໍາລະເງິນປະຕິເສດລາຍການ",
        ] {
            assert_eq!(shape(summary), summary);
        }
    }

    #[test]
    fn a_shape_is_bounded_and_a_coarse_one_is_short() {
        let long = "word ".repeat(10_000);
        assert!(shape(&long).len() <= LONGEST + 8);
        assert!(shape(&"é'".repeat(10_000)).len() <= LONGEST + 8);
        assert_eq!(shape(&"x".repeat(10_000)), "*");
        assert_eq!(coarse("The payment for order * was declined"), "The payment for …");
        assert_eq!(coarse("Order failed"), "Order failed");
    }
}
