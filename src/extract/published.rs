//! When the article was published and changed, by the page's own claims in order of trust.
//!
//! ```text
//! JSON-LD | meta | microdata | address | time near the headline | text near the headline | any date of the page
//! ```
//!
//! The original publication is wanted, not the last change; a date in the future or before the web is no date.

use serde_json::Value;

use super::marks::Marks;
use super::metadata::Known;
use super::page::{Block, Page, Span};
use super::written_date::find;
use crate::model::{ClaimedDate, DatePrecision, Timestamp};
use crate::text::dates;

/// Meta names of the first publication, most exact first.
const PUBLISHED: &[&str] = &[
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datePublished",
    "article:published",
    "article.published",
    "article_date_original",
    "parsely-pub-date",
    "sailthru.date",
    "cXenseParse:recs:publishtime",
    "bt:pubDate",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "publication-date",
    "date_published",
    "publishedDate",
    "published_date",
    "published",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.date",
    "dc.date.created",
    "dcterms.created",
    "dc.date",
    "dc:date",
    "dc.date.published",
    "citation_publication_date",
    "citation_date",
    "citation_online_date",
    "mediator_published_time",
    "date",
    "dateCreated",
    "article:post_date",
    "originalpublicationdate",
    "rnews:datePublished",
    "article.created",
    "created",
    "timestamp",
    "vr:published_time",
    "time",
    "release_date",
    "DCSext.articleFirstPublished",
    "displaydate",
    "lastpubdate",
    "blogger:publish_date",
    "eomportal-published",
    "originalpubdate",
    "pub_date",
    "video:release_date",
    "og:release_date",
    "buildid",
];

/// Meta names of the last change.
const UPDATED: &[&str] = &[
    "article:modified_time",
    "og:article:modified_time",
    "og:updated_time",
    "og:modified_time",
    "dateModified",
    "article:modified",
    "modified",
    "dcterms.modified",
    "dc.date.modified",
    "lastmod",
    "last-modified",
    "revision_date",
    "updated",
];

/// Earlier dates are no publication on the web, in seconds (1995-01-01).
const EARLIEST: i64 = 788_918_400;

/// What a page claims.
pub(super) struct Dates {
    pub(super) published: Option<ClaimedDate>,
    pub(super) updated: Option<ClaimedDate>,
}

/// Reads the dates of a page.
pub(super) fn read(known: &Known<'_>, language: Option<&str>, now: Option<Timestamp>) -> Dates {
    let reader = Reader { known, is_month_first: is_month_first(known, language), now };
    let updated = reader
        .linked("dateModified")
        .or_else(|| reader.meta(UPDATED))
        .or_else(|| reader.noted(Where::Anywhere, |note| note.html.attr("itemprop") == Some("dateModified")));
    if let Some(published) = known.ruled.published.as_deref().and_then(|text| reader.exact(text)) {
        return Dates { published: Some(published), updated };
    }
    let published = reader
        .linked("datePublished")
        .or_else(|| reader.meta(PUBLISHED))
        .or_else(|| reader.noted(Where::Anywhere, |note| note.html.attr("itemprop") == Some("datePublished")))
        .or_else(|| reader.linked("dateCreated"))
        .or_else(|| reader.any_linked())
        .or_else(|| reader.address())
        .or_else(|| reader.noted(Where::Near, has_datetime))
        .or_else(|| reader.noted(Where::Near, is_date_class))
        .or_else(|| reader.shown())
        .or_else(|| reader.noted(Where::Anywhere, has_datetime))
        .or_else(|| reader.noted(Where::Anywhere, is_date_class))
        .or_else(|| updated.clone())
        .or_else(|| reader.in_scripts())
        .or_else(|| reader.last_resort());
    let published = published.map(|claim| reader.settled(claim));
    Dates { published, updated }
}

/// Names under which scripts hold the moment of publication, most exact first; they begin with `d`, `p` or `c`.
const SCRIPT_NAMES: [&str; 8] = [
    "\"datePublished\"",
    "\"publishedAt\"",
    "\"published_at\"",
    "\"publishDate\"",
    "\"pubDate\"",
    "\"publish_date\"",
    "\"createdAt\"",
    "\"created_at\"",
];

