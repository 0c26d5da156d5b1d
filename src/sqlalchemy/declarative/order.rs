//! In which order the columns of a class and its bases stand in the table.

use super::attributes::{Attribute, is_sql_model, own_attributes};
use super::style::has_named_table;
use crate::python::value::ObjectId;
use crate::python::{Host, Interpreter};

/// The attributes of a class and its bases, each name once, in the order of the table's columns.
///
/// SQLAlchemy 2 takes the class first and then its bases in the order of lookup, in each what `@declared_attr` makes
/// last, and sorts by `sort_order`; before, columns stood in the order in which they were made.
pub fn ordered_attributes<H: Host>(
    class: ObjectId,
    sqlalchemy: (u32, u32),
    interpreter: &mut Interpreter<'_, H>,
) -> Vec<Attribute> {
    let (order, _) = interpreter.ancestry(class);
    // A class without a table of its own shares that of the nearest parent which has one.
    let owner = order
        .iter()
        .position(|member| has_named_table(*member, interpreter));
    let mut groups: Vec<(ObjectId, Vec<Attribute>)> = Vec::new();
    let mut names: Vec<smol_str::SmolStr> = Vec::new();
    // A parent above that one with a table of its own keeps its columns and those that it inherits. What a mixin beside it
    // declares is the child's, but under names that the parent does not bind.
    let mut mapped: Vec<ObjectId> = Vec::new();
    let mut inherited: Vec<ObjectId> = Vec::new();
    for (index, member) in order.iter().enumerate() {
        let is_above = owner.is_some_and(|owner| index > owner);
        if is_above && has_named_table(*member, interpreter) {
            mapped.push(*member);
            inherited.extend(interpreter.ancestry(*member).0);
        }
        let mut own = own_attributes(*member, class, interpreter);
        own.retain(|attribute| !names.contains(&attribute.name));
        names.extend(own.iter().map(|attribute| attribute.name.clone()));
        if inherited.contains(member) {
            // `@declared_attr.cascading` of a mixin counts for each class below.
            own.retain(|attribute| attribute.is_cascading && !mapped.contains(member));
        }
        own.retain(|attribute| !attribute.is_taken_away);
        groups.push((*member, own));
    }
    // The fields of SQLModel are Pydantic's, which takes the bases first.
    if is_sql_model(class, interpreter) {
        groups.reverse();
        let attributes = groups.into_iter().flat_map(|(_, attributes)| attributes);
        return attributes.collect();
    }
    if sqlalchemy < (2, 0) {
        // Classes that were defined first have made their columns first.
        groups.sort_by_key(|(member, _)| (*member == class, *member));
        let (declared, mut columns): (Vec<Attribute>, Vec<Attribute>) = groups
            .into_iter()
            .flat_map(|(_, attributes)| attributes)
            .partition(|attribute| attribute.is_declared_attr);
        columns.extend(declared);
        return columns;
    }
    let mut columns: Vec<Attribute> = groups
        .into_iter()
        .flat_map(|(_, mut attributes)| {
            attributes.sort_by_key(|attribute| attribute.is_declared_attr);
            attributes
        })
        .collect();
    columns.sort_by_key(|attribute| attribute.sort_order);
    columns
}
