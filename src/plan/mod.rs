//! Old state, input and now to what is written; no I/O.
