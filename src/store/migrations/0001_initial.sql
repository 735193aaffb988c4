-- Facts are append-only; feed_state and article_state are our own working state; derived tables are rebuilt by `analyze --rebuild`.
-- Times are UTC seconds. Claimed dates keep raw text, UTC seconds (null when unknown), offset in minutes, precision and flags
-- (1 future, 2 impossible, 4 zone unknown).

---------------------------------------------------------------- facts
CREATE TABLE outlet (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  domain        TEXT NOT NULL UNIQUE,          -- primary domain: the outlet's key
  name          TEXT NOT NULL,
  country       TEXT,
  language      TEXT,
  kind          TEXT NOT NULL DEFAULT 'unknown',
  from_register INTEGER NOT NULL DEFAULT 0,
  added_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE feed (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  url        TEXT NOT NULL UNIQUE,
  outlet_id  INTEGER REFERENCES outlet(id),
  title      TEXT,
  tags       TEXT NOT NULL DEFAULT '[]',       -- JSON array of strings
  opml       TEXT,                             -- JSON object of unknown OPML attributes, kept for export
  added_by   TEXT NOT NULL,                    -- register, opml, user
  added_at   INTEGER NOT NULL,
  removed_at INTEGER                           -- a removal is a fact: the row stays
) STRICT;

CREATE TABLE feed_event (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  feed_id     INTEGER NOT NULL REFERENCES feed(id),
  happened_at INTEGER NOT NULL,
  kind        TEXT NOT NULL,                   -- added, removed, restored, edited, moved, gone
  detail      TEXT
) STRICT;
CREATE INDEX feed_event_feed ON feed_event(feed_id);

CREATE TABLE poll (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  feed_id       INTEGER NOT NULL REFERENCES feed(id),
  started_at    INTEGER NOT NULL,
  outcome       TEXT NOT NULL,                 -- new, unchanged, retry-after, gone, failed
  failure_kind  TEXT,
  reason        TEXT,
  http_status   INTEGER,
  final_url     TEXT,
  n_entries     INTEGER NOT NULL DEFAULT 0,
  n_new         INTEGER NOT NULL DEFAULT 0,
  n_wire_bytes  INTEGER NOT NULL DEFAULT 0,
  warnings      TEXT                           -- JSON array, null when none
) STRICT;
CREATE INDEX poll_feed ON poll(feed_id, started_at);

CREATE TABLE article (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  identity      TEXT NOT NULL UNIQUE,          -- canonical URL, or import:NAMESPACE:ID
  url           TEXT,                          -- address to show and to scrape; null for imports without one
  outlet_id     INTEGER REFERENCES outlet(id),
  namespace     TEXT,                          -- of an import
  external_id   TEXT,                          -- id in the import
  first_seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX article_outlet ON article(outlet_id);

-- The same article imported again under another id keeps every id.
CREATE TABLE article_import (
  namespace   TEXT NOT NULL,
  external_id TEXT NOT NULL,
  article_id  INTEGER NOT NULL REFERENCES article(id),
  PRIMARY KEY (namespace, external_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX article_import_article ON article_import(article_id);

-- Every other address known to lead to the article: as listed, after redirects, AMP twin, rel=canonical.
CREATE TABLE article_url (
  identity   TEXT PRIMARY KEY,
  article_id INTEGER NOT NULL REFERENCES article(id),
  kind       TEXT NOT NULL,                    -- redirect, canonical, amp, google-news
  seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  feed_id       INTEGER NOT NULL REFERENCES feed(id),
  article_id    INTEGER REFERENCES article(id),
  entry_key     TEXT NOT NULL,                 -- guid, else canonical URL, else hash of title and date
  guid          TEXT,
  url           TEXT,
  title         TEXT,
  author        TEXT,
  source_title  TEXT,
  source_url    TEXT,
  published_raw TEXT, published_at INTEGER, published_offset INTEGER, published_precision TEXT, published_flags INTEGER NOT NULL DEFAULT 0,
  updated_raw   TEXT, updated_at INTEGER, updated_offset INTEGER, updated_precision TEXT, updated_flags INTEGER NOT NULL DEFAULT 0,
  tags          TEXT,                          -- JSON array, null when none
  content_hash  INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  UNIQUE (feed_id, entry_key)
) STRICT;
CREATE INDEX entry_article ON entry(article_id);

CREATE TABLE version (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  article_id    INTEGER NOT NULL REFERENCES article(id),
  seen_at       INTEGER NOT NULL,
  source        TEXT NOT NULL,                 -- feed, page, import
  title         TEXT,
  byline        TEXT,
  language      TEXT,
  published_raw TEXT, published_at INTEGER, published_offset INTEGER, published_precision TEXT, published_flags INTEGER NOT NULL DEFAULT 0,
  updated_raw   TEXT, updated_at INTEGER, updated_offset INTEGER, updated_precision TEXT, updated_flags INTEGER NOT NULL DEFAULT 0,
  body          TEXT,                          -- null: none, or pruned
  body_state    TEXT NOT NULL,
  credit_lines  TEXT,                          -- JSON array, null when none
  content_hash  INTEGER NOT NULL               -- of title, byline and body
) STRICT;
CREATE INDEX version_article ON version(article_id, id);

CREATE TABLE link (
  version_id INTEGER NOT NULL REFERENCES version(id),
  position   INTEGER NOT NULL,
  url        TEXT NOT NULL,
  anchor     TEXT NOT NULL,
  sentence   TEXT NOT NULL,
  PRIMARY KEY (version_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE scrape (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  article_id   INTEGER NOT NULL REFERENCES article(id),
  started_at   INTEGER NOT NULL,
  outcome      TEXT NOT NULL,                  -- version, unchanged, no-text, failed
  failure_kind TEXT,
  reason       TEXT,
  http_status  INTEGER,
  final_url    TEXT,
  n_wire_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX scrape_article ON scrape(article_id);

CREATE TABLE decision (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  made_at   INTEGER NOT NULL,
  kind      TEXT NOT NULL,                     -- merge, split, pin, title, hold, undo
  payload   TEXT NOT NULL,                     -- JSON object naming articles, never derived ids alone
  after_run INTEGER NOT NULL                   -- the last analysis run it follows: its place in a replay
) STRICT;

CREATE TABLE analysis_run (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  now         INTEGER NOT NULL,                -- the `now` the run was given
  recorded_at INTEGER NOT NULL,
  n_inputs    INTEGER NOT NULL
) STRICT;

CREATE TABLE analysis_input (
  run_id     INTEGER NOT NULL REFERENCES analysis_run(id),
  version_id INTEGER NOT NULL REFERENCES version(id),
  PRIMARY KEY (run_id, version_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX analysis_input_version ON analysis_input(version_id);

---------------------------------------------------------------- working state
CREATE TABLE feed_state (
  feed_id           INTEGER PRIMARY KEY REFERENCES feed(id),
  enabled           INTEGER NOT NULL DEFAULT 1,
  kind              TEXT,
  link              TEXT,
  language          TEXT,
  hubs              TEXT,                      -- JSON array
  etag              TEXT,
  last_modified     TEXT,
  validators_url    TEXT,                      -- the address the validators belong to
  next_poll_at      INTEGER NOT NULL DEFAULT 0,
  last_poll_at      INTEGER,
  last_success_at   INTEGER,
  n_failures        INTEGER NOT NULL DEFAULT 0,
  interval_s        INTEGER,
  fresh_until       INTEGER,
  ttl_minutes       INTEGER,
  permanent_url     TEXT,
  n_permanent       INTEGER NOT NULL DEFAULT 0,
  permanent_since   INTEGER
) STRICT;
CREATE INDEX feed_state_due ON feed_state(next_poll_at) WHERE enabled = 1;

CREATE TABLE host_state (
  host           TEXT PRIMARY KEY,
  not_before     INTEGER NOT NULL DEFAULT 0,
  robots         TEXT,
  robots_status  INTEGER,
  robots_until   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE article_state (
  article_id      INTEGER PRIMARY KEY REFERENCES article(id),
  current_version INTEGER REFERENCES version(id),
  next_scrape_at  INTEGER,                     -- null: never again
  n_scrapes       INTEGER NOT NULL DEFAULT 0,
  etag            TEXT,
  last_modified   TEXT,
  page_state      TEXT                         -- how the last scrape ended, for people
) STRICT;
CREATE INDEX article_state_due ON article_state(next_scrape_at) WHERE next_scrape_at IS NOT NULL;

-- Articles whose current version no analysis run has seen yet.
CREATE TABLE pending_analysis (
  article_id INTEGER PRIMARY KEY REFERENCES article(id)
) STRICT;

-- Ids of derived things are never reused, not even by a rebuild: the next free number lives here.
CREATE TABLE id_sequence (
  name    TEXT PRIMARY KEY,                    -- story, thread, near_duplicate_group
  next_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO id_sequence VALUES ('story', 1), ('thread', 1), ('near_duplicate_group', 1);

-- An id that a rebuild or a merge retired still resolves.
CREATE TABLE story_redirect (
  story_id INTEGER PRIMARY KEY,
  into_id  INTEGER NOT NULL
) STRICT;

---------------------------------------------------------------- derived
-- What analysis knows of an article's current version. `fingerprint` is fingerprint::encode's own format.
CREATE TABLE analyzed_article (
  article_id        INTEGER PRIMARY KEY REFERENCES article(id),
  version_id        INTEGER NOT NULL REFERENCES version(id),
  algorithm_version INTEGER NOT NULL,
  event_time        INTEGER NOT NULL,
  event_time_basis  TEXT NOT NULL,             -- published, updated, first-seen
  language          TEXT,
  group_id          INTEGER,
  story_id          INTEGER,
  role              TEXT,
  role_evidence     TEXT,                      -- JSON object
  membership        TEXT,                      -- JSON object: why it is in its story
  fingerprint       BLOB NOT NULL
) STRICT;
CREATE INDEX analyzed_article_group ON analyzed_article(group_id) WHERE group_id IS NOT NULL;
CREATE INDEX analyzed_article_story ON analyzed_article(story_id, event_time);

CREATE TABLE shingle (
  hash       INTEGER NOT NULL,
  article_id INTEGER NOT NULL,
  PRIMARY KEY (hash, article_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE term_document_frequency (
  term        INTEGER PRIMARY KEY,
  n_documents INTEGER NOT NULL
) STRICT;

CREATE TABLE corpus_statistics (
  name  TEXT PRIMARY KEY,                      -- n_documents
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Directed: `copy_id` has its text from `source_id` (the earlier one).
CREATE TABLE near_duplicate (
  copy_id               INTEGER NOT NULL,
  source_id             INTEGER NOT NULL,
  algorithm_version     INTEGER NOT NULL,
  containment_of_copy   REAL NOT NULL,         -- share of the copy's shingles found in the source
  containment_of_source REAL NOT NULL,
  resemblance           REAL NOT NULL,
  n_shared              INTEGER NOT NULL,      -- shingles
  grade                 TEXT NOT NULL,         -- copy, partial
  PRIMARY KEY (copy_id, source_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX near_duplicate_source ON near_duplicate(source_id);

CREATE TABLE story (
  id                INTEGER PRIMARY KEY,
  algorithm_version INTEGER NOT NULL,
  thread_id         INTEGER,
  first_time        INTEGER NOT NULL,
  last_time         INTEGER NOT NULL,
  n_articles        INTEGER NOT NULL,
  n_outlets         INTEGER NOT NULL,
  n_origins         INTEGER,
  n_unsure          INTEGER,
  title             TEXT NOT NULL,
  language          TEXT,
  first_report      TEXT,                      -- JSON object: article, basis, confidence
  created_at        INTEGER NOT NULL,
  changed_at        INTEGER NOT NULL,
  state             BLOB NOT NULL              -- cluster::StoryState's own format
) STRICT;
CREATE INDEX story_last_time ON story(last_time);
CREATE INDEX story_thread ON story(thread_id);

-- The hot index: top terms of stories; closed stories leave it.
CREATE TABLE story_term (
  term     INTEGER NOT NULL,
  story_id INTEGER NOT NULL,
  weight   REAL NOT NULL,
  PRIMARY KEY (term, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_term_story ON story_term(story_id);

CREATE TABLE story_link (
  story_a  INTEGER NOT NULL,
  story_b  INTEGER NOT NULL,
  score    REAL NOT NULL,
  evidence TEXT NOT NULL,                      -- JSON object
  PRIMARY KEY (story_a, story_b)
) STRICT, WITHOUT ROWID;

CREATE TABLE attribution (
  article_id        INTEGER NOT NULL,
  position          INTEGER NOT NULL,
  algorithm_version INTEGER NOT NULL,
  kind              TEXT NOT NULL,
  outlet_name       TEXT NOT NULL,
  outlet_domain     TEXT,
  cue               TEXT NOT NULL,
  sentence          TEXT NOT NULL,
  PRIMARY KEY (article_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX attribution_domain ON attribution(outlet_domain);

-- Full text over headlines and bodies. Text is segmented by us before it is put in (CJK and Thai as bigrams).
CREATE VIRTUAL TABLE article_text USING fts5 (
  title, body, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2"
);
-- Articles whose current text is not in the full-text index yet: it is filled in batches off the write path.
CREATE TABLE pending_text (
  article_id INTEGER PRIMARY KEY
) STRICT;
