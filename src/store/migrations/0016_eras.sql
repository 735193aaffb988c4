-- The rows of closed stories lie by the time of their latest article now, in eras (store::analysis::recent), and only then by
-- term. They are derived: the next analysis replays the recorded runs.
DELETE FROM story_term;
UPDATE corpus_statistics SET value = 0 WHERE name = 'algorithm_version';
