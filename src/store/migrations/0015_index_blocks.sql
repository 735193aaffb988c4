-- Rows of the indexes by hash are short and many: a row of a table each, they took three to four times their own size. A row of
-- these tables is a block of them (store::analysis::blocks), from `first` up to the next block's. They are derived: the next
-- analysis replays the recorded runs.
DROP TABLE shingle;
DROP TABLE shingle_recent;
DROP TABLE story_term;
DROP TABLE story_term_recent;
DROP TABLE term_document_frequency;
DROP TABLE term_document_frequency_recent;
-- The filter's bits stand for 16 hashes each from now on, in pieces of 2,000 bytes, two to a page.
DELETE FROM shingle_filter;
DELETE FROM corpus_statistics WHERE name IN ('n_recent_shingles', 'next_shingle', 'shingle_filter', 'n_recent_story_terms',
  'next_story_term', 'latest_large_story', 'n_recent_frequencies', 'next_frequency');
UPDATE corpus_statistics SET value = 0 WHERE name = 'algorithm_version';

CREATE TABLE shingle (
  first   INTEGER PRIMARY KEY,
  entries BLOB NOT NULL
) STRICT;

CREATE TABLE shingle_recent (
  first   INTEGER PRIMARY KEY,
  entries BLOB NOT NULL
) STRICT;

CREATE TABLE story_term (
  first   INTEGER PRIMARY KEY,
  entries BLOB NOT NULL
) STRICT;

CREATE TABLE story_term_recent (
  first   INTEGER PRIMARY KEY,
  entries BLOB NOT NULL
) STRICT;

CREATE TABLE term_document_frequency (
  first   INTEGER PRIMARY KEY,
  entries BLOB NOT NULL
) STRICT;

CREATE TABLE term_document_frequency_recent (
  first   INTEGER PRIMARY KEY,
  entries BLOB NOT NULL
) STRICT;
