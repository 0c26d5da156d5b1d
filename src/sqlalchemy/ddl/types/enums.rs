//! Enums: their names and labels, native or as text.

use smol_str::{SmolStr, format_smolstr};

use super::{EnumType, TypeCheck, TypeDdl, TypeReader};
use crate::catalog::{Fact, Why};
use crate::dialect::Dialect;
use crate::python::Host;
use crate::python::ast::Name;
use crate::python::value::{Call, ObjectId, Value};
use crate::sqlalchemy::ddl::text::{quoted, text_of};

impl<H: Host> TypeReader<'_, '_, H> {
    pub(super) fn enumeration(&mut self, construct: &str, call: &Call) -> Option<TypeDdl> {
        let (name, labels) = self.enum_parts(call)?;
        let keyword = |name: &str| call.keyword(name).and_then(|found| found.value.as_bool());
        let is_native = construct == "ENUM" || keyword("native_enum") != Some(false);
        if self.semantics.dialect == Dialect::MySql && is_native {
            let labels = labels.known()?;
            let quoted: Vec<String> = labels.iter().map(|label| quoted(label)).collect();
            return Some(TypeDdl::plain(format!("enum({})", quoted.join(","))));
        }
        if !is_native || self.semantics.dialect == Dialect::Sqlite {
            let length = match call.keyword("length").map(|found| &found.value) {
                Some(Value::Int(length)) => *length,
                Some(Value::None) | None => labels
                    .known()?
                    .iter()
                    .map(|label| label.chars().count() as i64)
                    .max()
                    .unwrap_or_default(),
                Some(_) => return None,
            };
            let mut varchar = self.varchar(length);
            let is_checked = match keyword("create_constraint") {
                Some(flag) => flag,
                // The default until SQLAlchemy 1.4.
                None => self.semantics.sqlalchemy < (1, 4),
            };
            if is_checked && let Fact::Known(labels) = labels {
                varchar.check = Some((name, TypeCheck::Labels(labels)));
            }
            return Some(varchar);
        }
        let Some(name) = name else {
            // Of an enum that is a class of a library the name is not known.
            labels.known()?;
            let error = "PostgreSQL needs a name for the enum type";
            return Some(TypeDdl {
                error: Some(error.to_owned()),
                ..TypeDdl::unknown(Why::new(error, None))
            });
        };
        // `create_type` belongs to `postgresql.ENUM`; `sa.Enum` knows it since SQLAlchemy 2.1.
        let says_no = keyword("create_type") == Some(false)
            && (construct == "ENUM" || self.semantics.sqlalchemy >= (2, 1));
        let has_metadata = call
            .keyword("metadata")
            .is_some_and(|found| !matches!(found.value, Value::None))
            && self.semantics.sqlalchemy < (2, 1);
        Some(TypeDdl {
            spelling: Fact::Known(name.clone()),
            enum_type: Some(EnumType {
                name,
                labels,
                is_created: !says_no && !has_metadata,
            }),
            is_integer: false,
            check: None,
            error: None,
            written: None,
        })
    }

    /// The name and the labels of an enum; the name is `None` where there is none.
    pub(super) fn enum_parts(
        &mut self,
        call: &Call,
    ) -> Option<(Option<SmolStr>, Fact<Vec<SmolStr>>)> {
        let mut name = match call.keyword("name").map(|found| found.value.clone()) {
            None | Some(Value::None) => None,
            Some(value) => Some(SmolStr::new(text_of(&value, self.interpreter)?)),
        };
        let positional: Vec<Value> = call
            .positional()
            .map(|argument| argument.value.clone())
            .collect();
        let mut labels = Vec::new();
        let mut is_known = true;
        match positional.as_slice() {
            [Value::Class(class)] if self.interpreter.is_enum(*class) => {
                if name.is_none() {
                    let class = self.interpreter.class(*class)?;
                    name = Some(SmolStr::new(class.def.name.to_lowercase()));
                }
                let callable = call
                    .keyword("values_callable")
                    .filter(|found| !matches!(found.value, Value::None))
                    .map(|found| (found.value.clone(), found.at));
                match callable {
                    Some((function, at)) => {
                        let values = self.called(&function, vec![Value::Class(*class)], at);
                        let items = values.and_then(|values| {
                            self.interpreter
                                .heap
                                .elements(&values)
                                .map(<[Value]>::to_vec)
                        });
                        match items {
                            Some(items) => {
                                for item in &items {
                                    match text_of(item, self.interpreter) {
                                        Some(text) => labels.push(SmolStr::new(text)),
                                        None => is_known = false,
                                    }
                                }
                            }
                            None => is_known = false,
                        }
                    }
                    None => match self.member_names(*class, call) {
                        Some(names) => labels.extend(names),
                        None => is_known = false,
                    },
                }
            }
            [only @ (Value::Tuple(_) | Value::Object(_))] => {
                let items = self.interpreter.heap.elements(only).map(<[Value]>::to_vec);
                for item in items.unwrap_or_default() {
                    match text_of(&item, self.interpreter) {
                        Some(text) => labels.push(SmolStr::new(text)),
                        None => is_known = false,
                    }
                }
            }
            items => {
                for item in items {
                    match text_of(item, self.interpreter) {
                        Some(text) => labels.push(SmolStr::new(text)),
                        None => is_known = false,
                    }
                }
            }
        }
        if let Some(bare) = &name
            && let Some(schema) = call.keyword("schema")
            && let Some(schema) = schema.value.as_str()
            && &**schema != "public"
        {
            name = Some(format_smolstr!("{schema}.{bare}"));
        }
        let labels = if is_known && !call.open {
            Fact::Known(labels)
        } else {
            Fact::Unknown(Why::new(
                format!(
                    "the labels of `{}` are not known",
                    name.as_deref().unwrap_or("an enum")
                ),
                None,
            ))
        };
        Some((name, labels))
    }
    /// The names of the members of a class. `omit_aliases` is the default since SQLAlchemy 2.0.
    fn member_names(&self, class: ObjectId, call: &Call) -> Option<Vec<Name>> {
        let all = self.interpreter.members(class);
        let first = self.interpreter.members_without_aliases(class);
        let omits = match call.keyword("omit_aliases") {
            Some(said) => said.value.as_bool(),
            None => Some(self.semantics.sqlalchemy >= (2, 0)),
        };
        let members = match omits {
            Some(true) => first,
            None if all.len() > first.len() => return None,
            _ => all,
        };
        Some(members.into_iter().map(|(name, _)| name).collect())
    }
}
