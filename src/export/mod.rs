//! Views to bytes in each format; all escaping lives here.
