//! Our corrections of a vendor's document: `patch.yml`, a JSON Patch (RFC 6902) in blocks.
//!
//! A block is one correction: a comment that says why, `test` operations that pin what is wrong, then the fix. The
//! vendor's next document may have fixed it already, moved it, or changed it. Then the block no longer applies, and what
//! is to be done is listed for each such block, not only for the first.

use std::fmt;

use json_patch::PatchOperation;
use serde_json::Value;

use super::document;

/// One block of `patch.yml`.
#[derive(Clone, Debug)]
pub(crate) struct Correction {
    /// The lines of the block, its comment included, from 1.
    pub(crate) lines: Lines,
    /// The first sentence of its comment.
    pub(crate) reason: String,
    operations: Vec<Operation>,
}

#[derive(Clone, Debug)]
struct Operation {
    lines: Lines,
    /// A test of what is missing is a `test` of the place where it would be, and its value is what is missing.
    patch: PatchOperation,
    tests_missing: bool,
}

/// A range of lines, the first and the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lines(pub(crate) usize, pub(crate) usize);

/// A correction that no longer applies.
#[derive(Clone, Debug)]
pub(crate) struct Stale {
    pub(crate) lines: Lines,
    pub(crate) reason: String,
    pub(crate) why: Why,
}

/// The reason why a correction no longer applies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Why {
    /// The document says by now what the correction makes it say.
    Fixed,
    /// It says by now what these operations make it say, and what the others fix is as it was.
    Partly(Vec<Lines>),
    /// The corrected part is as it was, but has another place now. The correction works there.
    Moved { from: String, to: String },
    /// The corrected part is not what it was. These operations would change nothing any more.
    Changed { path: String, pinned: Value, found: Value, done: Vec<Lines> },
    /// The corrected part is gone.
    Gone { what: String, parameter: Option<String>, lines: Lines },
    /// It would not apply to any document.
    Broken(String),
}

/// Reads `patch.yml`.
///
/// # Errors
/// If it is not a JSON Patch, written as blocks of operations that begin with `- op:`.
pub(crate) fn read(text: &str) -> Result<Vec<Correction>, String> {
    let patch = document::parse(text)?;
    // Without any correction, comments are all there is.
    let patches: Option<Vec<Value>> =
        serde_json::from_value(patch).map_err(|e| format!("this is not a JSON Patch: {e}"))?;
    let patches: Vec<(PatchOperation, bool)> =
        patches.into_iter().flatten().map(operation).collect::<Result<_, String>>()?;
    let mut patches = patches.into_iter();
    let mut corrections: Vec<Correction> = Vec::new();
    let (mut begins, mut comment, mut after_blank) = (0, String::new(), true);
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            after_blank = true;
            continue;
        }
        let (is_comment, is_operation) = (line.starts_with('#'), line.starts_with("- op:"));
        if after_blank && (is_comment || is_operation) {
            (begins, comment) = (number, String::new());
        }
        after_blank = false;
        if is_comment {
            comment += " ";
            comment += line.trim_start_matches('#').trim();
            continue;
        }
        if is_operation {
            let (patch, tests_missing) =
                patches.next().ok_or("an operation begins with `- op:` at the start of a line")?;
            if corrections.last().is_none_or(|last| last.lines.0 < begins) {
                let (lines, reason) = (Lines(begins, number), first_sentence(&comment));
                corrections.push(Correction { lines, reason, operations: Vec::new() });
            }
            let operation = Operation { lines: Lines(number, number), patch, tests_missing };
            corrections.last_mut().into_iter().for_each(|last| last.operations.push(operation.clone()));
        }
        // Text of an operation may hold blank lines, so the operation ends where its last line is.
        if let Some(last) = corrections.last_mut() {
            last.lines.1 = number;
            last.operations.last_mut().into_iter().for_each(|operation| operation.lines.1 = number);
        }
    }
    match patches.next() {
        Some(_) => Err("an operation does not begin with `- op:` at the start of a line".into()),
        None => Ok(corrections),
    }
}

/// An operation of JSON Patch, which cannot say that something is not there; ours can: `test` with `missing` for `value`.
fn operation(mut written: Value) -> Result<(PatchOperation, bool), String> {
    let missing = written.as_object_mut().filter(|written| written.get("op").is_some_and(|op| op == "test"));
    let missing = missing.and_then(|written| Some((written.remove("missing")?, written)));
    let tests_missing = missing.map(|(what, written)| written.insert("value".into(), what)).is_some();
    let patch = serde_json::from_value(written).map_err(|e| format!("this is not a JSON Patch: {e}"))?;
    Ok((patch, tests_missing))
}