/// Where each of [`SCRIPT_NAMES`] first ends in a page; all are looked for in one pass.
fn ends_of_names(source: &str) -> [Option<usize>; SCRIPT_NAMES.len()] {
    let mut ends = [None; SCRIPT_NAMES.len()];
    for (at, _) in source.match_indices('"') {
        let rest = &source.as_bytes()[at..];
        if !matches!(rest.get(1), Some(b'd' | b'p' | b'c')) {
            continue;
        }
        if let Some(index) = SCRIPT_NAMES.iter().position(|name| rest.starts_with(name.as_bytes())) {
            ends[index].get_or_insert(at + SCRIPT_NAMES[index].len());
        }
    }
    ends
}

/// Whether a line tells whose the text is; its date is not that of the article.
fn is_copyright(text: &str) -> bool {
    const WORD: &[u8] = b"copyright";
    text.contains('©') || text.as_bytes().windows(WORD.len()).any(|part| part.eq_ignore_ascii_case(WORD))
}

/// Where a note has to stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    /// Around the headline.
    Near,
    Anywhere,
}

fn has_datetime(note: &Span<'_>) -> bool {
    note.html.attr("pubdate").is_some() || note.html.attr("datetime").is_some()
}

fn is_date_class(note: &Span<'_>) -> bool {
    note.html.name() == "time"
        || ["class", "id", "itemprop"].iter().filter_map(|key| note.html.attr(key)).any(|value| {
            let value = value.to_ascii_lowercase();
            ["date", "time", "publish", "posted", "fecha", "datum", "byline", "meta"]
                .iter()
                .any(|word| value.contains(word))
        })
}

/// Whether a date like 3/4/2025 begins with the month: English outside the Commonwealth.
fn is_month_first(known: &Known<'_>, language: Option<&str>) -> bool {
    let host = known.base.and_then(url::Url::host_str).unwrap_or_default();
    let is_english = language.map_or_else(
        || [".com", ".org", ".net", ".us", ".gov", ".edu"].iter().any(|end| host.ends_with(end)),
        |language| language.to_ascii_lowercase().starts_with("en"),
    );
    let is_british = language.is_some_and(|language| {
        ["en-gb", "en-au", "en-nz", "en-ie", "en-in", "en-za"].contains(&language.to_ascii_lowercase().as_str())
    });
    let is_abroad =
        [".uk", ".au", ".nz", ".ie", ".in", ".za", ".ng", ".ke", ".sg", ".my"].iter().any(|end| host.ends_with(end));
    is_english && !is_british && !is_abroad
}

/// Where dates near the headline are of something else.
const AWAY_NEAR: Marks = Marks::OTHERS.with(Marks::CAPTION).with(Marks::FIGURE);

/// A line beside a picture that is too long to be a byline.
fn is_caption(page: &Page<'_>, block: &Block) -> bool {
    block.weight > MAX_DATE_LINE && page.marks_of(block).has(Marks::PICTURE)
}

struct Reader<'k, 'a> {
    known: &'k Known<'a>,
    is_month_first: bool,
    now: Option<Timestamp>,
}

impl Reader<'_, '_> {
    fn linked(&self, key: &str) -> Option<ClaimedDate> {
        self.value(self.known.object?.get(key)?)
    }

    fn value(&self, value: &Value) -> Option<ClaimedDate> {
        match value {
            Value::String(text) => self.exact(text),
            Value::Number(number) => self.exact(&number.to_string()),
            Value::Array(items) => items.iter().find_map(|item| self.value(item)),
            Value::Object(object) => object.get("@value").and_then(|value| self.value(value)),
            _ => None,
        }
    }

    /// The page, video or posting of JSON-LD that has a date, when no article does.
    fn any_linked(&self) -> Option<ClaimedDate> {
        let objects = self.known.linked.objects(|kind| {
            !matches!(kind, "Review" | "Comment" | "Rating" | "Person" | "Organization" | "Offer" | "Event" | "WebSite")
        });
        objects.iter().find_map(|object| self.value(object.get("datePublished").or_else(|| object.get("uploadDate"))?))
    }

    fn meta(&self, names: &[&str]) -> Option<ClaimedDate> {
        names.iter().find_map(|wanted| {
            self.known
                .page
                .metas
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .find_map(|(_, content)| self.exact(content))
        })
    }

    /// `/2025/11/25/`, `/2025-11-25-`, `20251125` in the path.
    fn address(&self) -> Option<ClaimedDate> {
        let path = self.known.base?.path();
        let found = find(path, true, self.is_month_first)?;
        self.checked(dates::parse(&found, self.now))
    }

