//! "Did you mean".

/// How many letters may be wrong in a name.
const MAX_DISTANCE: usize = 3;

/// The name that was meant by what is written, if one is close enough; of equally close ones the first by name.
pub fn closest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    closest_within(MAX_DISTANCE, written, names)
}

/// The same with a distance of one's own.
pub fn closest_within<'n>(
    most: usize,
    written: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let written = written.to_ascii_lowercase();
    let names = names.into_iter();
    let (distance, name) = names
        .map(|name| {
            let distance = strsim::levenshtein(&written, &name.to_ascii_lowercase());
            (distance, name)
        })
        .min()?;
    (distance <= most).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["ignore", "select", "Users"];
        assert_eq!(closest("ignor", names), Some("ignore"));
        assert_eq!(closest("users", names), Some("Users"));
        assert_eq!(closest("something", names), None);
        assert_eq!(closest_within(0, "ignor", names), None);
        assert_eq!(closest("a", []), None);
    }
}
