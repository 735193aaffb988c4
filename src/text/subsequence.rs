//! The longest common subsequence of two lists.

/// Positions of a longest common subsequence of two lists, in pairs and in order. Costs time and memory by the product of
/// their lengths: for headlines and names, not for whole texts.
#[must_use]
pub fn longest_common<T: PartialEq>(a: &[T], b: &[T]) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    let mut lengths = vec![0_u32; (a.len() + 1) * width];
    for (i, left) in a.iter().enumerate().rev() {
        for (j, right) in b.iter().enumerate().rev() {
            lengths[i * width + j] = if left == right {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            found.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_common_in_order() {
        let check = |a: &[u8], b: &[u8], expected: &[(usize, usize)]| assert_eq!(longest_common(a, b), expected);
        check(b"abcd", b"xbyd", &[(1, 1), (3, 3)]);
        check(b"abc", b"abc", &[(0, 0), (1, 1), (2, 2)]);
        check(b"ab", b"ba", &[(1, 0)]);
        check(b"", b"a", &[]);
    }
}
