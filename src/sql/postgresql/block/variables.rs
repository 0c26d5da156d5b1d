//! Variables of `DO` blocks: what is put into them, and what depends on them.

use smol_str::SmolStr;

use crate::catalog::{Condition, Ddl};
use crate::sql::question::VariableFacts;

/// Puts a value into a variable.
pub(super) fn put(variable: &str, facts: VariableFacts) -> [Ddl; 3] {
    facts
        .named(variable)
        .map(|(variable, value)| Ddl::Assign { variable, value })
}

/// True if a statement puts something into a variable.
pub(super) fn assigns(ddl: &Ddl) -> bool {
    let mut found = false;
    each_assignment(std::slice::from_ref(ddl), &mut |_| found = true);
    found
}

pub(super) fn each_assignment(statements: &[Ddl], visit: &mut impl FnMut(&SmolStr)) {
    for ddl in statements {
        match ddl {
            Ddl::Assign { variable, .. } => visit(variable),
            Ddl::If {
                then: one,
                otherwise: other,
                ..
            }
            | Ddl::Try {
                statements: one,
                on_failure: other,
            } => {
                each_assignment(one, visit);
                each_assignment(other, visit);
            }
            _ => {}
        }
    }
}

/// The variables that something depends on.
fn each_variable(statements: &[Ddl], asked: &mut Vec<SmolStr>) {
    fn of(condition: &Condition, asked: &mut Vec<SmolStr>) {
        match condition {
            Condition::Variable(name) => asked.push(name.clone()),
            Condition::Not(inner) => of(inner, asked),
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    of(part, asked);
                }
            }
            Condition::Constant(_)
            | Condition::Exists(_)
            | Condition::OfALibrary
            | Condition::Unknown => {}
        }
    }
    for ddl in statements {
        match ddl {
            Ddl::Assign { value, .. } => of(value, asked),
            Ddl::If {
                condition,
                then,
                otherwise,
            } => {
                of(condition, asked);
                each_variable(then, asked);
                each_variable(otherwise, asked);
            }
            Ddl::Try {
                statements,
                on_failure,
            } => {
                each_variable(statements, asked);
                each_variable(on_failure, asked);
            }
            _ => {}
        }
    }
}

/// Takes out what is put into variables that nothing depends on.
pub(super) fn without_unasked(statements: &mut Vec<Ddl>) {
    let mut asked = Vec::new();
    each_variable(statements, &mut asked);
    without_others(statements, &asked);
}

fn without_others(statements: &mut Vec<Ddl>, asked: &[SmolStr]) {
    statements.retain_mut(|ddl| match ddl {
        Ddl::Assign { variable, .. } => asked.contains(variable),
        Ddl::If {
            then, otherwise, ..
        } => {
            without_others(then, asked);
            without_others(otherwise, asked);
            !(then.is_empty() && otherwise.is_empty())
        }
        Ddl::Try {
            statements,
            on_failure,
        } => {
            without_others(statements, asked);
            without_others(on_failure, asked);
            !statements.is_empty()
        }
        _ => true,
    });
}
