//! What users see: the JSON and table shapes, with a schema number.
