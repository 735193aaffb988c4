//! A body as it arrives: counted on the wire, unpacked while it streams, cut at the cap.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::headers;

/// What is asked for; everything else a server packs with is refused.
pub(super) const ACCEPT_ENCODING: &str = "gzip, br";

/// Bytes brotli unpacks at a time.
const BROTLI_BUFFER: usize = 16 * 1024;

/// Unpacks the chunks of one answer.
pub(super) struct BodyReader {
    decoder: Decoder,
    n_wire_bytes: u64,
}

/// Why a body is of no use.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// More than the cap after unpacking.
    TooLarge,
    /// It can't be unpacked.
    Damaged(String),
}

enum Decoder {
    Plain(Capped),
    Gzip(Box<MultiGzDecoder<Capped>>),
    Brotli(Box<DecompressorWriter<Capped>>),
}

/// Takes bytes until the cap.
struct Capped {
    bytes: Vec<u8>,
    cap: usize,
    is_full: bool,
}

impl BodyReader {
    /// Starts with what the headers say about the packing.
    pub(super) fn new(got: &HeaderMap, cap: usize) -> Result<Self, BodyError> {
        let capped = Capped { bytes: Vec::new(), cap, is_full: false };
        let packings: Vec<String> = headers::texts(got, CONTENT_ENCODING)
            .iter()
            .flat_map(|value| value.split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty() && name != "identity")
            .collect();
        let decoder = match packings.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => Decoder::Plain(capped),
            ["gzip" | "x-gzip"] => Decoder::Gzip(Box::new(MultiGzDecoder::new(capped))),
            ["br"] => Decoder::Brotli(Box::new(DecompressorWriter::new(capped, BROTLI_BUFFER))),
            // Packing twice is how bombs are made; nobody else does it.
            _ => {
                let reason = format!("packed as {}, which nobody asked for", packings.join(", "));
                return Err(BodyError::Damaged(reason));
            }
        };
        Ok(Self { decoder, n_wire_bytes: 0 })
    }

    /// Takes the next chunk as it came over the wire.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), BodyError> {
        self.n_wire_bytes += chunk.len() as u64;
        let result = match &mut self.decoder {
            Decoder::Plain(capped) => capped.write_all(chunk),
            Decoder::Gzip(decoder) => decoder.write_all(chunk),
            Decoder::Brotli(decoder) => decoder.write_all(chunk),
        };
        self.judge(result)
    }

    /// Ends the body; returns its bytes and how many came over the wire.
    pub(super) fn finish(mut self) -> Result<(Vec<u8>, u64), BodyError> {
        // An empty answer is empty, whatever it claims to be packed with.
        if self.n_wire_bytes > 0 {
            let result = match &mut self.decoder {
                Decoder::Plain(_) => Ok(()),
                Decoder::Gzip(decoder) => decoder.try_finish(),
                Decoder::Brotli(decoder) => decoder.close(),
            };
            self.judge(result)?;
        }
        let n_wire_bytes = self.n_wire_bytes;
        Ok((self.take(), n_wire_bytes))
    }

    /// The bytes unpacked so far, up to the cap.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.capped().bytes)
    }

    fn capped(&mut self) -> &mut Capped {
        match &mut self.decoder {
            Decoder::Plain(capped) => capped,
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Brotli(decoder) => decoder.get_mut(),
        }
    }

    fn judge(&mut self, result: io::Result<()>) -> Result<(), BodyError> {
        match result {
            Ok(()) => Ok(()),
            Err(_) if self.capped().is_full => Err(BodyError::TooLarge),
            Err(error) => Err(BodyError::Damaged(error.to_string())),
        }
    }
}

impl Write for Capped {
    fn write(&mut self, unpacked: &[u8]) -> io::Result<usize> {
        let room = self.cap - self.bytes.len();
        if unpacked.len() > room {
            self.bytes.extend_from_slice(&unpacked[..room]);
            self.is_full = true;
            return Err(io::Error::other("the cap is reached"));
        }
        self.bytes.extend_from_slice(unpacked);
        Ok(unpacked.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn read(packing: &'static str, chunks: &[&[u8]], cap: usize) -> Result<(Vec<u8>, u64), BodyError> {
        let mut got = HeaderMap::new();
        got.insert(CONTENT_ENCODING, HeaderValue::from_static(packing));
        let mut reader = BodyReader::new(&got, cap)?;
        for chunk in chunks {
            reader.push(chunk)?;
        }
        reader.finish()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn bytes_are_counted_on_the_wire() {
        let text = b"the same words again and again ".repeat(100);
        let packed = gzip(&text);
        assert!(packed.len() < 200);
        let expected = Ok((text.clone(), packed.len() as u64));
        assert_eq!(read("gzip", &[&packed], 10_000), expected);
        let bytes: Vec<&[u8]> = packed.chunks(1).collect();
        assert_eq!(read("x-gzip", &bytes, 10_000), expected);
        assert_eq!(read("", &[&text], 10_000), Ok((text.clone(), text.len() as u64)));
        // Two members one after the other are one text.
        let twice = [packed.as_slice(), packed.as_slice()];
        assert_eq!(read("gzip", &twice, 10_000).unwrap().0, text.repeat(2));
        assert_eq!(read("br", &[b"\x40\x00\x10hello\x03"], 10), Ok((b"hello".to_vec(), 9)));
    }

    #[test]
    fn caps_hold_after_unpacking() {
        let packed = gzip(&vec![0; 100_000]);
        assert_eq!(read("gzip", &[&packed], 99_999), Err(BodyError::TooLarge));
        assert_eq!(read("gzip", &[&packed], 100_000).unwrap().0.len(), 100_000);
        assert_eq!(read("identity", &[&[0; 11]], 10), Err(BodyError::TooLarge));
        assert_eq!(read("br", &[b"\x40\x00\x10hello\x03"], 4), Err(BodyError::TooLarge));
    }

    #[test]
    fn damage_is_told() {
        let packed = gzip(b"some words that are long enough to be cut in half somewhere");
        let mut wrong_sum = packed.clone();
        let sum = wrong_sum.len() - 5;
        wrong_sum[sum] ^= 1;
        for (packing, bytes) in [
            ("gzip", &packed[..packed.len() / 2]),
            ("gzip", &packed[..packed.len() - 3]),
            ("gzip", &wrong_sum[..]),
            ("gzip", b"not packed at all"),
            ("gzip, gzip", &packed[..]),
            ("deflate", b"x"),
            ("br", b"\x40\x00\x10hel"),
        ] {
            let result = read(packing, &[bytes], 10_000);
            assert!(matches!(result, Err(BodyError::Damaged(_))), "{packing} {result:?}");
        }
        assert_eq!(read("gzip", &[], 10), Ok((Vec::new(), 0)));
    }
}
