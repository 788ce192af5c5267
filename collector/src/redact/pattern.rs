//! Patterns that find personal data and secrets in text of any kind.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Kind;

/// Finds one kind of thing. What is taken is the group `it`, or all of it.
struct Pattern {
    kind: Kind,
    regex: Regex,
    /// Whether what was found is one.
    is: fn(&str) -> bool,
}

/// The forms, those first that say more of what they are.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let all = |_: &str| true;
    let pattern = |kind, text: &str, is: fn(&str) -> bool| {
        // They are fixed, and a test reads them all.
        Pattern { kind, regex: Regex::new(text).expect("the pattern is well-formed"), is }
    };
    vec![
        // user:password@ of an address
        pattern(Kind::Token, r"\b[a-z][a-z0-9+.-]*://(?P<it>[^\s/@:]+:[^\s/@]+)@", all),
        pattern(Kind::Email, EMAIL, all),
        pattern(Kind::Token, r"\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?", all),
        pattern(Kind::Token, r"(?i)\b(?:bearer|basic)\s+(?P<it>[\w.~+/=-]{6,})", all),
        pattern(
            Kind::Token,
            r"\b(?:(?:sk|pk|rk)_(?:live|test)_|gh[pousr]_|xox[abprs]-|glpat-|shpat_|shpss_|AIza|AKIA|SG\.)[\w.-]{8,}",
            all,
        ),
        pattern(
            Kind::Token,
            r#"(?i)(?:password|passwd|pwd|passphrase|passcode|cvv2?|cvc)\\*["']?\s*(?:[:=]|\bis\b)\s*\\*["']?(?P<it>[^\s"'\\&<>,;\[\]]+)"#,
            all,
        ),
        pattern(
            Kind::Token,
            r#"(?i)(?:tokens?|api[ _-]?keys?|secrets?|signature|\bsig|session(?:[ _-]?id)?|cookie|authorization|\bauth|access[ _-]?key|private[ _-]?key|\bnonce|\bhmac)\\*["']?\s*(?:[:=]|\bis\b)\s*\\*["']?(?:(?:bearer|basic)\s+)?(?P<it>[^\s"'\\&<>,;()\[\]]{6,})"#,
            is_odd,
        ),
        pattern(Kind::Card, r"\b[3-6]\d{3}[ -]?\d{4,6}[ -]?\d{4,5}(?:[ -]?\d{1,4})?\b", is_card),
        pattern(Kind::Token, r"\b[0-9a-fA-F]{32,}\b", all),
        pattern(Kind::Token, r"[A-Za-z0-9+/_-]{24,}={0,2}", is_random),
        pattern(Kind::Phone, r"\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,12}\b", all),
        pattern(Kind::Phone, r"(?:\(\d{3}\) ?|\b\d{3}[.-])\d{3}[.-]\d{4}\b", all),
        pattern(
            Kind::Phone,
            r#"(?i)\b(?:tele)?(?:phone|mobile|tel|fax)(?:[ _-]?(?:number|no))?\\*["']?\s*[:=.]\s*\\*["']?(?P<it>[+(]?\d[\d ().-]{5,18}\d)"#,
            all,
        ),
        // JSON that does not parse, or is a part of something else.
        pattern(
            Kind::Address,
            r#"(?i)"(?:street|address|city|town|suburb|post|zip|state|province|county)\w*\\*"\s*:\s*\\*"(?P<it>[^"\\]{2,120})\\*""#,
            all,
        ),
        pattern(
            Kind::Name,
            r#"(?i)"(?:(?:first|last|full|given|family|middle|sur|customer|recipient|contact|shipping|billing)[ _-]?name|recipient|cardholder)\\*"\s*:\s*\\*"(?P<it>[^"\\]{2,120})\\*""#,
            all,
        ),
        pattern(Kind::Address, STREET, all),
        pattern(Kind::Address, r"(?i)\bP\.? ?O\.? ?Box \d+", all),
        pattern(
            Kind::Address,
            r"\b\p{Lu}[\p{L}-]*(?:straße|strasse|str\.|weg|allee|platz|gasse|laan|straat|plein) \d+ ?[a-z]?\b(?:,? (?:[A-Z]{1,2}-)?\d{4,5} ?(?:[A-Z]{2} )?\p{Lu}[\p{L}-]+)?",
            all,
        ),
        pattern(
            Kind::Address,
            r"\b\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|place|chemin|impasse|allée|quai)(?: (?:de|du|des|la|le|les|d['’]|l['’]))* ?[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]+){0,3}(?:,? \d{5} \p{Lu}[\p{L}-]+)?",
            all,
        ),
        pattern(
            Kind::Address,
            r"\b(?:[A-PR-UWYZ]\d{1,2}|[A-PR-UWYZ][A-HK-Y]\d{1,2}|[A-Z]{1,2}\d[A-Z]) \d[ABD-HJLNP-UW-Z]{2}\b",
            all,
        ),
        pattern(
            Kind::Address,
            r"\p{Han}{1,8}[省市区區县縣]\p{Han}{0,20}[路街道巷弄][\p{Han}\d-]*?\d+[号號](?:[\p{Han}\d-]*[楼樓室])?",
            all,
        ),
        pattern(
            Kind::Address,
            r"(?i)\b(?:(?:shipping|billing|delivery|postal|home|street)?[ _-]?address|ship to|deliver(?:ed)? to|postcode|zip(?:[ _-]?code)?|city)\s*[:=]\s*(?:</?\w[^>]*>\s*)*(?P<it>[^<>\n;|{}\[\]]{3,120})",
            is_place,
        ),
        pattern(
            Kind::Name,
            r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Sr|Sra)\.? (?P<it>\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]*\.?){0,3})",
            all,
        ),
        pattern(
            Kind::Name,
            r"\b(?:Dear|Hello|Hi|Hallo|Bonjour|Liebe[r]?|Cher|Chère)\s+(?:</?\w[^>]*>\s*)*(?P<it>\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]*\.?){0,3})",
            is_person,
        ),
        pattern(
            Kind::Name,
            r"(?i:\b(?:(?:customer|recipient|shopper|buyer|contact|cardholder|billing|shipping|first|last|full|given|family|user|account|sender|addressee|attn|attention|signed by|placed by|bought by)(?:[ _-]?name)?)\b)\s*[:=]?\s*(?:</?\w[^>]*>\s*)*(?P<it>\p{Lu}[\p{L}'’-]+(?: (?:van|von|de|der|den|da|di|del|la|bin|al))*(?: \p{Lu}[\p{L}'’-]*\.?){1,3})",
            is_person,
        ),
        pattern(
            Kind::Name,
            r"(?:姓名|收件人|收货人|收貨人|客户|客戶|顾客|顧客|买家|買家|联系人|聯絡人)\s*[:：]?\s*(?P<it>\p{Han}{2,4})",
            all,
        ),
        pattern(
            Kind::Name,
            r"\b(?:by|for|from|of|to) (?P<it>\p{Lu}\p{Ll}+ (?:\p{Lu}\. |(?:van|von|de|der|da|di|bin|al) ){0,2}\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]+)*)\b",
            is_person,
        ),
    ]
});