fn first_sentence(comment: &str) -> String {
    let comment = comment.trim();
    comment.split_inclusive(". ").next().unwrap_or(comment).trim().trim_end_matches('.').to_owned()
}

/// Applies every correction that can be, and returns the others. One that moved is applied where it belongs now.
pub(crate) fn apply(document: &mut Value, corrections: &[Correction]) -> Vec<Stale> {
    let mut stale = Vec::new();
    for correction in corrections {
        match correction.attempt(document) {
            Ok(fixed) => *document = fixed,
            Err(why) => {
                let (why, fixed) = correction.diagnose(document, why);
                stale.push(Stale { lines: correction.lines, reason: correction.reason.clone(), why });
                if let Some(fixed) = fixed {
                    *document = fixed;
                }
            }
        }
    }
    stale
}

impl Correction {
    /// The document with this correction.
    ///
    /// # Errors
    /// Why the first operation that fails does.
    fn attempt(&self, document: &Value) -> Result<Value, String> {
        let mut document = document.clone();
        for operation in &self.operations {
            if operation.tests_missing {
                operation.is_missing(&document)?;
                continue;
            }
            if operation.overwrites(&document) {
                return Err(format!("`{}` exists by now", operation.patch.path()));
            }
            json_patch::patch(&mut document, std::slice::from_ref(&operation.patch)).map_err(|e| e.to_string())?;
        }
        Ok(document)
    }

    /// The reason why it does not apply; and the document that it makes all the same, if it can.
    fn diagnose(&self, document: &Value, why: String) -> (Why, Option<Value>) {
        if self.operations.iter().any(|operation| operation.finds_what_was_missing(document)) {
            return (Why::Fixed, None);
        }
        let Some((path, pinned)) = self.amiss(document) else { return (self.needless(document, why), None) };
        let there = |value: Option<&Value>| value == Some(pinned);
        if let Some((from, to)) = place_in_list(document, path, there)
            && let Some(moved) = self.moved(&from, &to)
        {
            match moved.attempt(document) {
                Ok(fixed) => return (Why::Moved { from, to }, Some(fixed)),
                // It moved, and that is not all.
                Err(why) if is_name(path) => return (moved.at_its_place(document, why), None),
                Err(_) => {}
            }
        }
        // A parameter is known by its name, wherever it stands and whatever else became of it.
        let is_named = |value: &Value| value["name"].is_string();
        let same_name = |value: Option<&Value>| value.is_some_and(|v| is_named(v) && same_parameter(v, pinned));
        let (here, path) = match place_in_list(document, path, same_name) {
            Some((from, to)) => (self.moved(&from, &to), to + path.strip_prefix(&from).unwrap_or_default()),
            None => (None, path.to_owned()),
        };
        let here = here.as_ref().unwrap_or(self);
        (here.changed(document, &path, pinned, same_name(document.pointer(&path))), None)
    }

    /// The reason why it does not apply, if everything that it is about is at its place.
    fn at_its_place(&self, document: &Value, why: String) -> Why {
        match self.amiss(document) {
            Some((path, pinned)) => self.changed(document, path, pinned, true),
            None => self.needless(document, why),
        }
    }

    /// The path and the value of the first pin that does not hold.
    fn amiss(&self, document: &Value) -> Option<(&str, &Value)> {
        self.pins().find(|(path, pinned)| document.pointer(path) != Some(pinned))
    }

    fn pins(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.operations.iter().filter_map(Operation::pinned)
    }

    /// The reason where everything pinned is there: a part of the change was made already, or the place of a change is
    /// gone.
    fn needless(&self, document: &Value, why: String) -> Why {
        let done = self.done(document);
        let homeless = self.changes().find(|change| document.pointer(parent(change.patch.path().as_str())).is_none());
        match (homeless, done.len()) {
            _ if self.holds(document, true) => Why::Fixed,
            (Some(change), _) => {
                let what = format!("`{}`", parent(change.patch.path().as_str()));
                Why::Gone { what, parameter: None, lines: change.lines }
            }
            (None, 0) => Why::Broken(why),
            (None, _) => Why::Partly(done),
        }
    }

