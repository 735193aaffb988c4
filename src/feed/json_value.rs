//! JSON documents of which no more is held than a feed needs: lists and objects are cut, entries beyond the limit
//! are counted and passed over.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Elements of a list, or keys of an object, beyond this many are passed over; items of real feeds have about ten keys.
const MAX_CHILDREN: usize = 500;

/// The top object of a JSON feed.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// All its keys but `items`.
    pub(super) fields: Map<String, Value>,
    /// The first entries; none when the object has no list of that name.
    pub(super) items: Option<Vec<Value>>,
    /// How many entries there are.
    pub(super) n_items: usize,
}

/// Reads a document, keeping at most `max_items` entries.
///
/// # Errors
/// When the text is no JSON object.
pub(super) fn read(text: &str, max_items: usize) -> Result<Document, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let document = Top { max_items }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(document)
}

struct Top {
    max_items: usize,
}

impl<'de> DeserializeSeed<'de> for Top {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Document, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut document = Document::default();
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" {
                let (items, n_items) = map.next_value_seed(Bounded { max: self.max_items })?;
                document.items = match items {
                    Value::Array(items) => Some(items),
                    _ => None,
                };
                document.n_items = n_items;
            } else if document.fields.len() < MAX_CHILDREN {
                let (value, _) = map.next_value_seed(Bounded { max: MAX_CHILDREN })?;
                document.fields.insert(key, value);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(document)
    }
}

/// Any value, of whose elements at most `max` are kept; with the number of its elements.
#[derive(Clone, Copy)]
struct Bounded {
    max: usize,
}

impl<'de> DeserializeSeed<'de> for Bounded {
    type Value = (Value, usize);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded {
    type Value = (Value, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok((value.into(), 0))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok((value.into(), 0))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok((value.into(), 0))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok((value.into(), 0))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok((value.into(), 0))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok((Value::Null, 0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < self.max {
            match list.next_element_seed(Self { max: MAX_CHILDREN })? {
                Some((value, _)) => kept.push(value),
                None => break,
            }
        }
        let mut n = kept.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            n += 1;
        }
        Ok((Value::Array(kept), n))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut kept = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if kept.len() < MAX_CHILDREN {
                kept.insert(key, map.next_value_seed(Self { max: MAX_CHILDREN })?.0);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let n = kept.len();
        Ok((Value::Object(kept), n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted_and_passed_over() {
        let text = format!(
            "{{\"title\":\"T\",\"x\":[{}],\"items\":[1,\"two\",{{\"a\":null}},4.5]}}",
            vec!["0"; 900].join(",")
        );
        let document = read(&text, 3).unwrap();
        assert_eq!(document.fields["title"], "T");
        assert_eq!(document.fields["x"].as_array().map(Vec::len), Some(MAX_CHILDREN));
        assert_eq!(document.n_items, 4);
        assert_eq!(document.items.unwrap(), [1.into(), "two".into(), serde_json::json!({"a": null})]);
        assert!(read("[1]", 3).is_err());
        assert!(read("{\"items\":[1]} trailing", 3).is_err());
        assert!(read("{\"items\":7}", 3).unwrap().items.is_none());
    }
}
