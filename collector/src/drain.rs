//! Templates of summaries, mined as Drain does (He et al., ICWS 2017), but from the shapes that the archive counts, and
//! not from the entries.
//!
//! In a shape, numbers, ids, addresses and quoted texts are already masked. Mining finds the words that vary
//! without any sign of it, such as the names of products and people. Shapes with the same number of words that begin,
//! or else end, alike and differ in few words form a cluster. A place where at least [`EVIDENCE`] different words occur
//! is variable; fewer may well be different things that happened, and stay apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::archive::Archive;
use crate::archive::shape::VARYING;
use crate::archive::template::Template;
use crate::error::Result;

/// The share of words that shapes of a cluster have in common.
const ALIKE: f64 = 0.6;
/// How many different words in one place show that it varies.
const EVIDENCE: usize = 4;
/// The most clusters that a shape is compared with.
const MOST_COMPARED: usize = 200;

/// The templates of all problems of an archive.
pub(crate) fn mined(archive: &Archive) -> Result<Mined> {
    Ok(Mined::new(archive.problem_shapes()?))
}

/// Templates, and which of them each shape has. Each shape has one, and no other template covers it.
#[derive(Debug, Default)]
pub(crate) struct Mined {
    pub(crate) templates: Vec<Template>,
    of: HashMap<String, usize>,
}

impl Mined {
    /// The template of a shape.
    pub(crate) fn of(&self, shape: &str) -> Option<usize> {
        self.of.get(shape).copied()
    }

    /// Mines shapes. The order in which they come makes no difference.
    pub(crate) fn new(shapes: impl IntoIterator<Item = String>) -> Self {
        let shapes: BTreeSet<String> = shapes.into_iter().collect();
        let mut templates: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut left: Vec<&str> = shapes.iter().map(String::as_str).collect();
        for end in [End::First, End::Last] {
            let mut single = Vec::new();
            for cluster in clusters(&left, end) {
                for (template, members) in cluster.settle() {
                    let template = collapsed(template, &members);
                    match &members[..] {
                        [one] if template == *one => single.push(*one),
                        _ => templates.entry(template).or_default().extend(members),
                    }
                }
            }
            left = single;
        }
        for shape in left {
            templates.entry(shape.to_owned()).or_default().push(shape);
        }
        let templates = settle_overlaps(templates.into_keys().map(Template::new).collect(), &shapes);
        let index = Index::new(&templates);
        let exact: HashMap<&str, usize> =
            templates.iter().enumerate().map(|(number, template)| (template.as_str(), number)).collect();
        let template = |shape: &String| {
            let covering = index.covering(&templates, shape).next();
            covering.or_else(|| exact.get(shape.as_str()).copied()).map(|number| (shape.clone(), number))
        };
        let of = shapes.iter().filter_map(template).collect();
        Self { templates, of }
    }
}

/// The word that leads to the clusters that a template may belong to.
#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

struct Cluster<'a> {
    members: Vec<Vec<&'a str>>,
    shapes: Vec<&'a str>,
}

fn clusters<'a>(shapes: &[&'a str], end: End) -> Vec<Cluster<'a>> {
    let mut clusters: Vec<Cluster<'a>> = Vec::new();
    let mut leaves: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
    for shape in shapes {
        let words: Vec<&str> = shape.split(' ').collect();
        let lead = match end {
            End::First => words[0],
            End::Last => words[words.len() - 1],
        };
        let leaf = leaves.entry((words.len(), lead)).or_default();
        let near =
            leaf.iter().take(MOST_COMPARED).map(|number| (likeness(&clusters[*number].members[0], &words), *number));
        let nearest = near.filter(|(alike, _)| *alike >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        match nearest {
            Some((_, number)) => {
                clusters[number].members.push(words);
                clusters[number].shapes.push(shape);
            }
            None => {
                leaf.push(clusters.len());
                clusters.push(Cluster { members: vec![words], shapes: vec![shape] });
            }
        }
    }
    clusters
}

/// The share of places in which both have the same word. What was taken out says nothing of what happened.
fn likeness(one: &[&str], other: &[&str]) -> f64 {
    let places = one.iter().zip(other).filter(|(a, b)| !(a.contains('*') && b.contains('*')));
    let (mut same, mut all) = (0_u32, 0_u32);
    for (a, b) in places {
        all += 1;
        same += u32::from(a == b);
    }
    if all == 0 { 1.0 } else { f64::from(same) / f64::from(all) }
}

