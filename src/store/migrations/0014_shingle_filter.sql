-- One bit for every 32 neighboring hashes: whether any of them is in the table `shingle` (store::analysis::filter). Made from the
-- table when rows next go over to it.
CREATE TABLE shingle_filter (
  piece INTEGER PRIMARY KEY,  -- hash / 524,288
  bits  BLOB NOT NULL
) STRICT;
