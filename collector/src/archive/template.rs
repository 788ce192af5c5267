//! Templates: what shapes have in common, and which summaries a template stands for.

use super::shape::{VARYING, shape};

/// The common words of shapes. A shape is the template of itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Template {
    text: String,
}

impl Template {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it covers any other shape than its own text.
    pub(crate) fn is_general(&self) -> bool {
        self.text.split(' ').any(|word| word == VARYING)
    }

    /// Whether a shape has all that it has.
    pub(crate) fn covers(&self, shape: &str) -> bool {
        let (mut words, mut others) = (self.text.split(' ').peekable(), shape.split(' '));
        let mut varies = false;
        loop {
            match (words.next(), others.next()) {
                (None, None) => return true,
                (Some(VARYING), Some(_)) if words.peek().is_none() => return true,
                (Some(word), Some(other)) if word == VARYING || word == other => varies |= word == VARYING,
                _ => return varies && self.spans(shape),
            }
        }
    }

    /// Whether it covers a shape if words that vary may be several.
    fn spans(&self, shape: &str) -> bool {
        let own: Vec<&str> = self.text.split(' ').collect();
        let words: Vec<&str> = shape.split(' ').collect();
        let (own, open) = match own.split_last() {
            Some((&VARYING, rest)) => (rest, true),
            _ => (&own[..], false),
        };
        let pieces: Vec<&[&str]> = own.split(|word| *word == VARYING).collect();
        let (mut end, mut fixed) = (0, 0);
        for (number, piece) in pieces.iter().enumerate() {
            // A word that varies stands before each piece but the first; the last one reaches to the end.
            let places = match number {
                0 => 0..1,
                _ if number + 1 == pieces.len() && !open => {
                    words.len().saturating_sub(piece.len()).max(end + 1)..words.len() + 1
                }
                _ => end + 1..words.len() + 1,
            };
            let fits = |at: &usize| words.get(*at..).is_some_and(|rest| rest.starts_with(piece));
            let Some(at) = places.into_iter().find(fits) else { return false };
            (end, fixed) = (at + piece.len(), fixed + piece.len());
        }
        let whole = if open { end < words.len() } else { end == words.len() };
        whole && (end == own.len() || 2 * fixed >= end)
    }

    /// Whether a summary is one of those that it stands for.
    pub(crate) fn matches(&self, summary: &str) -> bool {
        self.covers(&shape(summary))
    }

    /// Texts that stand in every summary that it stands for, in whole words.
    pub(crate) fn fixed(&self) -> impl Iterator<Item = &str> {
        self.text.split(VARYING).flat_map(|text| {
            let last = text.matches('*').count();
            // A word that touches what was taken out may be a part of a longer one.
            text.split('*').enumerate().map(move |(at, piece)| {
                let touches = |c: char| !c.is_whitespace();
                let piece = if at > 0 { piece.trim_start_matches(touches) } else { piece };
                if at < last { piece.trim_end_matches(touches) } else { piece }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Template;
    use crate::archive::shape::shape;
    use crate::words::each_word;

    #[test]
    fn a_template_covers_shapes_word_by_word() {
        let template = |text: &str| Template::new(text);
        assert!(template("Order * failed").matches("Order 7 failed"));
        assert!(!template("Order * failed").matches("Order seven failed"));
        assert!(!template("Order * failed").matches("Order 7 of Bob failed"));
        assert!(template("Product … failed").matches("Product Lamp failed"));
        assert!(template("Product … failed").matches("Product 7 failed"));
        assert!(template("Product … failed").matches("Product Linen shirt failed"));
        assert!(!template("Product … failed").matches("Product failed"));
        assert!(
            !template("Product … failed").matches("Product Linen shirt of the summer failed"),
            "most of it is not its own"
        );
        assert!(!template("… failed").matches("The import failed"));
        assert!(template("… has no price in …").matches("Linen shirt has no price in list of May and June"));
        assert!(template("a … b … c d").matches("a x y b z c d") && !template("a … b … c d").matches("a x y b c d"));
        assert!(template("The payment for …").matches("The payment for order 7 was declined"));
        assert!(!template("The payment for …").matches("The payment for"));
        assert!(template("").matches(" ") && !template("").matches("x"));
    }

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.text.to_owned()));
        words
    }

    proptest! {
        #[test]
        fn what_is_fixed_in_a_shape_stands_in_its_summary(summary in "([a-zé]{1,4}|[0-9]{1,3}|[ .,'\"#:@-]|주|品|…|[*]){0,24}") {
            let shape = Template::new(shape(&summary));
            prop_assert!(shape.matches(&summary));
            let all = words(&summary);
            for fixed in shape.fixed() {
                let fixed = words(fixed);
                prop_assert!(fixed.is_empty() || all.windows(fixed.len()).any(|some| some == fixed), "{:?} {:?}", all, fixed);
            }
        }
    }
}
