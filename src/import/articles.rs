//! One line of an article archive.

use serde::Deserialize;
use serde_json::Value;

use crate::model::ClaimedDate;
use crate::text::dates;

/// An article as an archive gives it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportedArticle {
    /// The archive's id.
    pub id: String,
    /// Its address.
    pub url: Option<String>,
    /// The outlet: a domain or a name.
    pub outlet: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// Text.
    pub body: Option<String>,
    /// Author names.
    pub authors: Vec<String>,
    /// Claimed publication.
    pub published: Option<ClaimedDate>,
    /// Claimed change.
    pub updated: Option<ClaimedDate>,
    /// BCP 47 language.
    pub language: Option<String>,
}

/// What is wrong with a line; the caller adds its number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No JSON, for example a line that was cut off.
    #[error("not a complete JSON object ({0}); mend or remove the line")]
    NotJson(String),
    /// No usable id.
    #[error("no `id`: every line needs a string or number that names the article")]
    NoId,
    /// Neither headline nor text.
    #[error("neither `title` nor `body`: there is nothing to compare")]
    NoText,
    /// A field of another type.
    #[error("`{field}` is {found}, not a string")]
    Type {
        /// The field.
        field: &'static str,
        /// What stood there.
        found: &'static str,
    },
}

#[derive(Deserialize)]
struct Line {
    id: Option<Value>,
    url: Option<Value>,
    outlet: Option<Value>,
    title: Option<Value>,
    body: Option<Value>,
    text: Option<Value>,
    author: Option<Value>,
    published: Option<Value>,
    updated: Option<Value>,
    lang: Option<Value>,
}

/// Reads one line; unknown keys are kept out.
///
/// # Errors
/// When the line is no JSON object, has no id, or neither headline nor text.
pub fn read_line(line: &[u8]) -> Result<ImportedArticle, LineError> {
    let line: Line = serde_json::from_slice(line).map_err(|error| LineError::NotJson(error.to_string()))?;
    let id = match line.id {
        Some(Value::String(id)) if !id.trim().is_empty() => id,
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err(LineError::NoId),
    };
    let body = string("body", line.body)?;
    let article = ImportedArticle {
        id,
        url: string("url", line.url)?,
        outlet: string("outlet", line.outlet)?,
        title: string("title", line.title)?,
        body: if body.is_some() { body } else { string("text", line.text)? },
        authors: authors(line.author)?,
        published: string("published", line.published)?.map(|text| dates::parse(&text, None)),
        updated: string("updated", line.updated)?.map(|text| dates::parse(&text, None)),
        language: string("lang", line.lang)?,
    };
    if article.title.is_none() && article.body.is_none() {
        return Err(LineError::NoText);
    }
    Ok(article)
}

fn string(field: &'static str, value: Option<Value>) -> Result<Option<String>, LineError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Some(other) => Err(LineError::Type { field, found: type_name(&other) }),
    }
}

fn authors(value: Option<Value>) -> Result<Vec<String>, LineError> {
    match value {
        Some(Value::Array(names)) => {
            let names = names.into_iter().map(|name| string("author", Some(name))).collect::<Result<Vec<_>, _>>()?;
            Ok(names.into_iter().flatten().collect())
        }
        other => Ok(string("author", other)?.into_iter().collect()),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_lines_are_read() {
        let article =
            read_line(br#"{"id": 7, "text": "Body", "author": ["A", "B"], "published": "2025-11-25", "x": 1}"#)
                .unwrap();
        assert_eq!((article.id.as_str(), article.body.as_deref()), ("7", Some("Body")));
        assert_eq!(article.authors, ["A", "B"]);
        assert!(article.published.unwrap().utc.is_some());
        assert_eq!(article.title, None);
    }

    #[test]
    fn bad_lines_say_what_to_mend() {
        let check = |line: &str, expected: &str| {
            let error = read_line(line.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        };
        check(r#"{"id": "a", "title": "cut of"#, "not a complete JSON object");
        check(r#"{"title": "x"}"#, "no `id`");
        check(r#"{"id": "a", "body": "  ", "title": null}"#, "neither `title` nor `body`");
        check(r#"{"id": "a", "title": 5}"#, "`title` is a number");
    }
}