/// An email address, also with the forms that `@` has in addresses, HTML and JSON.
const EMAIL: &str = r"(?i)[\p{L}\p{N}_](?:[\p{L}\p{N}.!#$%&'*+/^_`{|}~-]*[\p{L}\p{N}_+~-])?(?:@|%40|&#0*64;|&#x0*40;|&commat;|\\u0040| ?[\[(]at[\])] ?)(?:\[\d{1,3}(?:\.\d{1,3}){3}\]|(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?(?:\.|%2e|&#46;| ?[\[(]dot[\])] ?))+[\p{L}][\p{L}\p{N}-]{1,62})";

const STREET: &str = r"\b\d{1,5}[A-Za-z]?(?:-\d{1,5})? (?:(?:N|S|E|W|NE|NW|SE|SW)\.? )?(?:(?:\p{Lu}[\p{L}'’.-]*|\d{1,3}(?:st|nd|rd|th)) ){1,4}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Highway|Hwy|Parkway|Pkwy|Terrace|Way|Circle|Close|Crescent|Gardens|Grove|Row)\b\.?(?:,? (?i:apt|apartment|suite|ste|unit|flat|floor|#)\.? ?[\w-]+)?(?:, \p{Lu}[\p{L} .'’-]{1,40}?(?:,? [A-Z]{2,3})? (?:\d{4,5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})\b)?";

