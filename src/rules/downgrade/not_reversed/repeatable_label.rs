//! Labels of enums that may stay, if `upgrade` lets them be there.

use crate::catalog::{Difference, Subject};
use crate::rules::difference::LabelsApart;

/// How `upgrade` adds the label that is left, so that the next upgrade passes; `None` where it is not the label that fails.
pub(super) fn of(differences: &[&Difference], next_failure: Option<&str>) -> Option<String> {
    let first = differences.first()?;
    let apart = LabelsApart::of(first).filter(|_| first.subject == Subject::Enum)?;
    let label = apart.here.first()?;
    let is_it = next_failure?.starts_with(&format!("label `{label}`"));
    (is_it && apart.there.is_empty()).then(|| format!("ADD VALUE IF NOT EXISTS '{label}'"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::Change;

    #[test]
    fn only_where_the_label_fails() {
        let labels = Difference {
            subject: Subject::Enum,
            change: Change::Changed("labels"),
            object: "mood".to_owned(),
            from: json!(["calm"]),
            to: json!(["calm", "cross"]),
            place: None,
        };
        let of = |failure| of(&[&labels], failure);
        assert_eq!(
            of(Some("label `cross` of type `mood` already exists")).as_deref(),
            Some("ADD VALUE IF NOT EXISTS 'cross'")
        );
        assert_eq!(of(Some("column `mood` already exists")), None);
        assert_eq!(of(None), None);
    }
}