    /// The reason where the value at this path is not the pinned one.
    fn changed(&self, document: &Value, path: &str, pinned: &Value, surely_here: bool) -> Why {
        let is_named = || self.pins().any(|(path, name)| is_name(path) && document.pointer(path) == Some(name));
        let surely_here = surely_here || is_named() || is_found_by_names(document, parent(path));
        match document.pointer(path) {
            _ if self.holds(document, surely_here) => Why::Fixed,
            // Another thing has this place now.
            Some(found) if !(is_name(path) && found.is_string()) => {
                let done = self.done(document);
                Why::Changed { path: path.to_owned(), pinned: pinned.clone(), found: found.clone(), done }
            }
            _ if is_name(path) => {
                let parameter = pinned.as_str().map(str::to_owned);
                Why::Gone { what: format!("the parameter {pinned}"), parameter, lines: self.lines }
            }
            _ => Why::Gone { what: format!("`{path}`"), parameter: None, lines: self.lines },
        }
    }

    /// The operations that would change nothing.
    fn done(&self, document: &Value) -> Vec<Lines> {
        self.changes().filter(|change| change.holds(document)).map(|change| change.lines).collect()
    }

    fn changes(&self) -> impl Iterator<Item = &Operation> + Clone {
        self.operations.iter().filter(|operation| !matches!(operation.patch, PatchOperation::Test(_)))
    }

    /// Whether the document says by now what this makes it say. What it says in words does not count, unless the
    /// correction is about nothing else; and that something is missing counts only at a place that is surely the same.
    fn holds(&self, document: &Value, surely_here: bool) -> bool {
        let is_only_text = self.changes().all(Operation::is_editorial);
        let mut changes = self.changes().filter(|change| is_only_text || !change.is_editorial()).peekable();
        let is_weak = |change: &Operation| matches!(change.patch, PatchOperation::Remove(_));
        let mut only_weak = true;
        changes.peek().is_some()
            && changes.all(|change| {
                only_weak &= is_weak(change);
                change.holds(document)
            })
            && (surely_here || !only_weak)
    }

    /// This correction with the paths below one place brought to another.
    fn moved(&self, from: &str, to: &str) -> Option<Self> {
        let mut moved = self.clone();
        for operation in &mut moved.operations {
            let mut patch = serde_json::to_value(&operation.patch).ok()?;
            let path = patch["path"].as_str()?;
            if let Some(rest) = path.strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                patch["path"] = format!("{to}{rest}").into();
                operation.patch = serde_json::from_value(patch).ok()?;
            }
        }
        Some(moved)
    }
}

impl Operation {
    /// The path and the value of a `test`.
    fn pinned(&self) -> Option<(&str, &Value)> {
        match &self.patch {
            PatchOperation::Test(test) if !self.tests_missing => Some((test.path.as_str(), &test.value)),
            _ => None,
        }
    }

    /// # Errors
    /// If what this says is missing is there, or the place is not where it would be.
    fn is_missing(&self, document: &Value) -> Result<(), String> {
        let path = self.patch.path();
        match document.pointer(path.as_str()) {
            None => Err(format!("there is no `{path}` that something could be missing in")),
            Some(_) if self.finds_what_was_missing(document) => Err(format!("what was missing in `{path}` is there")),
            Some(_) => Ok(()),
        }
    }

    /// A field is missing by its name; a parameter, and its like, by what distinguishes it in its list.
    fn finds_what_was_missing(&self, document: &Value) -> bool {
        let PatchOperation::Test(test) = &self.patch else { return false };
        let is_it = |item: &Value| match &test.value {
            Value::Object(fields) => fields.iter().all(|(name, value)| item.get(name) == Some(value)),
            value => item == value,
        };
        self.tests_missing
            && match document.pointer(test.path.as_str()) {
                Some(Value::Array(items)) => items.iter().any(is_it),
                Some(Value::Object(fields)) => test.value.as_str().is_some_and(|name| fields.contains_key(name)),
                _ => false,
            }
    }

    fn is_editorial(&self) -> bool {
        ["/description", "/summary", "/example", "/title"].iter().any(|end| self.patch.path().as_str().ends_with(end))
    }

    /// An `add` that would replace what the vendor wrote, or add a parameter that is there.
    fn overwrites(&self, document: &Value) -> bool {
        let PatchOperation::Add(add) = &self.patch else { return false };
        document.pointer(add.path.as_str()).is_some() || self.appends_a_known_parameter(document)
    }

    fn appends_a_known_parameter(&self, document: &Value) -> bool {
        let PatchOperation::Add(add) = &self.patch else { return false };
        let list =
            add.path.as_str().strip_suffix("/-").and_then(|list| document.pointer(list)).and_then(Value::as_array);
        add.value["name"].is_string() && list.is_some_and(|list| list.iter().any(|it| same_parameter(it, &add.value)))
    }