impl<'a> Cluster<'a> {
    /// The templates of its shapes: one for those that differ only where words vary.
    fn settle(self) -> BTreeMap<String, Vec<&'a str>> {
        let length = self.members[0].len();
        let words_at = |at: usize| self.members.iter().map(|words| words[at]).collect::<BTreeSet<_>>();
        let varies: Vec<bool> = (0..length).map(|at| words_at(at).len() >= EVIDENCE).collect();
        let mut templates: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (words, shape) in self.members.iter().zip(&self.shapes) {
            let kept: Vec<&str> =
                words.iter().zip(&varies).map(|(word, varies)| if *varies { VARYING } else { *word }).collect();
            templates.entry(kept.join(" ")).or_default().push(shape);
        }
        templates
    }
}

/// Words that vary one behind the other are one place of several words, if the template is about as much its own then.
fn collapsed(template: String, members: &[&str]) -> String {
    let mut words: Vec<&str> = template.split(' ').collect();
    words.dedup_by(|a, b| *a == VARYING && *b == VARYING);
    let shorter = Template::new(words.join(" "));
    // One that stood for itself stays so.
    let is_one = matches!(members, [one] if *one == template);
    if !is_one && members.iter().all(|member| shorter.covers(member)) { shorter.as_str().to_owned() } else { template }
}

/// The templates that cover more than their own text, by what a shape must have to be covered: the first word and the last,
/// if they are fixed.
struct Index<'a> {
    of: HashMap<[&'a str; 2], Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(templates: &'a [Template]) -> Self {
        let mut of: HashMap<_, Vec<usize>> = HashMap::new();
        for (number, template) in templates.iter().enumerate().filter(|(_, template)| template.is_general()) {
            of.entry(ends(template.as_str())).or_default().push(number);
        }
        Self { of }
    }

    fn covering(&self, templates: &[Template], shape: &str) -> impl Iterator<Item = usize> {
        let [first, last] = ends(shape);
        // Either word may be … itself.
        let keys = BTreeSet::from([[first, last], [first, VARYING], [VARYING, last], [VARYING, VARYING]]);
        let numbers = keys.iter().filter_map(|key| self.of.get(key)).flatten().copied();
        let mut found: Vec<usize> = numbers.filter(|number| templates[*number].covers(shape)).collect();
        found.sort_unstable();
        found.into_iter()
    }
}

/// The first and the last word.
fn ends(text: &str) -> [&str; 2] {
    [text.split(' ').next().unwrap_or_default(), text.rsplit(' ').next().unwrap_or_default()]
}

/// Makes one of those that cover a shape in common, until each shape has one template.
fn settle_overlaps(mut templates: Vec<Template>, shapes: &BTreeSet<String>) -> Vec<Template> {
    loop {
        let index = Index::new(&templates);
        // Each is made one with at most one other at a time.
        let mut with: BTreeMap<usize, usize> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        let mut covered: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for shape in shapes {
            let covering: Vec<usize> = index.covering(&templates, shape).collect();
            if let [one, other, ..] = covering[..]
                && !taken.contains(&one)
                && !taken.contains(&other)
            {
                taken.extend([one, other]);
                with.insert(one, other);
            }
            if !covering.is_empty() {
                covered.insert(shape, covering);
            }
        }
        if with.is_empty() {
            templates.retain(|template| template.is_general() || !covered.contains_key(template.as_str()));
            return templates;
        }
        let mut of: HashMap<usize, Vec<&str>> = HashMap::new();
        for (shape, covering) in &covered {
            covering.iter().filter(|number| taken.contains(number)).for_each(|n| of.entry(*n).or_default().push(shape));
        }
        let mut settled: BTreeSet<Template> = BTreeSet::new();
        for (number, template) in templates.iter().enumerate() {
            match with.get(&number) {
                Some(other) => {
                    let members: Vec<&str> =
                        [&number, other].into_iter().flat_map(|one| of[one].iter().copied()).collect();
                    settled.insert(common(template, &templates[*other], &members));
                }
                None if taken.contains(&number) => {}
                None => {
                    settled.insert(template.clone());
                }
            }
        }
        templates = settled.into_iter().collect();
    }
}

