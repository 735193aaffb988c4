-- How many articles a thread has is asked with each batch: the index answers it without its stories' rows.
DROP INDEX story_thread;
CREATE INDEX story_thread ON story(thread_id, n_articles);
-- A hash sets three bits of the filter of shingles now (store::analysis::filter), and threads are joined by other rules. What is
-- derived is derived again: the next analysis replays the recorded runs.
DELETE FROM shingle_filter;
UPDATE corpus_statistics SET value = 0 WHERE name = 'algorithm_version';
