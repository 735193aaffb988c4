//! A second small pass for what feed-rs drops: schedule hints, guid permalinks.

use quick_xml::Reader;
use quick_xml::events::Event;

/// What the second pass found.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// RSS `ttl`.
    pub ttl_minutes: Option<u32>,
    /// RSS `skipHours`.
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`, 0 is Monday.
    pub skip_days: Vec<u8>,
    /// `sy:updatePeriod` over `sy:updateFrequency`.
    pub syndication_minutes: Option<u32>,
    /// Guids in document order with what `isPermaLink` says, per item.
    pub guids: Vec<Option<(String, bool)>>,
}

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Reads the hints of an XML feed; where the document is damaged, what came before counts.
pub(super) fn read(text: &str) -> Hints {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut hints = Hints::default();
    let (mut content, mut permalink, mut period, mut frequency) = (String::new(), true, None, 1_u32);
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(tag) => {
                content.clear();
                let name = tag.name();
                if name.as_ref() == "item" || name.as_ref() == "entry" {
                    hints.guids.push(None);
                }
                permalink = !tag.attributes().flatten().any(|attribute| {
                    attribute.key.as_ref() == "isPermaLink" && attribute.value.eq_ignore_ascii_case("false")
                });
            }
            Event::Text(text) => content.push_str(&text),
            Event::CData(text) => content.push_str(&text),
            Event::End(tag) => {
                let value = content.trim();
                match tag.name().as_ref() {
                    "ttl" => hints.ttl_minutes = value.parse().ok(),
                    "hour" => hints.skip_hours.extend(value.parse::<u8>().ok().filter(|hour| *hour < 24)),
                    "day" => hints.skip_days.extend(
                        (0_u8..7).zip(DAYS).find(|(_, day)| day.eq_ignore_ascii_case(value)).map(|(index, _)| index),
                    ),
                    "sy:updatePeriod" => period = minutes_of(value),
                    "sy:updateFrequency" => frequency = value.parse().unwrap_or(1),
                    "guid" => {
                        if let Some(guid) = hints.guids.last_mut() {
                            *guid = Some((value.to_owned(), permalink));
                        }
                    }
                    _ => {}
                }
                content.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    hints.syndication_minutes = period.map(|period: u32| period / frequency.max(1));
    hints
}

fn minutes_of(period: &str) -> Option<u32> {
    Some(match period {
        "hourly" => 60,
        "daily" => 24 * 60,
        "weekly" => 7 * 24 * 60,
        "monthly" => 30 * 24 * 60,
        "yearly" => 365 * 24 * 60,
        _ => return None,
    })
}
