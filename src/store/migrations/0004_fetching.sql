-- What a poll has to remember until the next document, and where validators of pages came from.
ALTER TABLE feed_state ADD COLUMN skip_hours TEXT;             -- JSON array of hours (UTC), null when none
ALTER TABLE feed_state ADD COLUMN skip_days TEXT;              -- JSON array of days (0 Monday), null when none
ALTER TABLE feed_state ADD COLUMN syndication_minutes INTEGER;
ALTER TABLE feed_state ADD COLUMN entries_per_week REAL;       -- the observed rhythm
ALTER TABLE feed_state ADD COLUMN last_new_at INTEGER;         -- last new entry
ALTER TABLE feed_state ADD COLUMN last_body_at INTEGER;        -- last document read; a 304 does not count
ALTER TABLE article_state ADD COLUMN validators_url TEXT;
-- Validators of redirected addresses were noted under the address asked; they may be sent to no other.
UPDATE feed_state SET etag = NULL, last_modified = NULL, validators_url = NULL;
UPDATE article_state SET etag = NULL, last_modified = NULL;
