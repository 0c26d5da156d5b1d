//! How much two texts have in common.

use rustc_hash::FxHashMap;

/// How many of the lines of two pieces of Python both have, in percent. Blanks at their ends, empty lines and comments do
/// not count.
pub fn shared_lines(one: &str, other: &str) -> usize {
    let all = lines(one).count() + lines(other).count();
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    for line in lines(one) {
        *counts.entry(line).or_default() += 1;
    }
    let mut shared: usize = 0;
    for line in lines(other) {
        if let Some(count) = counts.get_mut(line)
            && *count > 0
        {
            *count -= 1;
            shared += 2;
        }
    }
    (shared * 100).checked_div(all).unwrap_or(100)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_often_as_both_have_them() {
        assert_eq!(shared_lines("a\nb\n", "b\n  a\n\n# c\n"), 100);
        assert_eq!(shared_lines("a\na\n", "a\nb\n"), 50);
        assert_eq!(shared_lines("a\n", "b\n"), 0);
        assert_eq!(shared_lines("", ""), 100);
    }
}
