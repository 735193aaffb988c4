//! Disjoint sets of articles.

use std::collections::BTreeMap;

use crate::model::ArticleId;

/// Articles joined pair by pair.
#[derive(Debug, Default)]
pub(super) struct Sets {
    parent: BTreeMap<ArticleId, ArticleId>,
}

impl Sets {
    /// The smallest article of the set.
    fn root(&self, mut article: ArticleId) -> ArticleId {
        while let Some(parent) = self.parent.get(&article).filter(|parent| **parent != article) {
            article = *parent;
        }
        article
    }

    pub(super) fn union(&mut self, a: ArticleId, b: ArticleId) {
        self.parent.entry(a).or_insert(a);
        self.parent.entry(b).or_insert(b);
        let (a, b) = (self.root(a), self.root(b));
        self.parent.insert(a.max(b), a.min(b));
    }

    /// The sets, members ascending.
    pub(super) fn components(&self) -> Vec<Vec<ArticleId>> {
        let mut found: BTreeMap<ArticleId, Vec<ArticleId>> = BTreeMap::new();
        for article in self.parent.keys() {
            found.entry(self.root(*article)).or_default().push(*article);
        }
        found.into_values().collect()
    }
}
