//! Alerts as chat messages, in the form that each chat takes. Texts of the log can mention nobody and make no links.
//! Also the meaning of each chat's answer.

use serde::Deserialize;
use serde_json::{Value, json};
use storelogs::LogEntry;

use super::alert::Alert;
use super::inert::inert;

/// The form of alert that a web address takes. A configuration names it in lower case: `pagerduty`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Form {
    /// The alert as JSON.
    #[default]
    Json,
    /// A message as Slack takes it.
    Slack,
    /// A message as Mattermost and Rocket.Chat take it: as Slack's, where `@all` and Markdown work.
    Mattermost,
    /// A message as Discord takes it.
    Discord,
    /// An adaptive card, as a workflow of Microsoft Teams takes it.
    Teams,
    /// A message as a bot of Feishu or Lark takes it.
    Feishu,
    /// A message as a robot of DingTalk takes it.
    DingTalk,
    /// A message as a bot of WeCom takes it.
    WeCom,
    /// Alerts as Alertmanager takes them, which go on until they are over.
    Alertmanager,
    /// An event as PagerDuty takes it, which opens an incident and closes it.
    PagerDuty,
    /// An alert as Opsgenie takes it, which is closed when it is over.
    Opsgenie,
}

/// How much of a text is shown in a chat, in characters.
const SHOWN: usize = 300;
/// The chats refuse longer messages: WeCom above 2,048 bytes, Discord above 2,000 characters.
const LONGEST: usize = 1_800;

impl Form {
    /// The default address.
    pub const fn usual_address(self) -> Option<&'static str> {
        match self {
            Self::PagerDuty => Some("https://events.pagerduty.com/v2/enqueue"),
            Self::Opsgenie => Some("https://api.opsgenie.com/v2/alerts"),
            _ => None,
        }
    }

    /// Whether nothing can be sent without a key.
    pub const fn wants_key(self) -> bool {
        matches!(self, Self::PagerDuty | Self::Opsgenie)
    }

    /// The body of the request to a chat.
    pub(super) fn body(self, alert: &Alert) -> Value {
        let lines = lines(alert);
        let text = shortened(lines.join("\n"));
        match self {
            Self::Json | Self::Alertmanager | Self::PagerDuty | Self::Opsgenie => {
                serde_json::to_value(alert).unwrap_or_default()
            }
            // Slack reads `<…>` as links and mentions, and nothing else where it parses nothing.
            Self::Slack => {
                let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                json!({ "text": text, "parse": "none", "mrkdwn": false, "unfurl_links": false, "unfurl_media": false })
            }
            // In a block of code neither reads Markdown, mentions or links.
            Self::Mattermost => json!({ "text": code(&text) }),
            Self::Discord => {
                json!({ "content": code(&text), "allowed_mentions": { "parse": [] }, "flags": SUPPRESS_EMBEDS })
            }
            // Text runs are shown as they are; text blocks would be read as Markdown.
            Self::Teams => {
                let run = |line: &String| json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": line }] });
                let card = json!({
                    "type": "AdaptiveCard",
                    "version": "1.2",
                    "body": lines.iter().map(run).collect::<Vec<_>>(),
                });
                let content = json!({ "contentType": "application/vnd.microsoft.card.adaptive", "content": card });
                json!({ "type": "message", "attachments": [content] })
            }
            // A plain text would read `<at …>`; a text in a post does not.
            Self::Feishu => {
                let line = |line: &String| json!([{ "tag": "text", "text": line }]);
                let content = lines.iter().map(line).collect::<Vec<_>>();
                json!({ "msg_type": "post", "content": { "post": { "en_us": { "title": "storelogs", "content": content } } } })
            }
            Self::DingTalk => json!({ "msgtype": "text", "text": { "content": text }, "at": { "isAtAll": false } }),
            Self::WeCom => json!({ "msgtype": "text", "text": { "content": text, "mentioned_list": [] } }),
        }
    }

    /// The reason why a successful answer means that the message was refused, and whether sending it again may help.
    /// Chats answer 200 to what they throw away.
    pub(super) fn objection(self, answer: &[u8]) -> Option<(String, bool)> {
        let text = String::from_utf8_lossy(answer);
        let text = text.trim();
        let said = || said(text);
        match serde_json::from_str::<Value>(text) {
            Ok(json) if json.is_object() => {
                let number = |name: &str| json[name].as_i64();
                let codes = [number("errcode"), number("code"), number("StatusCode")];
                let wrong = codes.into_iter().flatten().find(|code| !matches!(code, 0 | 200..=299));
                let refused = json["ok"] == false || wrong.is_some();
                refused.then(|| (said(), wrong.is_some_and(|code| TOO_OFTEN.contains(&code))))
            }
            _ if text.is_empty() => None,
            _ => match self {
                Self::Slack | Self::Mattermost => text != "ok",
                Self::Teams => text != "1",
                Self::Feishu | Self::DingTalk | Self::WeCom | Self::Discord => true,
                Self::Json | Self::Alertmanager | Self::PagerDuty | Self::Opsgenie => false,
            }
            .then(|| (said(), text.contains("429"))),
        }
    }
}

