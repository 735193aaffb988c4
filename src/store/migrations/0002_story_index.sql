-- The index of top terms in order of time: the stories of a stretch of time that have a term are read from one end, however
-- many older and newer ones there are.
DROP TABLE story_term;
CREATE TABLE story_term (
  term      INTEGER NOT NULL,
  last_time INTEGER NOT NULL,                  -- of the story: its latest article
  story_id  INTEGER NOT NULL,
  weight    REAL NOT NULL,
  PRIMARY KEY (term, last_time, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_term_story ON story_term(story_id);
