//! HTTP: caps, politeness, conditional GET, robots; the only user of reqwest.
