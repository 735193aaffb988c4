//! The laws of the archive, over made-up sequences of batches and editors' decisions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use copytaster::canonical::Rules;
use copytaster::cluster::decisions::constraints;
use copytaster::cluster::{ClusterOptions, decode_terms};
use copytaster::config::{clustering, settings::Settings, tables};
use copytaster::model::{ArticleId, StoryId, Timestamp};
use copytaster::pipeline::decisions::{Request, decide};
use copytaster::pipeline::{Tools, analyze, archive};
use copytaster::store::{Store, analysis, decisions};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rusqlite::types::ValueRef;

/// Everything that is derived, row by row; times of a change are those of the runs, which a rebuild replays.
const DERIVED: [&str; 5] = [
    "SELECT article_id, version_id, event_time, event_time_basis, language, group_id, story_id, role, role_evidence,
            membership, hex(fingerprint) FROM analyzed_article ORDER BY 1",
    "SELECT copy_id, source_id, containment_of_copy, containment_of_source, resemblance, n_shared, grade
     FROM near_duplicate ORDER BY 1, 2",
    "SELECT id, thread_id, first_time, last_time, n_articles, n_outlets, n_origins, n_unsure, title, language,
            first_report, hex(state) FROM story ORDER BY 1",
    "SELECT article_id, position, kind, outlet_name, outlet_domain, cue, sentence FROM attribution ORDER BY 1, 2",
    "SELECT story_a, story_b, score FROM story_link ORDER BY 1, 2",
];

const EVENTS: [(&str, &str); 4] = [
    (
        "Velmouth harbor closed after tanker leak",
        "The harbor of Velmouth was closed on Monday after a tanker leaked oil at the northern pier. Ida Brandt, who leads \
         the port authority, said that 40 workers laid booms through the night and that fishing boats must stay in port.",
    ),
    (
        "Corvina harbor closed after tanker leak",
        "The harbor of Corvina was closed on Monday after a tanker leaked oil at the southern pier. Tomas Well, who leads \
         the coast guard, said that 25 divers would look at the hull and that two ferries were sent to another town.",
    ),
    (
        "Pilots of Kestrel Air begin a strike",
        "Pilots of Kestrel Air began a strike at midnight over pay and hours of rest, their union said. About 60 flights \
         were cancelled at the airport of Marlow, and talks are to go on once both sides have named a mediator.",
    ),
    (
        "Der Hafen von Velmouth ist gesperrt",
        "Der Hafen von Velmouth wurde am Montag gesperrt, nachdem aus einem Tanker an der Nordmole Öl ausgelaufen war. Ida \
         Brandt von der Hafenbehörde sagte, 40 Arbeiter hätten in der Nacht Sperren gelegt, Boote müssten im Hafen bleiben.",
    ),
];

/// An article: which event it tells, in what form, from whom and with which date.
#[derive(Debug, Clone)]
struct Made {
    event: usize,
    form: u8,
    outlet: u8,
    date: u8,
}

impl Made {
    fn line(&self, id: usize) -> String {
        let (title, body) = EVENTS[self.event];
        let (title, body) = match self.form {
            0 => (title.to_owned(), body.to_owned()),
            1 => (
                format!("{title}, officials say"),
                format!("{body} More on this during the day, with pictures from there."),
            ),
            2 => {
                let (first, rest) = body.split_once(". ").unwrap();
                (title.to_owned(), format!("{rest} This is what we know so far: {first}."))
            }
            _ => (title.to_owned(), String::new()),
        };
        let published = match self.date {
            0 => serde_json::Value::Null,
            1 => "2035-01-01T00:00:00Z".into(),
            hour => format!("2025-11-25T{hour:02}:00:00Z").into(),
        };
        let outlet = self.outlet;
        serde_json::json!({
            "id": id.to_string(), "url": format!("https://outlet{outlet}.example/{id}"), "title": title, "body": body,
            "published": published
        })
        .to_string()
    }
}

/// What happens next; articles are numbered modulo those that are there.
#[derive(Debug, Clone)]
enum Step {
    Batch(Vec<Made>),
    Change(usize, Made),
    Merge(usize, usize),
    Split(usize),
    Pin(usize, usize),
    Title(usize),
    Hold(usize),
    Undo,
}

