//! One line of an archive: the article it stands for.

use crate::canonical::{self, Rules};
use crate::import::articles::ImportedArticle;
use crate::model::{BodyState, OutletRegister, Timestamp};
use crate::plan::{OutletPlan, VersionPlan};

/// An imported article about to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportPlan {
    /// Canonical URL, or `import:NAMESPACE:ID`.
    pub identity: String,
    /// The address, when there is one.
    pub url: Option<String>,
    /// The import's namespace.
    pub namespace: String,
    /// The id in the import.
    pub external_id: String,
    /// The outlet, by the address's host or the name given.
    pub outlet: Option<OutletPlan>,
    /// What it says.
    pub version: VersionPlan,
}

/// Decides what an imported article is.
///
/// Two lines of one import with different ids may share an address (captures of one page at two times, or a careless
/// archive); they stay two articles, because the archive says so: `is_taken` tells whether another id of the same
/// namespace already holds the address.
#[must_use]
pub fn import(
    article: ImportedArticle,
    namespace: &str,
    rules: &Rules,
    register: &OutletRegister,
    now: Timestamp,
) -> ImportPlan {
    let canonical = article.url.as_deref().and_then(|url| canonical::canonical(url, rules).ok());
    let outlet = canonical
        .as_ref()
        .and_then(|url| OutletPlan::for_host(&url.host, register))
        .map(|plan| with_given_name(plan, article.outlet.as_deref()))
        .or_else(|| article.outlet.as_deref().and_then(|name| named_outlet(name, register)));
    let body_state = if article.body.is_some() { BodyState::Complete } else { BodyState::Missing };
    ImportPlan {
        identity: canonical.map_or_else(|| own_identity(namespace, &article.id), |url| url.identity),
        url: article.url,
        namespace: namespace.to_owned(),
        external_id: article.id,
        outlet,
        version: VersionPlan {
            source: "import",
            title: article.title,
            byline: (!article.authors.is_empty()).then(|| article.authors.join(", ")),
            language: article.language,
            published: article.published.map(|claim| claim.observed_at(now)),
            updated: article.updated.map(|claim| claim.observed_at(now)),
            body: article.body,
            body_state,
            ..VersionPlan::default()
        },
    }
}

/// An outlet the register lacks is called what the archive calls it, unless that is only its host.
fn with_given_name(plan: OutletPlan, given: Option<&str>) -> OutletPlan {
    match given.map(str::trim) {
        Some(name) if !plan.from_register && !name.is_empty() && !name.contains('.') => {
            OutletPlan { name: name.to_owned(), ..plan }
        }
        _ => plan,
    }
}

/// The identity of an imported article that has no address of its own.
#[must_use]
pub fn own_identity(namespace: &str, external_id: &str) -> String {
    format!("import:{namespace}:{external_id}")
}

fn named_outlet(name: &str, register: &OutletRegister) -> Option<OutletPlan> {
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    let known = register.by_host(name).or_else(|| {
        register.outlets().iter().find(|outlet| {
            outlet.name.eq_ignore_ascii_case(name)
                || outlet.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
        })
    });
    Some(known.map_or_else(
        || OutletPlan { domain: name.to_lowercase(), name: name.to_owned(), kind: "unknown", ..OutletPlan::default() },
        OutletPlan::from_register,
    ))
}