/// The e-mail address of some texts, if they name one and no other.
pub(crate) fn only_email<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let pattern = PATTERNS.iter().find(|pattern| pattern.kind == Kind::Email)?;
    let mut found = texts.into_iter().filter(|text| text.contains('@')).flat_map(|text| pattern.regex.find_iter(text));
    let first = found.next()?.as_str();
    found.all(|other| other.as_str().eq_ignore_ascii_case(first)).then_some(first)
}

/// The places of matches, in order, none within another.
pub(super) fn find(text: &str) -> Vec<(Range<usize>, Kind)> {
    let mut found: Vec<(Range<usize>, Kind)> = Vec::new();
    for pattern in PATTERNS.iter() {
        for hit in pattern.regex.captures_iter(text) {
            let Some(it) = hit.name("it").or_else(|| hit.get(0)) else { continue };
            let place = trimmed(text, it.range());
            // An earlier match wins.
            let taken = found.iter().any(|(other, _)| other.start < place.end && place.start < other.end);
            if !taken && !place.is_empty() && (pattern.is)(&text[place.clone()]) {
                found.push((place, pattern.kind));
            }
        }
    }
    found.sort_by_key(|(place, _)| place.start);
    found
}

/// The place without the blanks and full stops around it.
fn trimmed(text: &str, place: Range<usize>) -> Range<usize> {
    let part = &text[place.clone()];
    let start = place.start + (part.len() - part.trim_start().len());
    let end =
        place.end - (part.len() - part.trim_end_matches(|c: char| c.is_whitespace() || c == '.' || c == ',').len());
    start..end.max(start)
}

/// The text that all ways of writing it have in common.
pub(super) fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let at = ["%40", "&#64;", "&#x40;", "&commat;", "\\u0040", " [at] ", "[at]", " (at) ", "(at)"];
    let whole = at.iter().fold(lower, |text, at| text.replace(at, "@"));
    let dotted =
        ["%2e", "&#46;", " [dot] ", "[dot]", " (dot) ", "(dot)"].iter().fold(whole, |t, dot| t.replace(dot, "."));
    dotted.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether this is not a plain word: what follows "token:" may be "expired".
fn is_odd(text: &str) -> bool {
    let inner_capital = text.chars().skip(1).any(char::is_uppercase) && text.chars().any(char::is_lowercase);
    text.len() >= 20 || inner_capital || !text.chars().all(char::is_alphabetic)
}

/// Letters of both cases and digits in no order that a name or a path would have.
fn is_random(text: &str) -> bool {
    let count = |is: fn(&char) -> bool| text.chars().filter(is).count();
    let (upper, lower) = (count(char::is_ascii_uppercase), count(char::is_ascii_lowercase));
    let digits = count(char::is_ascii_digit);
    let pieces = text.split(['/', '-', '_', '+']).map(str::len).max().unwrap_or_default();
    upper >= 3 && lower >= 3 && digits >= 2 && pieces >= 10
}

/// Whether this is the number of a card, by the check digit that cards have.
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match digit * (1 + u32::try_from(at % 2).unwrap_or(0)) {
            double @ 10.. => double - 9,
            single => single,
        })
        .sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}

/// Whether this is more than a word that says that there is none.
fn is_place(text: &str) -> bool {
    !["none", "null", "unknown", "invalid", "missing", "n/a", "required", "empty"]
        .contains(&text.trim().to_lowercase().as_str())
}

