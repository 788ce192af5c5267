//! The values of a configuration file as Rust's: a deserializer whose errors know the key, its place, and what was wanted.

use std::ops::Range;
use std::vec::IntoIter;

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{Mistake, Wanted};

/// A value of a file.
pub(super) struct Value<'i>(pub(super) DeValue<'i>);

/// The name of a value's kind, as people call it.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl Value<'_> {
    fn is_not(&self, wanted: Wanted) -> Mistake {
        Mistake::kind(kind(&self.0), wanted)
    }
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            DeValue::String(text) => visitor.visit_string(text.into_owned()),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => visitor.visit_u64(u64::MAX),
            },
            DeValue::Float(number) => visitor.visit_f64(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(truth) => visitor.visit_bool(truth),
            DeValue::Datetime(_) => Err(self.is_not(Wanted::Text)),
            DeValue::Array(parts) => visitor.visit_seq(Parts(parts.into_iter().collect::<Vec<_>>().into_iter())),
            DeValue::Table(table) => visitor.visit_map(Entries::of(table)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.is_str() { self.deserialize_any(visitor) } else { Err(self.is_not(Wanted::Text)) }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_string(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.is_bool() { self.deserialize_any(visitor) } else { Err(self.is_not(Wanted::Truth)) }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let is_negative = self.0.as_integer().is_some_and(|number| number.as_str().starts_with('-'));
        if self.0.is_integer() && !is_negative {
            self.deserialize_any(visitor)
        } else {
            Err(self.is_not(Wanted::Whole))
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let is_number = self.0.is_integer() || self.0.is_float();
        if is_number { self.deserialize_any(visitor) } else { Err(self.is_not(Wanted::Number)) }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.is_array() { self.deserialize_any(visitor) } else { Err(self.is_not(Wanted::List)) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.is_table() { self.deserialize_any(visitor) } else { Err(self.is_not(Wanted::Table)) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self.0 {
            DeValue::String(word) => visitor.visit_enum(word.into_owned().into_deserializer()),
            _ => Err(self.is_not(Wanted::Text)),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct
        identifier ignored_any
    }
}

/// The entries of a table, in the order of the file: the first mistake is the one that is said.
struct Entries<'i> {
    entries: IntoIter<(String, Range<usize>, Spanned<DeValue<'i>>)>,
    value: Option<(String, Spanned<DeValue<'i>>)>,
}

impl<'i> Entries<'i> {
    fn of(table: DeTable<'i>) -> Self {
        let entry = |(key, value): (Spanned<_>, _)| {
            let place = key.span();
            (std::borrow::Cow::<str>::into_owned(key.into_inner()), place, value)
        };
        let mut entries: Vec<_> = table.into_iter().map(entry).collect();
        entries.sort_by_key(|(_, place, _)| place.start);
        Self { entries: entries.into_iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some((key, place, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some((key.clone(), value));
        let key: StringDeserializer<Mistake> = key.into_deserializer();
        seed.deserialize(key).map(Some).map_err(|mistake| mistake.at(place))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let (key, value) = self.value.take().ok_or_else(|| Mistake::custom("a value without a key"))?;
        let place = value.span();
        seed.deserialize(Value(value.into_inner())).map_err(|mistake| mistake.at(place).behind(&key))
    }
}

struct Parts<'i>(IntoIter<Spanned<DeValue<'i>>>);

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mistake> {
        let Some(part) = self.0.next() else { return Ok(None) };
        let place = part.span();
        let part = seed.deserialize(Value(part.into_inner()));
        part.map(Some).map_err(|mistake| mistake.at(place).in_list())
    }
}

/// The keys of a table.
pub(super) fn keys<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    T::deserialize(Keys).err().map_or(&[], |asked| asked.known())
}

/// Answers with the keys that it is asked for.
struct Keys;

impl<'de> Deserializer<'de> for Keys {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Mistake> {
        Err(Mistake::custom("not a table"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        keys: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Mistake> {
        Err(Mistake::unknown_field("", keys))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