    /// Notes near the headline, or anywhere outside comments and teasers.
    fn noted(&self, place: Where, wanted: impl Fn(&Span<'_>) -> bool) -> Option<ClaimedDate> {
        let page = self.known.page;
        let (from, to) = self.near();
        let is_there = |note: &&Span<'_>| {
            let marks = page.elements.get(note.element).map_or(Marks::NONE, |element| element.inherited);
            match place {
                Where::Anywhere => !marks.has(Marks::OTHERS),
                Where::Near => {
                    (from..=to).contains(&note.from.0)
                        && !marks.has(AWAY_NEAR)
                        && !page.blocks.get(note.from.0).is_some_and(|block| is_caption(page, block))
                }
            }
        };
        page.notes.iter().filter(|note| wanted(note)).filter(is_there).find_map(|note| self.note(note))
    }

    fn note(&self, note: &Span<'_>) -> Option<ClaimedDate> {
        let keys = ["content", "datetime", "data-timestamp", "data-utime", "title"];
        let has_title = matches!(note.html.name(), "time" | "abbr" | "span");
        let attribute = keys.iter().filter(|key| has_title || **key != "title").find_map(|key| {
            let value = note.html.attr(key)?;
            self.exact(value)
        });
        attribute.or_else(|| {
            let text = self.known.page.text_of(note);
            (text.len() <= MAX_LINE).then(|| self.within(&text))?
        })
    }

    /// Blocks between which the page tells when the article appeared.
    fn near(&self) -> (usize, usize) {
        let headline = self.known.headline.or(self.known.first).unwrap_or(0);
        let first = self.known.first.unwrap_or(headline).max(headline);
        (headline.saturating_sub(N_BEFORE), first + N_AFTER)
    }

    /// Short lines near the headline.
    fn shown(&self) -> Option<ClaimedDate> {
        let (from, to) = self.near();
        self.line(from..to + 1, MAX_LINE)
    }

    /// The first date in lines of the page no longer than `max_length` bytes.
    fn line(&self, range: std::ops::Range<usize>, max_length: usize) -> Option<ClaimedDate> {
        let page = self.known.page;
        let end = range.end.min(page.blocks.len());
        let blocks = page.blocks.get(range.start.min(end)..end)?;
        blocks
            .iter()
            .filter(|block| block.text.len() <= max_length && !page.marks_of(block).has(AWAY_NEAR))
            .filter(|block| !is_caption(page, block))
            .find_map(|block| self.within(&block.text))
    }

    /// The first short line of the page with a date, then a date in the text.
    fn last_resort(&self) -> Option<ClaimedDate> {
        let blocks = &self.known.page.blocks;
        let short = |max_length: usize| {
            blocks
                .iter()
                .filter(|block| block.text.len() <= max_length && !self.known.page.marks_of(block).has(Marks::COMMENTS))
                .find_map(|block| self.within(&block.text).filter(|_| !is_copyright(&block.text)))
        };
        short(MAX_DATE_LINE).or_else(|| short(MAX_LINE)).or_else(|| {
            let long = blocks.iter().filter(|block| block.text.len() > MAX_LINE && !is_copyright(&block.text));
            long.take(40).find_map(|block| self.within(&block.text))
        })
    }

    /// Dates that scripts of the page hold under the names of a publication.
    fn in_scripts(&self) -> Option<ClaimedDate> {
        ends_of_names(self.known.source).into_iter().flatten().find_map(|end| {
            let value = self.known.source.get(end..)?.trim_start_matches([' ', ':', '"']);
            let end = value.bytes().take(MAX_LINE).position(|byte| byte == b'"')?;
            self.exact(value.get(..end)?)
        })
    }

    /// The claim in the outlet's own day.
    ///
    /// Many pages give the moment in UTC while their address or a `time` element gives the local day. The
    /// moment stays the same; its offset is the one that makes both agree. An address that is older than the claim
    /// dates the publication, the claim is then a later one.
    fn settled(&self, mut claim: ClaimedDate) -> ClaimedDate {
        let address = self.address();
        if let (Some(address), Some((time, _))) = (&address, dates::as_written(&claim.raw))
            && address.utc.is_some_and(|day| day.plus(2 * DAY_S) < time)
        {
            return address.clone();
        }
        if address.as_ref() == Some(&claim) {
            return claim;
        }
        if let Some(earlier) = self.earlier(&claim) {
            return earlier;
        }
        let Some(moment) = claim.utc.filter(|_| claim.offset_minutes == Some(0)) else { return claim };
        let near = self.noted(Where::Near, has_datetime).filter(|near| near.utc.is_some());
        for other in [near, address].into_iter().flatten() {
            let Some((time, precision)) =
                dates::as_written(&other.raw).filter(|(_, precision)| *precision != DatePrecision::Month)
            else {
                continue;
            };
            let ahead_s = if precision == DatePrecision::Day {
                let day = moment.0.div_euclid(DAY_S);
                let other_day = time.0.div_euclid(DAY_S);
                let ahead_s = match other_day - day {
                    // The smallest whole hours that reach the day before or after.
                    -1 => -((moment.0.rem_euclid(DAY_S) / 3600 + 1) * 3600),
                    1 => (DAY_S - moment.0.rem_euclid(DAY_S) + 3599) / 3600 * 3600,
                    _ => continue,
                };
                if ahead_s.abs() > MAX_OFFSET_S {
                    continue;
                }
                ahead_s
            } else if other.utc.is_some_and(|utc| (utc.0 - moment.0).abs() < 60) {
                i64::from(other.offset_minutes.unwrap_or(0)) * 60
            } else {
                continue;
            };
            if ahead_s != 0 {
                claim.offset_minutes = i32::try_from(ahead_s / 60).ok();
                return claim;
            }
        }
        claim
    }