fn made() -> impl Strategy<Value = Made> {
    (0..EVENTS.len(), 0..4_u8, 0..4_u8, 0..12_u8).prop_map(|(event, form, outlet, date)| Made {
        event,
        form,
        outlet,
        date,
    })
}

fn batch() -> impl Strategy<Value = Vec<Made>> {
    proptest::collection::vec(made(), 1..5)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => batch().prop_map(Step::Batch),
        1 => (0..20_usize, made()).prop_map(|(at, made)| Step::Change(at, made)),
        1 => (0..20_usize, 0..20_usize).prop_map(|(a, b)| Step::Merge(a, b)),
        1 => (0..20_usize).prop_map(Step::Split),
        1 => (0..20_usize, 0..20_usize).prop_map(|(a, b)| Step::Pin(a, b)),
        1 => (0..20_usize).prop_map(Step::Title),
        1 => (0..20_usize).prop_map(Step::Hold),
        1 => Just(Step::Undo),
    ];
    (batch(), proptest::collection::vec(step, 1..8)).prop_map(|(first, mut steps)| {
        steps.insert(0, Step::Batch(first));
        steps
    })
}

fn tools() -> &'static Arc<Tools> {
    static TOOLS: OnceLock<Arc<Tools>> = OnceLock::new();
    TOOLS.get_or_init(|| tools_with(clustering::embedded().unwrap()))
}

fn tools_with(cluster: ClusterOptions) -> Arc<Tools> {
    Arc::new(Tools {
        rules: Rules::parse(include_str!("../../config/tracking_parameters.txt")),
        register: tables::embedded_register().unwrap(),
        lexicon: tables::embedded_lexicon().unwrap(),
        compiled: OnceLock::new(),
        cluster,
        sites: Settings::default().site_rules().unwrap(),
    })
}

/// A database of its own, with the lines that were imported last for each id.
struct Newsroom {
    store: Store,
    lines: Vec<String>,
    now: i64,
    _folder: tempfile::TempDir,
}

