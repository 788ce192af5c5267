//! Lists that are sent as one value.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A list that is sent as one value with commas between its items, such as the ids of a filter `id:in`: OpenAPI's
/// `explode: false`. It is made of an array, a `Vec`, a slice, or text that holds the commas already.
///
/// ```
/// use storelogs::raw::CommaSeparated;
///
/// let ids: CommaSeparated<i64> = [3, 4, 6].try_into()?;
/// assert_eq!(ids.to_string(), "3,4,6");
/// assert_eq!(ids, "3,4,6".parse()?);
/// # Ok::<(), storelogs::raw::NotAList>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommaSeparated<T>(Vec<T>);

/// The reason why there is no such list: it is empty, an item holds a comma or is empty, or text is not of the items'
/// type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAList(String);

impl<T: fmt::Display> CommaSeparated<T> {
    /// A list of these items.
    ///
    /// # Errors
    /// If there is none, or one is empty or holds a comma: another list would arrive.
    pub fn new(items: impl IntoIterator<Item = T>) -> Result<Self, NotAList> {
        let items: Vec<T> = items.into_iter().collect();
        let texts = items.iter().map(ToString::to_string);
        match texts.into_iter().find(|text| text.is_empty() || text.contains(',')) {
            Some(text) => Err(NotAList(format!("{text:?} cannot be an item of a list with commas between its items"))),
            None if items.is_empty() => Err(NotAList("the list has no item".into())),
            None => Ok(Self(items)),
        }
    }

    /// The items, in order.
    pub fn items(&self) -> &[T] {
        &self.0
    }
}

impl<T: fmt::Display> fmt::Display for CommaSeparated<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// The whole list as one text: this is what the generated code sends.
impl<T: fmt::Display> Serialize for CommaSeparated<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<T: fmt::Display + FromStr> FromStr for CommaSeparated<T> {
    type Err = NotAList;

    fn from_str(text: &str) -> Result<Self, NotAList> {
        let item = |item: &str| item.trim().parse().map_err(|_| NotAList(format!("{item:?} cannot be an item")));
        Self::new(text.split(',').map(item).collect::<Result<Vec<T>, _>>()?)
    }
}

macro_rules! made_of_text {
    ($text:ty) => {
        impl<T: fmt::Display + FromStr> TryFrom<$text> for CommaSeparated<T> {
            type Error = NotAList;

            fn try_from(text: $text) -> Result<Self, NotAList> {
                text.parse()
            }
        }
    };
}

made_of_text!(&str);
made_of_text!(&String);
made_of_text!(String);

macro_rules! made_of_items {
    ([$($generics:tt)*] $from:ty => $item:ty, $items:ident => $owned:expr) => {
        impl<$($generics)*> TryFrom<$from> for CommaSeparated<$item> {
            type Error = NotAList;

            fn try_from($items: $from) -> Result<Self, NotAList> {
                Self::new($owned)
            }
        }
    };
}

made_of_items!([T: fmt::Display] Vec<T> => T, items => items);
made_of_items!([T: fmt::Display, const N: usize] [T; N] => T, items => items);
made_of_items!([T: fmt::Display + Clone] &[T] => T, items => items.iter().cloned());
made_of_items!([T: fmt::Display + Clone] &Vec<T> => T, items => items.iter().cloned());
made_of_items!([T: fmt::Display + Clone, const N: usize] &[T; N] => T, items => items.iter().cloned());
made_of_items!([] Vec<&str> => String, items => items.into_iter().map(str::to_owned));
made_of_items!([] &[&str] => String, items => items.iter().map(|item| (*item).to_owned()));
made_of_items!([const N: usize] [&str; N] => String, items => items.into_iter().map(str::to_owned));

impl fmt::Display for NotAList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotAList {}
