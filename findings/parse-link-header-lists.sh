#!/usr/bin/env bash
# Guess: a crate for Link headers reads the next page's address out of any that keep to RFC 8288, whose addresses stand in < and >.
# Behaviour: parse_link_header cuts at every comma and semicolon first, inside < and > and inside quotes, too. A comma in the address
#   is an error for the whole header, "missing 'rel' parameter"; a semicolon ends the address there, so the cursor behind it is gone,
#   and the next page is the first one again. Of rel="next last" it makes one relation, nextlast. http-link reads all of them.
# Hurts: whoever pages by Link and asks for a list of ids or for some text; without, everything works.
# Instead: http-link.
. "$(dirname "$0")/lib.sh"
rust_with parse_link_header=0.4.1 http-link=1.0.1 url=2.5.7 <<'RS'
fn main() {
    let base = url::Url::parse("https://store.example/").expect("an address");
    for header in [
        r#"<https://store.example/logs?page_info=b>; rel="next""#,
        r#"<https://store.example/logs?ids=1,2&page_info=b>; rel="next""#,
        r#"<https://store.example/logs?ids=1%2C2&page_info=b>; rel="next""#,
        r#"<https://store.example/logs?q=a;b&page_info=b>; rel="next""#,
        r#"<https://store.example/logs?page_info=b>; title="errors, all"; rel="next""#,
        r#"<https://store.example/logs?page_info=b>; rel="next last""#,
    ] {
        let one = match parse_link_header::parse_with_rel(header) {
            Ok(links) => links.iter().map(|(rel, link)| format!("{rel} {}", link.raw_uri)).collect::<Vec<_>>().join(" and "),
            Err(why) => why.to_string(),
        };
        let other = match http_link::parse_link_header(header, &base) {
            Ok(links) => links.iter().map(|link| format!("{} {}", link.rel, link.target)).collect::<Vec<_>>().join(" and "),
            Err(why) => why.to_string(),
        };
        println!("{header}\n  parse_link_header: {one}\n  http-link: {other}");
    }
}
RS
seen=$("$program")
verdict 'parse_link_header 0.4.1, http-link 1.0.1 (Rust)' 'a link to the next page, each time' "<https://store.example/logs?page_info=b>; rel=\"next\"
  parse_link_header: next https://store.example/logs?page_info=b
  http-link: next https://store.example/logs?page_info=b
<https://store.example/logs?ids=1,2&page_info=b>; rel=\"next\"
  parse_link_header: missing 'rel' parameter
  http-link: next https://store.example/logs?ids=1,2&page_info=b
<https://store.example/logs?ids=1%2C2&page_info=b>; rel=\"next\"
  parse_link_header: next https://store.example/logs?ids=1%2C2&page_info=b
  http-link: next https://store.example/logs?ids=1%2C2&page_info=b
<https://store.example/logs?q=a;b&page_info=b>; rel=\"next\"
  parse_link_header: next https://store.example/logs?q=a
  http-link: next https://store.example/logs?q=a;b&page_info=b
<https://store.example/logs?page_info=b>; title=\"errors, all\"; rel=\"next\"
  parse_link_header: missing 'rel' parameter
  http-link: next https://store.example/logs?page_info=b
<https://store.example/logs?page_info=b>; rel=\"next last\"
  parse_link_header: nextlast https://store.example/logs?page_info=b
  http-link: next https://store.example/logs?page_info=b and last https://store.example/logs?page_info=b" "$seen"
