//! Enum classes and their members.

use rustc_hash::FxHashSet;

use super::{Host, Interpreter};
use crate::python::ast::Name;
use crate::python::value::{CallArgument, Instance, Names, Object, ObjectId, Place, Reason, Value};

/// Classes of the standard library that make enums.
const ENUM_BASES: &[&str] = &[
    "enum.Enum",
    "enum.IntEnum",
    "enum.StrEnum",
    "enum.Flag",
    "enum.IntFlag",
    "enum.ReprEnum",
];

impl<H: Host> Interpreter<'_, H> {
    /// True if the class is an enum: one of its bases outside the repository is one of the standard library's.
    pub fn is_enum(&self, id: ObjectId) -> bool {
        let (_, outside) = self.ancestry(id);
        outside.iter().any(|base| {
            base.qualified_name()
                .is_some_and(|name| ENUM_BASES.contains(&name.as_str()))
        })
    }

    /// Turns what the body of an enum class binds into its members.
    pub(super) fn finish_enum(&mut self, id: ObjectId) {
        if !self.is_enum(id) {
            return;
        }
        let Some(class) = self.class(id) else { return };
        let (names, at) = (class.scope.names, class.at);
        let is_string = self
            .ancestry(id)
            .1
            .iter()
            .any(|base| Self::is_named(base, &["enum.StrEnum"]));
        let bound: Vec<(Name, Value)> = self
            .heap
            .namespace(names)
            .map(|namespace| {
                namespace
                    .names
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect()
            })
            .unwrap_or_default();
        let is_flag = (self.ancestry(id).1.iter())
            .any(|base| Self::is_named(base, &["enum.Flag", "enum.IntFlag"]));
        let has_own_values = ["__new__", "_generate_next_value_"]
            .iter()
            .any(|name| self.inherited_attribute(id, name).is_some());
        let is_text = (self.ancestry(id).1.iter()).any(|base| Self::is_named(base, &["str"]));
        let mut counter: i64 = 0;
        let mut members: Vec<(Value, ObjectId)> = Vec::new();
        for (name, value) in bound {
            if name.starts_with('_')
                || matches!(
                    value,
                    Value::Function(_) | Value::Class(_) | Value::Import(_)
                )
            {
                continue;
            }
            let is_auto = value.as_call().is_some_and(|call| {
                call.callee
                    .qualified_name()
                    .is_some_and(|name| name == "enum.auto")
            });
            let value = if has_own_values || (is_auto && is_text) {
                Value::unknown(Reason::Unsupported("a value an enum makes itself"), at)
            } else if is_auto && is_flag {
                Value::Int(next_flag(counter))
            } else if is_auto && is_string {
                Value::known_str(name.to_lowercase(), at)
            } else if is_auto {
                Value::Int(counter.saturating_add(1))
            } else {
                value
            };
            if let Value::Int(number) = value {
                counter = number;
            }
            // A name for a value that has one already is an alias.
            self.spend(members.len());
            let known = members
                .iter()
                .find(|(known, _)| self.equals(known, &value) == Some(true))
                .map(|(_, member)| *member);
            if let Some(member) = known {
                if let Some(namespace) = self.heap.namespace_mut(names) {
                    namespace.names.insert(name, Value::Instance(member));
                }
                continue;
            }
            let mut attributes = Names::default();
            for key in ["name", "_name_"] {
                attributes.insert(Name::new_static(key), Value::known_str(name.as_str(), at));
            }
            for key in ["value", "_value_"] {
                attributes.insert(Name::new_static(key), value.clone());
            }
            let member = self.heap.allocate(Object::Instance(Instance {
                class: id,
                names: attributes,
            }));
            members.push((value, member));
            if let Some(namespace) = self.heap.namespace_mut(names) {
                namespace.names.insert(name, Value::Instance(member));
            }
        }
    }

    /// The members of an enum class in order of definition, aliases included.
    pub fn members(&self, id: ObjectId) -> Vec<(Name, ObjectId)> {
        let Some(class) = self.class(id) else {
            return Vec::new();
        };
        let Some(namespace) = self.heap.namespace(class.scope.names) else {
            return Vec::new();
        };
        namespace
            .names
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Instance(member) => match self.heap.get(*member) {
                    Object::Instance(instance) if instance.class == id => {
                        Some((name.clone(), *member))
                    }
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }

    /// The members of an enum class under their first names, as it gives them out one after the other.
    pub fn members_without_aliases(&self, id: ObjectId) -> Vec<(Name, ObjectId)> {
        let mut members = self.members(id);
        let mut seen = FxHashSet::default();
        members.retain(|(_, member)| seen.insert(*member));
        members
    }

    pub(super) fn enum_members(&mut self, id: ObjectId, at: Place) -> Value {
        if !self.is_enum(id) {
            return Value::unknown(Reason::Attribute(Name::new_static("__members__")), at);
        }
        let items = self
            .members(id)
            .into_iter()
            .map(|(name, member)| (Value::known_str(name.as_str(), at), Value::Instance(member)))
            .collect();
        Value::Object(self.heap.allocate(Object::Dict(items)))
    }

    pub(super) fn enum_by_value(
        &mut self,
        id: ObjectId,
        arguments: &[CallArgument],
        at: Place,
    ) -> Value {
        let wanted = arguments.first().map(|argument| argument.value.clone());
        for (_, member) in self.members(id) {
            let value = match self.heap.get(member) {
                Object::Instance(instance) => instance.names.get("value").cloned(),
                _ => None,
            };
            if let (Some(value), Some(wanted)) = (value, &wanted)
                && self.equals(&value, wanted) == Some(true)
            {
                return Value::Instance(member);
            }
        }
        Value::unknown(Reason::Operation, at)
    }
}

/// The smallest power of two above all flags so far.
fn next_flag(highest: i64) -> i64 {
    let mut flag: i64 = 1;
    while flag <= highest {
        match flag.checked_mul(2) {
            Some(next) => flag = next,
            None => break,
        }
    }
    flag
}