impl Newsroom {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("news.db")).unwrap();
        Self { store, lines: Vec::new(), now: 1_764_100_000, _folder: folder }
    }

    fn import(&mut self, lines: &[String]) -> (archive::ImportSummary, usize) {
        self.import_with(tools(), lines)
    }

    fn import_with(&mut self, tools: &Arc<Tools>, lines: &[String]) -> (archive::ImportSummary, usize) {
        self.now += 600;
        let now = Timestamp(self.now);
        let text = lines.join("\n");
        let summary = archive::import(&self.store, tools, "laws", text.as_bytes(), now).unwrap();
        let analyzed = analyze::pending(&self.store, tools, now, &|_| {}, &|| false).unwrap();
        (summary, analyzed.n_articles)
    }

    /// Takes a step; a decision that makes no sense is refused and changes nothing.
    fn take(&mut self, step: &Step) {
        let n = self.lines.len();
        let article = |at: usize| ArticleId(i64::try_from(at % n.max(1)).unwrap() + 1);
        let homes = self.homes();
        let story = |at: usize| StoryId(homes[&article(at).0]);
        let request = match step {
            Step::Batch(batch) => {
                let lines: Vec<String> = batch.iter().zip(n..).map(|(made, id)| made.line(id)).collect();
                self.lines.extend(lines.iter().cloned());
                self.import(&lines);
                return;
            }
            Step::Change(at, made) => {
                let id = at % n;
                // The address is the identity, and stays.
                let outlet = serde_json::from_str::<serde_json::Value>(&self.lines[id]).unwrap()["url"].clone();
                let mut line: serde_json::Value = serde_json::from_str(&made.line(id)).unwrap();
                line["url"] = outlet;
                self.lines[id] = line.to_string();
                let line = [self.lines[id].clone()];
                self.import(&line);
                return;
            }
            Step::Merge(a, b) => Request::Merge(vec![story(*a), story(*b)]),
            Step::Split(at) => Request::Split(story(*at), vec![article(*at)]),
            Step::Pin(a, b) => Request::Pin(article(*a), Some(story(*b))),
            Step::Title(at) => Request::Title(story(*at), format!("Given {at}")),
            Step::Hold(at) => Request::Hold(story(*at)),
            Step::Undo => Request::Undo(None),
        };
        self.decide(request);
    }

    fn decide(&mut self, request: Request) -> bool {
        self.now += 60;
        decide(&self.store, request, tools().lexicon.marks.clone(), Timestamp(self.now)).unwrap().is_ok()
    }

    /// The story of every article.
    fn homes(&self) -> BTreeMap<i64, i64> {
        self.store
            .write(|transaction| {
                let mut statement = transaction.prepare("SELECT article_id, story_id FROM analyzed_article")?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }

    /// The external ids that share a story, a thread or a near-duplicate group.
    fn partition(&self, column: &str) -> BTreeSet<BTreeSet<String>> {
        let sql = format!(
            "SELECT coalesce({column}, -d.article_id), a.external_id FROM analyzed_article d
             JOIN article a ON a.id = d.article_id JOIN story s ON s.id = d.story_id"
        );
        let rows: Vec<(i64, String)> = self
            .store
            .write(move |transaction| {
                let mut statement = transaction.prepare(&sql)?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .unwrap();
        let mut sets: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
        for (set, id) in rows {
            sets.entry(set).or_default().insert(id);
        }
        sets.into_values().collect()
    }

    /// The index of terms holds the terms that stand with the stories, and nothing else.
    fn assert_indexed(&self) {
        type Row = (i64, u32, i64, u32);
        let (mut expected, mut indexed): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
        let connection = Store::open_read_only(self.store.path()).unwrap();
        let mut stories = connection.prepare("SELECT id, last_time, index_terms FROM story").unwrap();
        let mut rows = stories.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let terms = decode_terms(&row.get::<_, Vec<u8>>(2).unwrap()).unwrap();
            let (id, last) = (row.get(0).unwrap(), row.get(1).unwrap());
            expected.extend(terms.into_iter().map(|(term, weight)| (id, term, last, weight.to_bits())));
        }
        let rows = analysis::index_rows(&connection).unwrap().story_terms;
        indexed.extend(rows.into_iter().map(|(term, last, story, weight)| (story.0, term, last.0, weight.to_bits())));
        expected.sort_unstable();
        indexed.sort_unstable();
        assert!(!expected.is_empty());
        assert_eq!(expected, indexed);
    }

    /// Moves every recent row of the indexes into the large tables.
    fn settle(&self) {
        self.store.write(analysis::settle_indexes).unwrap();
    }

    fn derived(&self) -> Vec<String> {
        dump(self.store.path())
    }

    /// What editors decided holds.
    fn assert_decided(&self) {
        let homes = self.homes();
        let asked = self.store.write(|transaction| Ok(constraints(&decisions::all(transaction)?))).unwrap();
        for (article, others) in &asked.apart {
            for other in others {
                assert_ne!(homes[&article.0], homes[&other.0], "{article} and {other} are apart");
            }
        }
        for set in &asked.together {
            let stories: BTreeSet<i64> = set.iter().map(|article| homes[&article.0]).collect();
            assert!(stories.len() <= 1, "{set:?} are together, not in {stories:?}");
        }
    }
}

fn dump(path: &Path) -> Vec<String> {
    let connection = Store::open_read_only(path).unwrap();
    let mut rows = Vec::new();
    for sql in DERIVED {
        let mut statement = connection.prepare(sql).unwrap();
        let n_columns = statement.column_count();
        let found = statement
            .query_map([], |row| {
                let values = (0..n_columns).map(|at| row.get_ref(at).map(shown));
                Ok(values.collect::<Result<Vec<_>, _>>()?.join(" "))
            })
            .unwrap();
        let table = sql.split("FROM ").nth(1).unwrap().split(' ').next().unwrap();
        rows.extend(found.map(|row| format!("{table}: {}", row.unwrap())));
    }
    let index = analysis::index_rows(&connection).unwrap();
    rows.extend(index.shingles.iter().map(|(hash, article)| format!("shingle: {hash} {article}")));
    rows.extend(
        index.story_terms.iter().map(|(term, _, story, weight)| format!("story_term: {term} {story} {weight}")),
    );
    rows.extend(index.document_frequencies.iter().map(|(term, n)| format!("term_document_frequency: {term} {n}")));
    rows
}

/// A value as a person reads it.
fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Null | ValueRef::Blob(_) => "-".to_owned(),
    }
}

