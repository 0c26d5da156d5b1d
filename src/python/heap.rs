//! The interpreter's mutable objects, with a journal so that both sides of a branch can be tried.

use std::cell::Cell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::python::value::{
    Function, Module, Names, Namespace, Object, ObjectId, Piece, Pieces, Place, Reason, SymbolKind,
    Unknown, Value,
};

/// Mutable objects by identity.
#[derive(Debug, Default)]
pub struct Heap {
    objects: Vec<Object>,
    /// What objects held before they were first written to since the innermost branch began.
    journal: Vec<(ObjectId, Object)>,
    /// For each open branch, where the journal stood and how many objects there were.
    branches: Vec<Branch>,
    /// How many names and elements were copied or joined since somebody asked.
    work: Cell<u64>,
}

/// A branch that has begun.
#[derive(Clone, Debug)]
pub struct Branch {
    journal_start: usize,
    object_count: usize,
    saved: rustc_hash::FxHashSet<ObjectId>,
}

/// What one side of a branch wrote.
#[derive(Debug, Default)]
pub struct Changes {
    objects: FxHashMap<ObjectId, Object>,
}

impl Heap {
    pub fn allocate(&mut self, object: Object) -> ObjectId {
        let id = ObjectId(self.objects.len() as u32);
        self.objects.push(object);
        id
    }

    pub fn get(&self, id: ObjectId) -> &Object {
        // Ids are only made by `allocate`, and objects are never removed.
        &self.objects[id.0 as usize]
    }

    /// Access for writing; the old content is kept if a branch is open.
    pub fn get_mut(&mut self, id: ObjectId) -> &mut Object {
        if let Some(branch) = self.branches.last_mut()
            && (id.0 as usize) < branch.object_count
            && branch.saved.insert(id)
        {
            let old = self.objects[id.0 as usize].clone();
            self.count(old.size());
            self.journal.push((id, old));
        }
        &mut self.objects[id.0 as usize]
    }

    /// The functions that namespaces hold.
    pub fn functions(&self) -> impl Iterator<Item = &Rc<Function>> {
        let names = self.objects.iter().filter_map(|object| match object {
            Object::Namespace(namespace) => Some(namespace.names.values()),
            _ => None,
        });
        names.flatten().filter_map(|value| match value {
            Value::Function(function) => Some(function),
            _ => None,
        })
    }

    pub fn namespace(&self, id: ObjectId) -> Option<&Namespace> {
        match self.get(id) {
            Object::Namespace(namespace) => Some(namespace),
            _ => None,
        }
    }

    pub fn namespace_mut(&mut self, id: ObjectId) -> Option<&mut Namespace> {
        match self.get_mut(id) {
            Object::Namespace(namespace) => Some(namespace),
            _ => None,
        }
    }

    pub fn module(&self, id: ObjectId) -> Option<&Module> {
        match self.get(id) {
            Object::Module(module) => Some(module),
            _ => None,
        }
    }

    /// The elements of a list, set or tuple; `None` where they are not known.
    pub fn elements<'a>(&'a self, value: &'a Value) -> Option<&'a [Value]> {
        match value {
            Value::Tuple(items) => Some(items),
            Value::Object(id) => self.get(*id).elements(),
            _ => None,
        }
    }

    /// Leaves all branches for a while: what is written now is no part of them.
    pub fn suspend_branches(&mut self) -> Vec<Branch> {
        std::mem::take(&mut self.branches)
    }

    /// Returns into the branches that were left.
    pub fn resume_branches(&mut self, branches: Vec<Branch>) {
        self.branches = branches;
    }

    /// Replaces what a name was bound to before the open branches began, too, where that was a definition put off: it is
    /// the same on both sides.
    pub fn settle(&mut self, namespace: ObjectId, name: &str, value: &Value) {
        for (id, old) in &mut self.journal {
            if *id == namespace
                && let Object::Namespace(old) = old
                && let Some(bound) = old.names.get_mut(name)
                && matches!(bound, Value::Import(import) if import.postponed.is_some())
            {
                *bound = value.clone();
            }
        }
    }

