-- Saved queries and what they raised. Both are facts: a removal is noted, an alert stays.
CREATE TABLE watch (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  query         TEXT NOT NULL,                 -- as typed
  alert_on      TEXT NOT NULL,                 -- JSON array of new, origin, headline
  command       TEXT,                          -- JSON array: the program and its arguments
  webhook       TEXT,                          -- the address alerts are posted to
  added_at      INTEGER NOT NULL,
  removed_at    INTEGER,
  after_version INTEGER NOT NULL,              -- the last version stored when it was added: nothing up to it is news
  checked_run   INTEGER NOT NULL               -- the last analysis run it was held against
) STRICT;

CREATE TABLE alert (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  watch_id     INTEGER NOT NULL REFERENCES watch(id),
  kind         TEXT NOT NULL,                  -- new, origin, headline
  article_id   INTEGER NOT NULL REFERENCES article(id),
  version_id   INTEGER NOT NULL DEFAULT 0,     -- of a changed headline; 0 otherwise
  story_id     INTEGER NOT NULL,               -- the article's story then
  story_title  TEXT NOT NULL,
  title        TEXT NOT NULL,
  before       TEXT,                           -- the old headline
  raised_at    INTEGER NOT NULL,
  state        TEXT NOT NULL,                  -- waiting, delivered, given-up
  n_attempts   INTEGER NOT NULL DEFAULT 0,
  attempted_at INTEGER,
  failure      TEXT,                           -- why the last attempt failed
  UNIQUE (watch_id, kind, article_id, version_id)
) STRICT;
CREATE INDEX alert_waiting ON alert(id) WHERE state = 'waiting';

-- Working state: the articles that match a standing watch.
CREATE TABLE watch_article (
  watch_id   INTEGER NOT NULL REFERENCES watch(id),
  article_id INTEGER NOT NULL REFERENCES article(id),
  PRIMARY KEY (watch_id, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX watch_article_article ON watch_article(article_id);