fn assert_same(before: &[String], after: &[String]) {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
    let shown = |rows: Vec<&&String>| -> Vec<String> {
        rows.iter().take(4).map(|row| row.chars().take(700).collect()).collect()
    };
    let (gone, new) = (shown(before.difference(&after).collect()), shown(after.difference(&before).collect()));
    assert!(gone.is_empty() && new.is_empty(), "gone: {gone:#?}\nnew: {new:#?}");
}

/// The same few newsrooms in every run: each case is a database with several analyses. Raise `cases` and change the seed
/// to look further.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 40,
        max_shrink_iters: 60,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_251_125),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn ids_resolve_decisions_hold_and_a_rebuild_agrees(steps in steps()) {
        let mut room = Newsroom::new();
        let mut seen = BTreeSet::new();
        for step in &steps {
            let before = room.homes();
            room.take(step);
            room.assert_decided();
            room.assert_indexed();
            if matches!(step, Step::Batch(_)) {
                // What comes in merges stories and may take articles out of one; its id goes with most of them.
                let after = room.homes();
                let mut homes: BTreeMap<i64, BTreeMap<i64, usize>> = BTreeMap::new();
                for (article, old) in before {
                    *homes.entry(old).or_default().entry(after[&article]).or_insert(0) += 1;
                }
                for (old, homes) in homes {
                    let heir = room.store.write(move |transaction| decisions::resolve(transaction, StoryId(old))).unwrap();
                    let kept = heir.and_then(|heir| homes.get(&heir.0));
                    prop_assert_eq!(kept, homes.values().max(), "story {} is now {:?}", old, homes);
                }
            }
            seen.extend(room.homes().into_values());
        }
        let before = room.derived();
        let lines = room.lines.clone();
        let (summary, n_analyzed) = room.import(&lines);
        prop_assert_eq!((summary.n_new, summary.n_changed, n_analyzed), (0, 0, 0));
        assert_same(&before, &room.derived());
        analyze::rebuild(&room.store, tools()).unwrap();
        assert_same(&before, &room.derived());
        room.assert_decided();
        room.assert_indexed();
        for id in seen {
            let found = room.store.write(move |transaction| decisions::resolve(transaction, StoryId(id))).unwrap();
            prop_assert!(found.is_some(), "story {} leads nowhere", id);
        }
    }

    #[test]
    fn the_order_of_lines_does_not_matter(
        (batch, shuffled) in proptest::collection::vec(made(), 2..9).prop_flat_map(|batch| {
            let lines: Vec<String> = batch.iter().zip(0..).map(|(made, id)| made.line(id)).collect();
            (Just(lines.clone()), Just(lines).prop_shuffle())
        }),
    ) {
        let (mut one, mut other) = (Newsroom::new(), Newsroom::new());
        one.import(&batch);
        other.import(&shuffled);
        for column in ["story_id", "group_id"] {
            prop_assert_eq!(one.partition(column), other.partition(column));
        }
    }

    #[test]
    fn it_does_not_matter_where_the_rows_of_an_index_lie(steps in steps()) {
        let (mut one, mut other) = (Newsroom::new(), Newsroom::new());
        for step in &steps {
            one.take(step);
            other.take(step);
            other.settle();
            assert_same(&one.derived(), &other.derived());
            other.assert_indexed();
        }
    }

    // Not yet for every later batch: the undo sums a story's terms anew, with the document frequencies of its day, so that a
    // pair close to the threshold can be decided otherwise than it would have been.
    #[test]
    fn an_undo_restores_stories_ids_and_threads(
        first in batch(), second in batch(), (a, b) in (0..9_usize, 0..9_usize), kind in 0..5_u8,
    ) {
        let (mut plain, mut edited) = (Newsroom::new(), Newsroom::new());
        for room in [&mut plain, &mut edited] {
            room.take(&Step::Batch(first.clone()));
            room.take(&Step::Batch(second.clone()));
        }
        let n = edited.store.write(|transaction| Ok(decisions::all(transaction)?.len())).unwrap();
        edited.take(&match kind {
            0 => Step::Merge(a, b),
            1 => Step::Split(a),
            2 => Step::Pin(a, b),
            3 => Step::Title(a),
            _ => Step::Hold(a),
        });
        if edited.store.write(|transaction| Ok(decisions::all(transaction)?.len())).unwrap() > n {
            edited.take(&Step::Undo);
        }
        prop_assert_eq!(plain.homes(), edited.homes());
        prop_assert_eq!(plain.partition("thread_id"), edited.partition("thread_id"));
    }
}