/// The template that covers all that either covers: one of them if it does, else their common beginning and end, else
/// their common beginning.
fn common(one: &Template, other: &Template, members: &[&str]) -> Template {
    let (words, others): (Vec<&str>, Vec<&str>) =
        (one.as_str().split(' ').collect(), other.as_str().split(' ').collect());
    let least = words.len().min(others.len());
    let begin = words.iter().zip(&others).take_while(|(a, b)| a == b && **a != VARYING).count();
    let same = |(a, b): &(&&str, &&str)| a == b && **a != VARYING;
    let end = words.iter().rev().zip(others.iter().rev()).take(least - begin).take_while(same).count();
    let between = [&words[..begin], &[VARYING], &words[words.len() - end..]].concat().join(" ");
    let by_word =
        words.iter().zip(&others).map(|(a, b)| if a == b { *a } else { VARYING }).collect::<Vec<_>>().join(" ");
    let by_word = (words.len() == others.len()).then(|| Template::new(by_word));
    let candidates = [Some(one.clone()), Some(other.clone()), by_word, Some(Template::new(between))];
    let covering = |template: &Template| members.iter().all(|member| template.covers(member));
    let any = || Template::new([&words[..begin], &[VARYING]].concat().join(" "));
    candidates.into_iter().flatten().find(covering).unwrap_or_else(any)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mined(shapes: &[&str]) -> Vec<String> {
        let mined = Mined::new(shapes.iter().map(|shape| (*shape).to_owned()));
        mined.templates.iter().map(|template| template.as_str().to_owned()).collect()
    }

    #[test]
    fn names_without_quotes_vary() {
        let names = ["Lamp", "Chair", "Table", "Desk", "Shelf"];
        let shapes: Vec<String> = names.iter().map(|name| format!("Product {name} could not be sent to *")).collect();
        let shapes: Vec<&str> = shapes.iter().map(String::as_str).collect();
        assert_eq!(mined(&shapes), ["Product … could not be sent to *"]);
        let first: Vec<String> = names.iter().map(|name| format!("{name} has no price in *")).collect();
        let first: Vec<&str> = first.iter().map(String::as_str).collect();
        assert_eq!(mined(&first), ["… has no price in *"]);
    }

    #[test]
    fn names_of_several_words_are_one_place_but_a_short_template_swallows_nothing() {
        let mut shapes: Vec<String> =
            ["Lamp", "Oak table", "Desk", "Rug", "Linen shirt", "Mug", "Garden chair, folding"]
                .map(|name| format!("Product {name} could not be sent"))
                .into();
        shapes.extend(
            ["Import", "Export", "Backup", "Sync", "The sync of all products with the till"]
                .map(|what| format!("{what} has failed again")),
        );
        let mined = Mined::new(shapes.clone());
        let templates: Vec<&str> = mined.templates.iter().map(Template::as_str).collect();
        assert_eq!(
            templates,
            [
                "Product … could not be sent",
                "The sync of all products with the till has failed again",
                "… has failed again"
            ]
        );
    }

    #[test]
    fn a_few_things_in_similar_words_stay_apart() {
        let shapes = ["Order confirmation could not be sent to *", "Order cancellation could not be sent to *"];
        assert_eq!(
            mined(&shapes),
            ["Order cancellation could not be sent to *", "Order confirmation could not be sent to *"]
        );
        assert_eq!(mined(&["", "Failed"]), ["", "Failed"]);
    }

    #[test]
    fn what_overlaps_becomes_one() {
        let mut shapes: Vec<String> = (0..5).map(|n| format!("a {} c d e", char::from(b'p' + n))).collect();
        shapes.extend((0..5).map(|n| format!("a b c d {}", char::from(b'p' + n))));
        shapes.push("a b …".into());
        let mined = Mined::new(shapes.clone());
        for shape in &shapes {
            assert_eq!(
                mined.templates.iter().filter(|template| template.covers(shape)).count(),
                1,
                "{:?}",
                mined.templates
            );
        }
    }

    proptest! {
        #[test]
        fn each_shape_has_one_template_and_no_other_covers_it(
            shapes in prop::collection::vec("([abcd*…]|ab|id:\\*)( ([abcd*…]|ab)){0,5}", 1..60)
        ) {
            let mined = Mined::new(shapes.clone());
            for shape in &shapes {
                let covering: Vec<usize> =
                    (0..mined.templates.len()).filter(|number| mined.templates[*number].covers(shape)).collect();
                prop_assert_eq!(covering, vec![mined.of(shape).unwrap()], "{} in {:?}", shape, mined.templates);
            }
            let mut reversed = shapes;
            reversed.reverse();
            prop_assert_eq!(Mined::new(reversed).templates, mined.templates);
        }
    }
}
