//! Reading headers as gateways leave them: on several lines, or joined into one with commas, which dates contain, too.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::fmt::strtime;
use reqwest::header::HeaderMap;

/// The values of a header, whichever way they came.
pub(super) fn texts<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok()).map(str::trim)
}

/// The numbers of a header, whole or not.
pub(super) fn numbers(headers: &HeaderMap, name: &str) -> impl Iterator<Item = f64> {
    let parts = texts(headers, name).flat_map(|text| text.split(','));
    parts.filter_map(|part| part.trim().parse().ok()).filter(|number: &f64| number.is_finite())
}

/// The dates of a header, in the three forms that HTTP knows. A date in two of these forms holds a comma itself.
pub(super) fn dates(headers: &HeaderMap, name: &str) -> impl Iterator<Item = Timestamp> {
    texts(headers, name).flat_map(|text| {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let pairs = parts.windows(2).filter_map(|pair| date(&format!("{}, {}", pair[0], pair[1])));
        let alone = parts.iter().filter_map(|part| date(part));
        pairs.chain(alone).collect::<Vec<_>>()
    })
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, and what older servers write: `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850) and
/// `Sun Nov  6 08:49:37 1994` (asctime).
fn date(text: &str) -> Option<Timestamp> {
    // With a weekday only: "2" is a number of seconds, and no date.
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let broken_down = |format: &str, text: &str| {
        let read = strtime::BrokenDownTime::parse(format, text).ok()?.to_datetime().ok()?;
        read.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    let imf = rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok();
    imf.or_else(|| {
        let (_, rest) = text.split_once(", ")?;
        broken_down("%d-%b-%y %H:%M:%S GMT", rest)
    })
    .or_else(|| {
        let mut words = text.split_ascii_whitespace().skip(1);
        let (month, day, clock, year) = (words.next()?, words.next()?, words.next()?, words.next()?);
        broken_down("%d %b %Y %H:%M:%S", &format!("{day} {month} {year} {clock}"))
    })
}

/// When the answer was written, by the other side's clock. Of several dates the latest: an older one was kept somewhere.
pub fn http_date(headers: &HeaderMap) -> Option<Timestamp> {
    dates(headers, "date").max()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("date", line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_date_is_read_in_each_form_that_http_knows() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(http_date(&headers(&[text])).unwrap().to_string(), "1994-11-06T08:49:37Z", "{text}");
        }
        for text in ["", "2", "soon", "06 Nov 1994", "Sun Nov 6", "1994-11-06T08:49:37Z"] {
            assert_eq!(http_date(&headers(&[text])), None, "{text}");
        }
    }

    #[test]
    fn of_several_dates_on_a_line_or_on_several_the_latest_counts() {
        let (old, new) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Mon, 07 Nov 1994 08:49:37 GMT");
        for lines in
            [vec![old, new], vec![new, old], vec!["Sun, 06 Nov 1994 08:49:37 GMT, Mon, 07 Nov 1994 08:49:37 GMT"]]
        {
            assert_eq!(http_date(&headers(&lines)).unwrap().to_string(), "1994-11-07T08:49:37Z");
        }
    }

    #[test]
    fn numbers_are_read_from_every_line_and_every_part_of_it() {
        let numbers: Vec<f64> = numbers(&headers(&["149, 2", "20.0", "-3", "soon", "inf"]), "date").collect();
        assert_eq!(numbers, [149.0, 2.0, 20.0, -3.0]);
    }
}