/// A number given back by an undo stands for the younger story in a replay too, so that the next copy goes where it went.
#[test]
fn a_story_that_an_undo_gave_its_number_back_is_rebuilt_in_its_place() {
    let made = |event, form, outlet, date| Made { event, form, outlet, date };
    let mut room = Newsroom::new();
    for step in [
        Step::Batch(vec![made(2, 0, 0, 0), made(0, 0, 0, 0), made(0, 0, 0, 2)]),
        Step::Batch(vec![made(0, 0, 0, 0)]),
        Step::Merge(1, 0),
        Step::Batch(vec![made(2, 0, 0, 0)]),
        Step::Undo,
        Step::Batch(vec![made(0, 3, 1, 4), made(2, 1, 2, 9), made(1, 1, 3, 2)]),
    ] {
        room.take(&step);
    }
    let before = room.derived();
    analyze::rebuild(&room.store, tools()).unwrap();
    assert_same(&before, &room.derived());
}

/// What two events were taken for at first is mended once one of them has news: a database knows more by then.
#[test]
fn a_story_that_is_none_falls_apart_when_its_news_go_on() {
    let mut lax = clustering::embedded().unwrap();
    lax.text.threshold = -50.0;
    let lax = tools_with(lax);
    let line = |id: usize, event: usize, form, title: &str| {
        let made = Made { event, form, outlet: u8::try_from(id).unwrap(), date: u8::try_from(id).unwrap() + 2 };
        let mut line: serde_json::Value = serde_json::from_str(&made.line(id)).unwrap();
        line["title"] = title.into();
        line.to_string()
    };
    let pilots = line(0, 2, 0, "Pilots of Kestrel Air begin a strike")
        .replace("Pilots of Kestrel Air began", "Weeks after a tanker leaked oil, pilots of Kestrel Air began");
    let (corvina, more) =
        (line(1, 1, 0, "Ferries sent away from Corvina"), line(2, 1, 2, "Divers look at a hull in Corvina"));
    let mut room = Newsroom::new();
    room.import_with(&lax, &[pilots, corvina]);
    assert_eq!(room.homes(), BTreeMap::from([(1, 1), (2, 1)]), "one story of two events");
    room.import(&[more]);
    let homes = room.homes();
    assert_eq!(homes[&2], homes[&3]);
    assert_ne!(homes[&1], homes[&2]);
    assert_eq!(homes[&1], 1, "of two halves the one with the earlier article is the story");
    room.assert_indexed();
}

/// Pages are fetched again all the time: a new version is no news of its story, which would else be decided anew each time.
#[test]
fn a_new_version_of_an_article_reopens_nothing() {
    let mut lax = clustering::embedded().unwrap();
    lax.text.threshold = -50.0;
    let lax = tools_with(lax);
    let line = |id: usize, event: usize, form, outlet| Made { event, form, outlet, date: 5 }.line(id);
    let odd = line(0, 2, 0, 0)
        .replace("Pilots of Kestrel Air began", "Weeks after a tanker leaked oil, pilots of Kestrel Air began");
    let mut room = Newsroom::new();
    room.import_with(&lax, &[odd, line(1, 0, 0, 1), line(2, 0, 2, 2)]);
    assert_eq!(room.homes().into_values().collect::<BTreeSet<_>>().len(), 1);
    room.import(&[line(2, 0, 1, 2)]);
    assert_eq!(room.homes().into_values().collect::<BTreeSet<_>>().len(), 1);
}
