-- A story's own index terms stand with it: gathered from the index they lay scattered over as many pages as it has terms, for
-- each story that a batch is compared with.
ALTER TABLE story ADD COLUMN index_terms BLOB NOT NULL DEFAULT x'';  -- numbers and weights of its rows in story_term
DROP INDEX story_term_story;
