//! What uses an object, as far as texts tell.

use smol_str::SmolStr;

use super::constraint::ConstraintKind;
use super::fact::Fact;
use super::objects::{Catalog, ObjectKey};
use super::table::Table;

impl Catalog {
    /// True if something other than the object itself names it: a trigger, view or policy, a default, a constraint, an
    /// index. What has a text that is not known may do so.
    pub fn mentions(&self, object: &ObjectKey) -> bool {
        let name = bare_name(&object.name);
        let in_objects = self.objects.iter().any(|(key, other)| {
            key != object
                && other
                    .definition
                    .known()
                    .is_none_or(|text| has_word(text, &name))
        });
        in_objects || self.tables.values().any(|table| table.mentions(&name))
    }
}

impl Table {
    fn mentions(&self, name: &str) -> bool {
        let named = |fact: &Fact<Option<SmolStr>>| {
            let text = fact.known().and_then(Option::as_ref);
            text.is_some_and(|text| has_word(text, name))
        };
        let in_columns = self
            .columns
            .iter()
            .any(|column| named(&column.default) || named(&column.generated));
        let in_constraints = self.constraints.iter().any(|one| match &one.kind {
            ConstraintKind::Check { expression, .. } => {
                expression.known().is_some_and(|text| has_word(text, name))
            }
            ConstraintKind::Exclude { definition, .. } => {
                definition.known().is_some_and(|text| has_word(text, name))
            }
            _ => false,
        });
        let in_indexes = self
            .indexes
            .iter()
            .filter_map(|index| index.definition.known())
            .any(|index| {
                index.keys.iter().any(|key| has_word(&key.text, name))
                    || index
                        .predicate
                        .as_ref()
                        .is_some_and(|text| has_word(text, name))
            });
        in_columns || in_constraints || in_indexes
    }
}

/// True if a text names an object, whatever is said of its schema and arguments.
pub fn is_named_in(text: &str, object: &str) -> bool {
    has_word(text, &bare_name(object))
}

/// The name without schema and arguments, in lower case.
fn bare_name(object: &str) -> String {
    let name = object.split('(').next().unwrap_or_default();
    name.rsplit('.').next().unwrap_or_default().to_lowercase()
}

/// True if a text has a word, which is in lower case.
fn has_word(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words.any(|one| one == word)
}
