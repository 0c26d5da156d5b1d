//! `CREATE` of types, sequences and other objects.

use smol_str::SmolStr;

use super::Reader;
use crate::catalog::{
    AnswerForm, CatalogQuestion, Condition, Ddl, Fact, ObjectKind, QuestionField, QuestionKind,
    QuestionValue, SequenceChange,
};
use crate::dialect::Dialect;

impl Reader<'_> {
    pub(super) fn create(&mut self) -> Option<Vec<Ddl>> {
        let or_replace = self.cursor.take_all(&["or", "replace"]);
        if self.source.dialect == Dialect::MySql {
            self.mysql_prefixes();
        }
        let temporary = self.cursor.take("temporary") || self.cursor.take("temp");
        for word in ["unlogged", "constraint", "recursive", "trusted", "default"] {
            self.cursor.take(word);
        }
        let ddl = if self.cursor.take("type") {
            self.create_type()?
        } else if self.cursor.take("sequence") {
            return self.create_sequence();
        } else if self.cursor.take_all(&["virtual", "table"]) {
            let _ = self.cursor.if_not_exists();
            Ddl::Opaque {
                what: "CREATE VIRTUAL TABLE".to_owned(),
                names: vec![self.cursor.name()?],
            }
        } else if let Some(kind) = self.kind() {
            return self.create_object(kind, or_replace, temporary);
        } else {
            return None;
        };
        Some(vec![ddl])
    }

    /// `DEFINER = x SQL SECURITY INVOKER` and its like.
    fn mysql_prefixes(&mut self) {
        let start = self.cursor.here();
        let is_view_or_code = ["view", "trigger", "function", "procedure", "event"]
            .iter()
            .any(|word| self.cursor.has(word));
        if self.cursor.is("algorithm") || self.cursor.is("definer") || self.cursor.is("sql") {
            while is_view_or_code
                && !["view", "trigger", "function", "procedure", "event"]
                    .iter()
                    .any(|word| self.cursor.is(word))
                && self.cursor.here() >= start
                && self.cursor.peek().is_some()
            {
                self.cursor.skip();
            }
        }
    }

    fn create_type(&mut self) -> Option<Ddl> {
        let name = self.cursor.name()?;
        if self.cursor.take_all(&["as", "enum"]) {
            let start = self.cursor.here();
            let inside = self.cursor.parentheses()?;
            let labels = match self.labels(inside) {
                Some(labels) => Fact::Known(labels),
                None => Fact::Unknown(self.source.why(start..self.cursor.here())),
            };
            return Some(Ddl::CreateEnum {
                name,
                labels,
                if_not_exists: false,
            });
        }
        Some(self.create_named(ObjectKind::Composite, name))
    }

    fn labels(&self, inside: std::ops::Range<usize>) -> Option<Vec<SmolStr>> {
        let mut cursor = super::Cursor::new(self.source, inside);
        let mut labels = Vec::new();
        while cursor.peek().is_some() {
            labels.push(cursor.string()?);
            if !cursor.take_punctuation(",") && cursor.peek().is_some() {
                return None;
            }
        }
        Some(labels)
    }

    fn create_sequence(&mut self) -> Option<Vec<Ddl>> {
        let if_not_exists = self.cursor.if_not_exists();
        let name = self.cursor.name()?;
        let data_type = self.sequence_type();
        let mut owned_by = None;
        if self.cursor.skip_past(&["owned"]) {
            self.cursor.take("by");
            owned_by = self.owned_by()?;
        }
        let create = Ddl::CreateSequence {
            name: name.clone(),
            owned_by,
            if_not_exists,
        };
        let Some(data_type) = data_type else {
            return Some(vec![create]);
        };
        let made = vec![
            create,
            Ddl::AlterSequence {
                name: name.clone(),
                change: SequenceChange::Type(data_type),
                if_exists: false,
            },
        ];
        if !if_not_exists {
            return Some(made);
        }
        // One that is there keeps its type.
        Some(vec![Ddl::If {
            condition: Condition::Exists(sequence_named(&name)).negated(),
            then: made,
            otherwise: Vec::new(),
        }])
    }

    fn create_named(&self, kind: ObjectKind, name: SmolStr) -> Ddl {
        Ddl::CreateObject {
            kind,
            name,
            on: None,
            definition: self.definition(),
            if_not_exists: false,
            or_replace: false,
        }
    }

    fn create_object(
        &mut self,
        kind: ObjectKind,
        or_replace: bool,
        temporary: bool,
    ) -> Option<Vec<Ddl>> {
        if temporary {
            return Some(vec![Ddl::Nothing]);
        }
        if kind == ObjectKind::Role && self.cursor.is("mapping") {
            return Some(vec![Ddl::Nothing]);
        }
        let if_not_exists = self.cursor.if_not_exists();
        let name = if kind == ObjectKind::Schema && self.cursor.take("authorization") {
            self.cursor.name()?
        } else if kind == ObjectKind::Statistics && self.cursor.is("on") {
            // The database makes a name.
            return None;
        } else {
            self.object_name(kind)?
        };
        let on = match kind {
            ObjectKind::Trigger | ObjectKind::Policy => Some(self.on()?),
            ObjectKind::Rule => {
                // `AS ON UPDATE TO table`
                if !self.cursor.skip_past(&["to"]) {
                    return None;
                }
                Some(self.cursor.name()?)
            }
            ObjectKind::Statistics => {
                let _ = self.cursor.skip_past(&["from"]);
                self.cursor.name()
            }
            _ => None,
        };
        // What a schema is made with comes after it.
        let has_elements = kind == ObjectKind::Schema
            && ["create", "grant"].iter().any(|word| self.cursor.has(word));
        let mut made = vec![Ddl::CreateObject {
            kind,
            name: name.clone(),
            on,
            definition: self.definition(),
            if_not_exists,
            or_replace,
        }];
        if has_elements {
            made.push(Ddl::Opaque {
                what: format!("CREATE SCHEMA {name} with objects"),
                names: Vec::new(),
            });
        }
        Some(made)
    }
}

fn sequence_named(name: &str) -> CatalogQuestion {
    let (schema, bare) = name.rsplit_once('.').unwrap_or(("public", name));
    CatalogQuestion {
        about: QuestionKind::Sequence,
        conditions: vec![
            (QuestionField::Schema, QuestionValue::Text(schema.into())),
            (QuestionField::Name, QuestionValue::Text(bare.into())),
        ],
        answer: AnswerForm::Exists,
    }
}