    /// Whether the document says already what this makes it say.
    fn holds(&self, document: &Value) -> bool {
        let at = |path: &str| document.pointer(path);
        match &self.patch {
            PatchOperation::Add(add) => {
                let found = at(add.path.as_str());
                // The vendor found words of its own.
                let is_said = self.is_editorial() && found.is_some();
                found == Some(&add.value) || is_said || self.appends_a_known_parameter(document)
            }
            PatchOperation::Replace(replace) => at(replace.path.as_str()) == Some(&replace.value),
            PatchOperation::Remove(remove) => at(remove.path.as_str()).is_none(),
            PatchOperation::Test(_) | PatchOperation::Move(_) | PatchOperation::Copy(_) => false,
        }
    }
}

/// Advice for each stale correction, in `path`. The last comes first: fixed in this order, every line is still where it
/// is said to be.
pub(crate) fn remedies(path: &str, stale: &[Stale]) -> Vec<String> {
    stale.iter().rev().map(|stale| format!("{path}:{}: {stale}", stale.lines.0)).collect()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Whether there is something at a path, and no place in a list on the way to it, which another thing could have by now.
fn is_found_by_names(document: &Value, path: &str) -> bool {
    let mut there = Some(document);
    for (end, _) in path.match_indices('/').skip(1).chain([(path.len(), "")]) {
        if there.is_none_or(Value::is_array) {
            return false;
        }
        there = document.pointer(&path[..end]);
    }
    there.is_some()
}

fn is_name(path: &str) -> bool {
    path.ends_with("/name")
}

fn same_parameter(one: &Value, other: &Value) -> bool {
    one["in"] == other["in"] && one["name"] == other["name"]
}

/// The place of a thing in its list now, and its place according to a path: `…/parameters/2` and `…/parameters/4`. Only
/// if it is not where the path has it, and at one place alone.
fn place_in_list(document: &Value, path: &str, is_it: impl Fn(Option<&Value>) -> bool) -> Option<(String, String)> {
    if is_it(document.pointer(path)) {
        return None;
    }
    let steps: Vec<&str> = path.split('/').collect();
    for (depth, step) in steps.iter().enumerate().rev().filter(|(_, step)| step.parse::<usize>().is_ok()) {
        let list = steps[..depth].join("/");
        let rest: String = steps[depth + 1..].iter().map(|step| format!("/{step}")).collect();
        let length = document.pointer(&list).and_then(Value::as_array).map_or(0, Vec::len);
        let found: Vec<usize> =
            (0..length).filter(|at| is_it(document.pointer(&format!("{list}/{at}{rest}")))).collect();
        if let [at] = found[..] {
            return Some((format!("{list}/{step}"), format!("{list}/{at}")));
        }
    }
    None
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == self.1 { write!(f, "line {}", self.0) } else { write!(f, "lines {} to {}", self.0, self.1) }
    }
}

/// Says what happened and what to do, to somebody who has `patch.yml` open.
impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, reason, why } = self;
        match why {
            Why::Fixed => write!(f, "the vendor fixed this: delete {lines}")?,
            Why::Partly(done) => {
                let done: Vec<String> = done.iter().map(ToString::to_string).collect();
                write!(f, "the vendor fixed a part of this: of {lines} delete {}", done.join(" and "))?;
            }
            Why::Moved { from, to } => write!(f, "this moved: in {lines} write `{to}` for `{from}`")?,
            Why::Changed { path, pinned, found, done } => {
                write!(f, "the vendor changed this: `{path}` is {}", difference(pinned, found))?;
                for lines in done {
                    write!(f, "; {lines} would change nothing")?;
                }
                write!(f, ". If it is right now, delete {lines}; if not, pin what it is now")?;
            }
            Why::Gone { what, lines, .. } => write!(f, "{what} is gone: if nothing took its place, delete {lines}")?,
            Why::Broken(why) => write!(f, "this cannot be applied, {why}: fix {lines}")?,
        }
        if reason.is_empty() { Ok(()) } else { write!(f, " ({reason})") }
    }
}

/// The differences between the value that was found and the pinned one, in words.
fn difference(pinned: &Value, found: &Value) -> String {
    let (Value::Object(old), Value::Object(new)) = (pinned, found) else {
        return format!("{found}, and was {pinned}");
    };
    let value = |value: Option<&Value>| value.map_or_else(|| "nothing".into(), ToString::to_string);
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    let differing = names.filter(|name| old.get(*name) != new.get(*name));
    let parts = differing.map(|name| format!("{} in `{name}`, and was {}", value(new.get(name)), value(old.get(name))));
    parts.collect::<Vec<_>>().join("; ")
}