/// The text of an answer, on one line.
pub(super) fn said(answer: &str) -> String {
    answer.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// Discord shows no preview of what a message links to.
const SUPPRESS_EMBEDS: u32 = 4;
/// Too many messages: DingTalk's, WeCom's and Feishu's numbers for it.
const TOO_OFTEN: [i64; 4] = [130_101, 45_009, 11_232, 99_991_400];

/// The message line by line. Every text of the log in it is inert.
fn lines(alert: &Alert) -> Vec<String> {
    let inert = |text: &str| inert(text, SHOWN);
    let mut lines = vec![format!("{}: {}", inert(&alert.rule), inert(&alert.subject())), inert(&alert.text)];
    lines.extend(alert.examples.iter().map(|entry| format!("> {}", inert(&line(entry)))));
    if !alert.query.is_empty() {
        lines.push(format!("storelogs search '{}'", inert(&alert.query.replace(['`', '\''], " "))));
    }
    lines
}

/// An entry in one line.
fn line(entry: &LogEntry) -> String {
    let what = entry.module.as_deref().filter(|module| !module.trim().is_empty()).or(entry.actor.as_deref());
    let said = entry.summary.as_deref().unwrap_or_default();
    let time = entry.time.strftime("%Y-%m-%d %H:%M:%SZ");
    match what {
        Some(what) => format!("{time} {} {what}: {said}", entry.severity),
        None => format!("{time} {} {said}", entry.severity),
    }
}

/// A block of code, which nothing in the text can end.
fn code(text: &str) -> String {
    format!("```\n{text}\n```")
}

fn shortened(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use storelogs::Store;

    use super::super::alert::Kind;
    use super::*;

    const FORMS: [Form; 7] =
        [Form::Slack, Form::Mattermost, Form::Discord, Form::Teams, Form::Feishu, Form::DingTalk, Form::WeCom];

    fn alert(said: &str) -> Alert {
        let store = Store::bigcommerce("abc123").unwrap();
        let mut entry = LogEntry::new(&store, "1", Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        entry.summary = Some(said.to_owned());
        let mut alert = Alert::new("evil", Kind::Trial, Timestamp::UNIX_EPOCH, &[]);
        (alert.rule, alert.text, alert.query) = (said.to_owned(), said.to_owned(), said.to_owned());
        alert.examples = vec![entry];
        alert
    }

    #[test]
    fn a_text_of_the_log_calls_nobody_and_links_nowhere_in_any_chat() {
        let attacks = [
            "@all look",
            "@channel",
            "@here",
            "@everyone",
            "<!channel>",
            "<!here>",
            "<@U123>",
            "<at user_id=\"all\"></at>",
            "<at>all</at>",
            "[here](https://evil.example)",
            "![x](https://evil.example/x.png)",
            "<https://evil.example|bank>",
            "https://evil.example/x",
            "www.evil.example",
            "evil.example",
            "mailto:a@evil.example",
            "```\n@all",
            "javascript:alert(1)",
            "slack://open",
        ];
        for attack in attacks {
            for form in FORMS {
                let body = form.body(&alert(attack)).to_string();
                for live in [
                    "@all",
                    "@channel",
                    "@here",
                    "@everyone",
                    "<!",
                    "<@",
                    "<at",
                    "](",
                    "![",
                    "://",
                    "www.evil",
                    "evil.example",
                    "mailto:a",
                    "javascript:a",
                    "<https",
                ] {
                    assert!(!body.contains(live), "{form:?} {attack}: {body}");
                }
                let fences = body.matches("```").count();
                assert!(fences == 0 || fences == 2, "{form:?} {attack}: {body}");
            }
        }
    }

    #[test]
    fn a_message_is_no_longer_than_any_chat_takes() {
        for text in ["x".repeat(5_000), "é@".repeat(3_000)] {
            for form in FORMS {
                assert!(form.body(&alert(&text)).to_string().len() < 4_000, "{form:?}");
            }
        }
        assert!(shortened("é".repeat(3_000)).len() < 2_048 - 100);
    }

    #[test]
    fn an_answer_with_a_status_of_success_may_still_say_no() {
        let fine = [
            (Form::Slack, "ok"),
            (Form::Slack, ""),
            (Form::Mattermost, "ok"),
            (Form::Discord, ""),
            (Form::Teams, ""),
            (Form::Teams, "1"),
            (Form::Feishu, r#"{"StatusCode":0,"StatusMessage":"success","code":0,"data":{}}"#),
            (Form::DingTalk, r#"{"errcode":0,"errmsg":"ok"}"#),
            (Form::WeCom, r#"{"errcode":0,"errmsg":"ok"}"#),
            (Form::Json, "received"),
            (Form::Json, r#"{"code":200}"#),
            (Form::Json, r#"{"ok":true}"#),
            (Form::Json, "{}"),
            (Form::Discord, r#"{"id":"1","type":0}"#),
        ];
        for (form, answer) in fine {
            assert_eq!(form.objection(answer.as_bytes()), None, "{form:?}: {answer}");
        }
        let wrong = [
            (Form::Slack, "<html>Sign in</html>", false),
            (Form::Slack, "no_text", false),
            (Form::Mattermost, "<p>", false),
            (
                Form::Teams,
                "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
                true,
            ),
            (Form::Teams, "Summary or Text is required.", false),
            (Form::Feishu, r#"{"code":19024,"msg":"Key Words Not Found","data":{}}"#, false),
            (Form::Feishu, r#"{"code":11232,"msg":"frequency limited"}"#, true),
            (Form::DingTalk, r#"{"errcode":310000,"errmsg":"keywords not in content"}"#, false),
            (Form::DingTalk, r#"{"errcode":130101,"errmsg":"send too fast"}"#, true),
            (Form::WeCom, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, false),
            (Form::WeCom, "<html>", false),
            (Form::Json, r#"{"ok":false,"error":"x"}"#, false),
            (Form::Json, r#"{"StatusCode":1,"StatusMessage":"no"}"#, false),
        ];
        for (form, answer, again) in wrong {
            let (said, may_help) = form.objection(answer.as_bytes()).expect(answer);
            assert!(!said.is_empty() && may_help == again, "{form:?}: {answer}");
        }
    }
}