    /// Starts to record what is written.
    pub fn begin_branch(&mut self) {
        self.branches.push(Branch {
            journal_start: self.journal.len(),
            object_count: self.objects.len(),
            saved: rustc_hash::FxHashSet::default(),
        });
    }

    /// Ends the innermost branch: everything is as it was when it began, and what it wrote is returned.
    pub fn end_branch(&mut self) -> Changes {
        let mut changes = Changes::default();
        let Some(branch) = self.branches.pop() else {
            return changes;
        };
        for (id, old) in self.journal.split_off(branch.journal_start) {
            let new = std::mem::replace(&mut self.objects[id.0 as usize], old);
            changes.objects.insert(id, new);
        }
        changes
    }

    /// Brings both sides of a branch together: what they agree on is known, the rest depends on the condition.
    pub fn join(&mut self, one: &Changes, other: &Changes, at: Place) {
        let mut ids: Vec<ObjectId> = one
            .objects
            .keys()
            .chain(other.objects.keys())
            .copied()
            .collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let old = self.get(id).clone();
            let left = one.objects.get(&id).unwrap_or(&old);
            let right = other.objects.get(&id).unwrap_or(&old);
            let joined = self.join_objects(left, right, at);
            *self.get_mut(id) = joined;
        }
    }

    /// True if a side has changed what was there before it. New names do not count.
    pub fn is_changed_by(&self, changes: &Changes) -> bool {
        let names_changed = |old: &Names, new: &Names| {
            old.iter()
                .any(|(name, old)| !new.get(name).is_some_and(|new| self.is_unchanged(old, new)))
        };
        changes
            .objects
            .iter()
            .any(|(id, new)| match (self.get(*id), new) {
                (Object::Namespace(old), Object::Namespace(new)) => {
                    names_changed(&old.names, &new.names)
                }
                (Object::Instance(old), Object::Instance(new)) => {
                    names_changed(&old.names, &new.names)
                }
                // A module that was loaded meanwhile.
                (Object::Module(_), Object::Module(_)) | (Object::Class(_), Object::Class(_)) => {
                    false
                }
                _ => true,
            })
    }

    /// Takes over what one side wrote, because the other side does not come back here.
    pub fn apply(&mut self, changes: Changes) {
        let mut changes: Vec<(ObjectId, Object)> = changes.objects.into_iter().collect();
        changes.sort_unstable_by_key(|(id, _)| *id);
        for (id, object) in changes {
            *self.get_mut(id) = object;
        }
    }

    fn join_objects(&self, left: &Object, right: &Object, at: Place) -> Object {
        match (left, right) {
            (Object::Namespace(left), Object::Namespace(right)) => {
                let mut stars = left.stars.clone();
                stars.extend(
                    right
                        .stars
                        .iter()
                        .filter(|star| !left.stars.contains(star))
                        .cloned(),
                );
                Object::Namespace(Namespace {
                    names: self.join_names(&left.names, &right.names, at),
                    stars,
                    outer: left.outer.clone(),
                })
            }
            (Object::Instance(left), Object::Instance(right)) if left.class == right.class => {
                let names = self.join_names(&left.names, &right.names, at);
                Object::Instance(crate::python::value::Instance {
                    class: left.class,
                    names,
                })
            }
            (Object::List(left_items), Object::List(right_items))
                if self.same_items(left_items, right_items) =>
            {
                left.clone()
            }
            (Object::Set(left_items), Object::Set(right_items))
                if self.same_items(left_items, right_items) =>
            {
                left.clone()
            }
            (Object::Dict(left_items), Object::Dict(right_items))
                if left_items.len() == right_items.len()
                    && left_items.iter().zip(right_items).all(|(one, two)| {
                        self.same(&one.0, &two.0) && self.same(&one.1, &two.1)
                    }) =>
            {
                left.clone()
            }
            // A class or module is changed only through its namespace.
            (Object::Class(_), Object::Class(_)) | (Object::Module(_), Object::Module(_)) => {
                left.clone()
            }
            _ => Object::Lost(Rc::new(Unknown {
                reason: Reason::Condition,
                at,
            })),
        }
    }

    fn count(&self, elements: usize) {
        self.work.set(self.work.get() + elements as u64);
    }

    /// How many names and elements were copied or joined since this was last asked.
    pub(super) fn take_work(&self) -> u64 {
        self.work.take()
    }

    fn join_names(&self, left: &Names, right: &Names, at: Place) -> Names {
        self.count(left.len() + right.len());
        let mut joined = Names::default();
        for (name, value) in left {
            let value = match right.get(name) {
                Some(other) => self.join_values(value, other, at),
                None => Value::unknown(Reason::Condition, at),
            };
            joined.insert(name.clone(), value);
        }
        for name in right.keys() {
            if !left.contains_key(name) {
                joined.insert(name.clone(), Value::unknown(Reason::Condition, at));
            }
        }
        joined
    }

    /// The value that is one of two.
    pub fn join_values(&self, one: &Value, other: &Value, at: Place) -> Value {
        if self.is_unchanged(one, other) {
            one.clone()
        } else {
            Value::unknown(Reason::Condition, at)
        }
    }

    fn same_items(&self, one: &[Value], other: &[Value]) -> bool {
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|(one, other)| self.same(one, other))
    }

    /// True if a value is what it was, be it known or not.
    fn is_unchanged(&self, old: &Value, new: &Value) -> bool {
        match (old, new) {
            (Value::Unknown(old), Value::Unknown(new)) => Rc::ptr_eq(old, new),
            (Value::Tuple(old), Value::Tuple(new)) if Rc::ptr_eq(old, new) => true,
            (Value::Str(old_text), Value::Str(new_text)) => {
                match (&old_text.pieces, &new_text.pieces) {
                    (Pieces::Partial(old), Pieces::Partial(new)) => Rc::ptr_eq(old, new),
                    _ => self.same(old, new),
                }
            }
            _ => self.same(old, new),
        }
    }

    /// True if two values are certainly the same. Values of which something is unknown are not.
    pub fn same(&self, one: &Value, other: &Value) -> bool {
        self.same_to_depth(one, other, 16, &Cell::new(100_000))
    }

    fn same_to_depth(&self, one: &Value, other: &Value, depth: u32, budget: &Cell<u32>) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        let left = budget.get();
        budget.set(left.saturating_sub(1));
        if left == 0 {
            return false;
        }
        let same_items = |one: &[Value], other: &[Value]| {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| self.same_to_depth(one, other, depth, budget))
        };
        match (one, other) {
            (Value::None, Value::None) | (Value::Ellipsis, Value::Ellipsis) => true,
            (Value::Bool(one), Value::Bool(other)) => one == other,
            (Value::Int(one), Value::Int(other)) => one == other,
            (Value::Float(one), Value::Float(other)) => one.to_bits() == other.to_bits(),
            (Value::Str(one), Value::Str(other)) => match (&one.pieces, &other.pieces) {
                (Pieces::Known(one), Pieces::Known(other)) => one == other,
                (Pieces::Partial(one), Pieces::Partial(other)) => {
                    Rc::ptr_eq(one, other)
                        && one.iter().all(|piece| matches!(piece, Piece::Known(_)))
                }
                _ => false,
            },
            (Value::Tuple(one), Value::Tuple(other)) => same_items(one, other),
            (Value::Object(one), Value::Object(other)) => {
                one == other || {
                    match (self.get(*one), self.get(*other)) {
                        (Object::List(one), Object::List(other)) => same_items(one, other),
                        _ => false,
                    }
                }
            }
            (Value::Class(one), Value::Class(other))
            | (Value::Instance(one), Value::Instance(other))
            | (Value::Module(one), Value::Module(other)) => one == other,
            (Value::Function(one), Value::Function(other)) => Rc::ptr_eq(one, other),
            (Value::Method(one), Value::Method(other)) => Rc::ptr_eq(one, other),
            (Value::Builtin(one), Value::Builtin(other)) => one == other,
            (Value::Import(one), Value::Import(other)) => {
                one.module == other.module && one.attribute == other.attribute
            }
            (Value::Symbol(one), Value::Symbol(other)) => {
                Rc::ptr_eq(one, other)
                    || match (&one.kind, &other.kind) {
                        (SymbolKind::Name(one), SymbolKind::Name(other)) => one == other,
                        (
                            SymbolKind::Attribute {
                                base: one_base,
                                name: one,
                            },
                            SymbolKind::Attribute {
                                base: other_base,
                                name: other,
                            },
                        ) => {
                            one == other && self.same_to_depth(one_base, other_base, depth, budget)
                        }
                        (
                            SymbolKind::Item {
                                base: one_base,
                                key: one,
                            },
                            SymbolKind::Item {
                                base: other_base,
                                key: other,
                            },
                        ) => {
                            self.same_to_depth(one_base, other_base, depth, budget)
                                && self.same_to_depth(one, other, depth, budget)
                        }
                        (SymbolKind::Call(one), SymbolKind::Call(other)) => {
                            one.arguments.len() == other.arguments.len()
                                && !one.open
                                && !other.open
                                && self.same_to_depth(&one.callee, &other.callee, depth, budget)
                                && one
                                    .arguments
                                    .iter()
                                    .zip(&other.arguments)
                                    .all(|(one, other)| {
                                        one.name == other.name
                                            && self.same_to_depth(
                                                &one.value,
                                                &other.value,
                                                depth,
                                                budget,
                                            )
                                    })
                        }
                        _ => false,
                    }
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(heap: &Heap, id: ObjectId) -> Vec<i64> {
        let items = heap.get(id).elements().unwrap();
        items
            .iter()
            .map(|item| {
                if let Value::Int(number) = item {
                    *number
                } else {
                    -1
                }
            })
            .collect()
    }

    fn push(heap: &mut Heap, id: ObjectId, number: i64) {
        let Object::List(items) = heap.get_mut(id) else {
            panic!("a list")
        };
        items.push(Value::Int(number));
    }

    #[test]
    fn a_branch_is_undone_and_can_be_applied() {
        let mut heap = Heap::default();
        let id = heap.allocate(Object::List(vec![Value::Int(1)]));
        heap.begin_branch();
        push(&mut heap, id, 2);
        heap.begin_branch();
        push(&mut heap, id, 3);
        assert_eq!(list(&heap, id), [1, 2, 3]);
        let inner = heap.end_branch();
        assert_eq!(list(&heap, id), [1, 2]);
        heap.apply(inner);
        let outer = heap.end_branch();
        assert_eq!(list(&heap, id), [1]);
        heap.apply(outer);
        assert_eq!(list(&heap, id), [1, 2, 3]);
    }

    #[test]
    fn joining_keeps_what_both_sides_agree_on() {
        let mut heap = Heap::default();
        let same = heap.allocate(Object::List(vec![]));
        let different = heap.allocate(Object::List(vec![]));
        heap.begin_branch();
        push(&mut heap, same, 1);
        push(&mut heap, different, 1);
        let one = heap.end_branch();
        heap.begin_branch();
        push(&mut heap, same, 1);
        let other = heap.end_branch();
        heap.join(&one, &other, Place::default());
        assert_eq!(list(&heap, same), [1]);
        assert!(matches!(heap.get(different), Object::Lost(_)));
    }
}
