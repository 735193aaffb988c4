//! The laws of a decision, over made-up batches.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::contract::{Item, Neighbourhood, NextIds, TimeBasis};
use super::decide::decide;
use super::model::{ClusterOptions, Weights};
use crate::fingerprint::fingerprint;
use crate::model::{ArticleId, GroupId, OutletId, StoryId, ThreadId, Timestamp, VersionId};

const NAMES: [&str; 6] = ["Velmouth", "Ida Brandt", "Kestrel", "Marlow", "Corvina", "Bolden"];
const THINGS: [&str; 8] = ["harbor", "tanker", "ballot", "mayor", "flood", "bridge", "strike", "verdict"];
const NEXT: NextIds = NextIds { group: GroupId(1), story: StoryId(1), thread: ThreadId(1) };

fn options() -> ClusterOptions {
    let weights = [("body", 4.0), ("title", 2.0), ("names", 1.0), ("gap", -1.0)];
    let weights = Weights::new(-2.0, 0.0, weights.map(|(name, weight)| (name.to_owned(), weight))).unwrap();
    ClusterOptions::new(weights.clone(), weights.clone(), weights)
}

/// Articles of few words, so that many of them are close, some within the same second.
fn batch() -> impl Strategy<Value = Vec<Item>> {
    let words = proptest::collection::vec((0..NAMES.len(), 0..THINGS.len()), 1..30);
    proptest::collection::vec((words, 0..3_i64, 0..200_000_i64, any::<bool>()), 1..14).prop_map(|articles| {
        let numbered = articles.into_iter().zip(1_i64..);
        numbered
            .map(|((words, outlet, time, has_body), id)| {
                let text = |count: usize| -> String {
                    words
                        .iter()
                        .take(count)
                        .map(|(name, thing)| format!("the {} of {} ", THINGS[*thing], NAMES[*name]))
                        .collect()
                };
                let (title, body) = (text(2), text(30));
                let time = Timestamp(time / 40_000 * 40_000);
                Item {
                    article: ArticleId(id),
                    version: VersionId(id),
                    outlet: (outlet > 0).then_some(OutletId(outlet)),
                    identity: format!("https://news.example/{id}"),
                    language: Some("en".to_owned()),
                    event_time: time,
                    time_basis: TimeBasis::Published,
                    first_seen_at: time,
                    fingerprint: fingerprint(&title, has_body.then_some(body.as_str()), Some("en")),
                    title,
                }
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_a_batch_does_not_matter(
        (items, shuffled) in batch().prop_flat_map(|items| (Just(items.clone()), Just(items).prop_shuffle())),
    ) {
        let options = options();
        let none = Neighbourhood::default();
        prop_assert_eq!(decide(&items, &none, NEXT, &options), decide(&shuffled, &none, NEXT, &options));
    }

    #[test]
    fn every_article_is_in_one_story_and_every_evidence_is_bounded(items in batch()) {
        let plan = decide(&items, &Neighbourhood::default(), NEXT, &options());
        let mut seen: BTreeMap<ArticleId, usize> = BTreeMap::new();
        for member in plan.stories.iter().flat_map(|story| &story.members) {
            *seen.entry(*member).or_default() += 1;
        }
        prop_assert_eq!(seen.len(), items.len());
        prop_assert!(seen.values().all(|n| *n == 1));
        for edge in &plan.edges {
            prop_assert!((0.0..=1.0).contains(&edge.resemblance));
            prop_assert!(edge.containment_of_copy <= 1.0 && edge.containment_of_source <= 1.0);
            prop_assert!(edge.copy != edge.source);
        }
        for link in &plan.story_links {
            prop_assert!(link.a < link.b && (0.0..=1.0).contains(&link.score));
        }
    }
}