/// Words that begin with a capital, and name no person.
const NO_PERSON: [&str; 48] = [
    "order",
    "orders",
    "product",
    "products",
    "customer",
    "customers",
    "shop",
    "store",
    "payment",
    "gateway",
    "shipping",
    "billing",
    "email",
    "message",
    "group",
    "groups",
    "team",
    "support",
    "service",
    "account",
    "address",
    "default",
    "main",
    "warehouse",
    "location",
    "theme",
    "app",
    "api",
    "admin",
    "the",
    "your",
    "there",
    "all",
    "new",
    "retail",
    "wholesale",
    "paypal",
    "stripe",
    "express",
    "bank",
    "post",
    "mail",
    "ups",
    "fedex",
    "usps",
    "dhl",
    "monday",
    "data",
];

fn is_person(text: &str) -> bool {
    !text.split([' ', '-']).any(|word| NO_PERSON.contains(&word.to_lowercase().trim_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::{Kind, find};

    fn found(text: &str) -> Vec<(&str, Kind)> {
        find(text).into_iter().map(|(place, kind)| (&text[place], kind)).collect()
    }

    #[test]
    fn people_are_found_by_the_form_of_their_data() {
        use Kind::{Address, Card, Email, Name, Phone, Token};
        for (text, expected) in [
            ("Mail to jane.doe+x@example.co.uk.", vec![("jane.doe+x@example.co.uk", Email)]),
            ("?to=jane%40example.com&x=1", vec![("jane%40example.com", Email)]),
            (
                "<a href=\"mailto:j@example.com\">j&#64;example.com</a>",
                vec![("j@example.com", Email), ("j&#64;example.com", Email)],
            ),
            ("用户 张伟@例子.公司 已下单", vec![("张伟@例子.公司", Email)]),
            ("Authorization: Bearer abcDEF123456", vec![("abcDEF123456", Token)]),
            ("token=sandbox-token-1&x", vec![("sandbox-token-1", Token)]),
            ("password is hunter", vec![("hunter", Token)]),
            ("https://user:pass@example.com/x", vec![("user:pass", Token)]),
            ("card 4111 1111 1111 1111 declined", vec![("4111 1111 1111 1111", Card)]),
            ("call +1 512-555-0100 now", vec![("+1 512-555-0100", Phone)]),
            ("to 12 Example Street, Austin, TX 73301 today", vec![("12 Example Street, Austin, TX 73301", Address)]),
            ("Musterstraße 5, 10115 Berlin", vec![("Musterstraße 5, 10115 Berlin", Address)]),
            ("12 rue de la Paix, 75002 Paris", vec![("12 rue de la Paix, 75002 Paris", Address)]),
            ("送至 广东省深圳市南山区科技路12号", vec![("广东省深圳市南山区科技路12号", Address)]),
            ("Dear <b>Jane</b>, thanks", vec![("Jane", Name)]),
            ("Customer: Jane van der Berg paid", vec![("Jane van der Berg", Name)]),
            ("收件人：王小明", vec![("王小明", Name)]),
            (r#"{\"city\":\"Austin\",\"postcode\":\"73301\""#, vec![("Austin", Address), ("73301", Address)]),
        ] {
            let text_found = found(text);
            let text_found: Vec<_> =
                text_found.into_iter().map(|(part, kind)| (part.trim_start_matches("送至 "), kind)).collect();
            assert_eq!(text_found, expected, "{text}");
        }
    }

    #[test]
    fn what_a_shop_talks_about_is_left_alone() {
        for text in [
            "Some shipping quotes were not able to be retrieved",
            "Order 100045: the gateway answered 'service unavailable' after 30 seconds.",
            "Edit product Product name:Linen shirt id:16065793000000000123",
            "Adjust location inventory Location:Main warehouse",
            "the access token is expired",
            "Change order status Order:#1234 by Catalog Helper App",
            "Theme downloaded: Cornerstone-6.12.0.zip",
            "storelogs_collector::archive::commit::write_all took 1.5s on 2026-08-01T09:00:00+08:00",
            "3e1b6f0a-8a7e-4c58-9c3d-2f6b8f5f1a11",
            "Thank you for your order <strong>#100045</strong>.</p><p>Example Shop &amp; Co",
            "",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
