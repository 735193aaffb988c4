-- When an article was first read as an origin, and when its outlet joined a story that had an origin of another outlet.
-- Derived: a rebuild replays it.
CREATE TABLE origin_event (
  article_id INTEGER PRIMARY KEY REFERENCES article(id),
  outlet_id  INTEGER REFERENCES outlet(id),
  seen_at    INTEGER NOT NULL,                 -- `now` of the run that read it so first
  joined_at  INTEGER                           -- `now` of the run in which it was no longer the first of its story
) STRICT;
CREATE INDEX origin_event_joined ON origin_event(joined_at) WHERE joined_at IS NOT NULL;