    /// A date shown at the headline that is some days before the claim, which then is one of a change.
    fn earlier(&self, claim: &ClaimedDate) -> Option<ClaimedDate> {
        let (time, _) = dates::as_written(&claim.raw)?;
        let (from, to) = self.near();
        let line = self.line(from..to, MAX_DATE_LINE);
        let shown = line.or_else(|| self.noted(Where::Near, |note| has_datetime(note) || is_date_class(note)))?;
        let (other, _) = dates::as_written(&shown.raw)?;
        let n_days = time.0.div_euclid(DAY_S) - other.0.div_euclid(DAY_S);
        let is_local_day = n_days == 1 && claim.offset_minutes == Some(0);
        ((1..=MAX_EARLIER_DAYS).contains(&n_days) && !is_local_day).then_some(shown)
    }

    fn exact(&self, text: &str) -> Option<ClaimedDate> {
        let text = text.trim();
        if text.len() < 6 {
            return None;
        }
        // "Season 2025" would be read as a year.
        let has_day = text.bytes().filter(u8::is_ascii_digit).count() > 4;
        let whole = has_day.then(|| self.checked(dates::parse(text, self.now))).flatten();
        whole.or_else(|| (text.len() <= MAX_LINE).then(|| self.within(text))?)
    }

    /// The first date within a line.
    fn within(&self, text: &str) -> Option<ClaimedDate> {
        let found = find(text, false, self.is_month_first)?;
        self.checked(dates::parse(&found, self.now))
    }

    fn checked(&self, claim: ClaimedDate) -> Option<ClaimedDate> {
        if claim.impossible {
            return None;
        }
        let moment = claim.utc.or_else(|| {
            // A time without a zone: good enough to tell the century.
            dates::parse(claim.raw.get(..10).unwrap_or(&claim.raw), None).utc
        });
        let is_sound = moment
            .is_none_or(|moment| moment.0 >= EARLIEST && self.now.is_none_or(|now| moment <= now.plus(MAX_AHEAD_S)));
        is_sound.then_some(claim)
    }
}

const DAY_S: i64 = 86_400;

/// An offset is inferred from a day only when so few seconds are enough: more is as likely another date.
const MAX_OFFSET_S: i64 = 6 * 3600;

/// A page's clock may be ahead of ours by a time zone, in seconds.
const MAX_AHEAD_S: i64 = 86_400;

/// A line with a date is no longer than this, in bytes.
const MAX_LINE: usize = 180;

/// A line that is hardly more than a date, in bytes.
const MAX_DATE_LINE: usize = 60;

/// A date shown that is older than this is of something else.
const MAX_EARLIER_DAYS: i64 = 31;

/// How many blocks before the headline the date may stand.
const N_BEFORE: usize = 5;

/// How many blocks after the beginning of the text.
const N_AFTER: usize = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_scripts_is_found_where_it_first_stands() {
        for (index, name) in SCRIPT_NAMES.iter().enumerate() {
            let source = format!("<a title=\"put\">{name}: 1, {name}: 2");
            let ends = ends_of_names(&source);
            assert_eq!(ends[index], source.find(name).map(|at| at + name.len()));
            assert_eq!(ends.iter().flatten().count(), 1, "{name}");
        }
    }

    #[test]
    fn the_owner_of_a_text_is_told_in_any_case() {
        assert!(is_copyright("COPYRIGHT 2019 The Coast Ledger") && is_copyright("© 2019"));
        assert!(!is_copyright("Copyrig"));
    }
}
