-- Rows of a batch lie all over an index by hash, each on a page of its own. They are written to a small table beside the large
-- one, and go over in stretches of keys; a row is in one of the two (store::analysis::recent).
CREATE TABLE shingle_recent (
  hash       INTEGER NOT NULL,
  article_id INTEGER NOT NULL,
  PRIMARY KEY (hash, article_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE story_term_recent (
  term      INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  story_id  INTEGER NOT NULL,
  weight    REAL NOT NULL,
  PRIMARY KEY (term, last_time, story_id)
) STRICT, WITHOUT ROWID;

-- What is to be added to the large table: a frequency is the sum of both.
CREATE TABLE term_document_frequency_recent (
  term     INTEGER PRIMARY KEY,
  n_change INTEGER NOT NULL
) STRICT;

-- Found by either end, and redirects by where they lead: each was a walk over the whole table.
CREATE INDEX story_link_b ON story_link(story_b);
CREATE INDEX story_redirect_into ON story_redirect(into_id);
