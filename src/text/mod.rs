//! Words: Unicode segmentation, folding, stems, sentences, language guess.
