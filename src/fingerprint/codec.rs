//! A small binary encoding for digests: variable-length integers, bounded reads of untrusted bytes.

use thiserror::Error;

/// Why stored bytes could not be read.
#[derive(Debug, Error, PartialEq, Eq, Clone, Copy)]
pub enum DecodeError {
    /// The bytes end in the middle of a value.
    #[error("encoding is cut short")]
    Truncated,
    /// The version byte is not ours.
    #[error("encoding has unknown version {0}")]
    UnknownVersion(u8),
    /// A count is larger than anything this program writes.
    #[error("encoding claims {0} elements")]
    TooMany(u64),
    /// A value is out of its range or order.
    #[error("encoding has an impossible value")]
    Invalid,
    /// Bytes are left over at the end.
    #[error("encoding has trailing bytes")]
    Trailing,
}

/// Reads values off the front of a byte slice.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the front.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// How many bytes are left.
    #[must_use]
    pub fn n_left(&self) -> usize {
        self.bytes.len()
    }

    /// Takes `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.bytes.split_at_checked(n).ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        Ok(head)
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        Ok(self.take(1)?[0])
    }

    /// An unsigned integer of variable length.
    #[inline(always)]
    pub fn unsigned(&mut self) -> Result<u64, DecodeError> {
        // Most numbers are differences and small.
        match self.bytes {
            [low @ 0..0x80, rest @ ..] => {
                self.bytes = rest;
                Ok(u64::from(*low))
            }
            [low, high @ 0..0x80, rest @ ..] => {
                self.bytes = rest;
                Ok(u64::from(*low & 0x7f) | u64::from(*high) << 7)
            }
            _ => self.long_unsigned(),
        }
    }

    #[inline(never)]
    fn long_unsigned(&mut self) -> Result<u64, DecodeError> {
        if let [low, middle, high @ 0..0x80, rest @ ..] = self.bytes {
            self.bytes = rest;
            return Ok(u64::from(*low & 0x7f) | u64::from(*middle & 0x7f) << 7 | u64::from(*high) << 14);
        }
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(DecodeError::Invalid);
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Invalid)
    }

    /// An unsigned integer that fits 32 bits.
    #[inline(always)]
    pub fn unsigned_32(&mut self) -> Result<u32, DecodeError> {
        u32::try_from(self.unsigned()?).map_err(|_| DecodeError::Invalid)
    }

    /// A signed integer (zigzag).
    #[inline(always)]
    pub fn signed(&mut self) -> Result<i64, DecodeError> {
        let value = self.unsigned()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    /// A number of elements, at most `limit`; each element takes at least one byte.
    pub fn count(&mut self, limit: usize) -> Result<usize, DecodeError> {
        let claimed = self.unsigned()?;
        match usize::try_from(claimed) {
            Ok(n) if n <= limit && n <= self.bytes.len() => Ok(n),
            Ok(n) if n <= limit => Err(DecodeError::Truncated),
            _ => Err(DecodeError::TooMany(claimed)),
        }
    }

    /// A finite float.
    pub fn float(&mut self) -> Result<f32, DecodeError> {
        let bytes = self.take(4)?.try_into().map_err(|_| DecodeError::Truncated)?;
        let value = f32::from_le_bytes(bytes);
        if value.is_finite() { Ok(value) } else { Err(DecodeError::Invalid) }
    }

    /// Text of at most `limit` bytes.
    pub fn text(&mut self, limit: usize) -> Result<String, DecodeError> {
        let n = self.count(limit)?;
        String::from_utf8(self.take(n)?.to_vec()).map_err(|_| DecodeError::Invalid)
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Ends the reading; nothing may be left.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(DecodeError::Trailing) }
    }
}

/// Appends an unsigned integer of variable length.
#[inline]
pub fn write_unsigned(out: &mut Vec<u8>, value: u64) {
    // Most numbers are differences and small.
    let part = |shift: u32| (value >> shift) as u8;
    match value {
        0..0x80 => out.push(part(0)),
        0x80..0x4000 => out.extend_from_slice(&[part(0) | 0x80, part(7)]),
        0x4000..0x20_0000 => out.extend_from_slice(&[part(0) | 0x80, part(7) | 0x80, part(14)]),
        _ => write_long_unsigned(out, value),
    }
}

fn write_long_unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed integer (zigzag).
#[inline]
pub fn write_signed(out: &mut Vec<u8>, value: i64) {
    write_unsigned(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// Appends a text with its length.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    write_unsigned(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_survive() {
        let bits = (0..63).flat_map(|bit| [(1 << bit) - 1, 1 << bit, -(1 << bit)]);
        for value in bits.chain([0, i64::MAX, i64::MIN]) {
            let mut bytes = Vec::new();
            write_signed(&mut bytes, value);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.signed(), Ok(value));
            assert_eq!(reader.finish(), Ok(()));
        }
        assert_eq!(Reader::new(&[0xff; 12]).unsigned(), Err(DecodeError::Invalid));
        assert_eq!(Reader::new(&[0x80]).unsigned(), Err(DecodeError::Truncated));
        assert_eq!(Reader::new(&[0xff, 0xff, 0x03]).count(10), Err(DecodeError::TooMany(65_535)));
    }
}
