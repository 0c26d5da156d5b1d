//! `CREATE TABLE` in its forms, and columns.

use smol_str::SmolStr;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::Reader;
use crate::catalog::{
    Column, ColumnDefinition, Constraint, CreateTable, Ddl, Fact, LikeClause, LikePart,
};
use crate::sql::cursor::Cursor;
use crate::sql::types::is_serial;

impl Reader<'_> {
    pub(super) fn create_table(&self, statement: &ast::CreateTable) -> Option<Vec<Ddl>> {
        let mut open = Vec::new();
        if let Some(of) = statement.of_type() {
            open.push(format!("a table {}", self.text(of.syntax())));
        }
        if let Some(inherits) = statement.inherits() {
            open.push(self.text(inherits.syntax()).to_string());
        }
        let mut ddl = self.table(
            statement.table_name()?.syntax(),
            statement.table_arg_list().as_ref(),
            open,
            Modifiers {
                persistence: statement.persistence(),
                if_not_exists: statement.if_not_exists().is_some(),
            },
        )?;
        if let Some(partition) = statement.partition_of()
            && let Some(Ddl::CreateTable(create)) = ddl.first_mut()
        {
            create.partition_of = Some(self.name(partition.table_name_ref()?.syntax())?);
        }
        Some(ddl)
    }

    pub(super) fn create_foreign_table(
        &self,
        statement: &ast::CreateForeignTable,
    ) -> Option<Vec<Ddl>> {
        let mut open = Vec::new();
        if statement.partition_of().is_some() || statement.inherits().is_some() {
            open.push("a foreign table with columns of another".to_owned());
        }
        self.table(
            statement.table_name()?.syntax(),
            statement.table_arg_list().as_ref(),
            open,
            Modifiers {
                persistence: None,
                if_not_exists: statement.if_not_exists().is_some(),
            },
        )
    }

    pub(super) fn create_table_as(&self, statement: &ast::CreateTableAs) -> Option<Vec<Ddl>> {
        self.table(
            statement.table_name()?.syntax(),
            None,
            vec!["the columns of a query".to_owned()],
            Modifiers {
                persistence: statement.persistence(),
                if_not_exists: statement.if_not_exists().is_some(),
            },
        )
    }

    pub(super) fn select_into(&self, statement: &ast::SelectInto) -> Option<Vec<Ddl>> {
        let into = statement.into_clause()?;
        self.table(
            into.table_name()?.syntax(),
            None,
            vec!["the columns of a query".to_owned()],
            Modifiers {
                persistence: into.persistence(),
                if_not_exists: false,
            },
        )
    }

    fn table(
        &self,
        name: &SyntaxNode,
        arguments: Option<&ast::TableArgList>,
        mut open: Vec<String>,
        modifiers: Modifiers,
    ) -> Option<Vec<Ddl>> {
        let mut columns = Vec::new();
        let mut constraints = Vec::new();
        let mut like = Vec::new();
        for argument in arguments.into_iter().flat_map(ast::TableArgList::args) {
            match argument {
                ast::TableArg::Column(column) => match self.column(&column) {
                    Some(column) => columns.push(column),
                    None => open.push("a column whose name is not known".to_owned()),
                },
                ast::TableArg::LikeClause(clause) => {
                    match self.like(clause.syntax(), columns.len()) {
                        Some(clause) => like.push(clause),
                        None => open.push(format!("columns {}", self.text(clause.syntax()))),
                    }
                }
                ast::TableArg::TableConstraint(constraint) => {
                    let Some(constraint) = ast::Constraint::cast(constraint.syntax().clone())
                    else {
                        continue;
                    };
                    if let ast::Constraint::NotNullConstraint(not_null) = &constraint {
                        let column = self.name(not_null.column_name_ref()?.syntax())?;
                        set_not_null(&mut columns, &column);
                    } else {
                        constraints.push(self.constraint(&constraint, None)?);
                    }
                }
            }
        }
        let is_open = arguments.is_none() && open.is_empty();
        let create = CreateTable {
            name: self.name(name)?,
            columns,
            constraints,
            open: (!open.is_empty())
                .then(|| open.join("; "))
                .filter(|_| !is_open),
            comment: None,
            partition_of: None,
            temporary: modifiers
                .persistence
                .is_some_and(|persistence| matches!(persistence, ast::Persistence::Temp(_))),
            if_not_exists: modifiers.if_not_exists,
        };
        Some(vec![if like.is_empty() {
            Ddl::CreateTable(create)
        } else {
            Ddl::CreateTableLike { create, like }
        }])
    }

    /// `LIKE other INCLUDING ALL EXCLUDING INDEXES`, after a number of columns.
    fn like(&self, clause: &SyntaxNode, before: usize) -> Option<LikeClause> {
        let mut cursor = Cursor::new(self.source, self.range(clause));
        cursor.take("like");
        let table = cursor.name()?;
        let mut including: Vec<LikePart> = Vec::new();
        while cursor.peek().is_some() {
            let takes = cursor.take("including");
            if !takes && !cursor.take("excluding") {
                return None;
            }
            let word = cursor.peek()?.text.to_lowercase();
            cursor.skip();
            let parts = match (word.as_str(), LikePart::named(&word)) {
                ("all", _) => LikePart::ALL.to_vec(),
                (_, Some(part)) => vec![part],
                // Storage, compression and statistics.
                _ => continue,
            };
            including.retain(|part| !parts.contains(part));
            if takes {
                including.extend(parts);
            }
        }
        Some(LikeClause {
            table,
            before,
            including,
        })
    }

    fn column(&self, column: &ast::Column) -> Option<ColumnDefinition> {
        let constraints = column.clauses().filter_map(|clause| match clause {
            ast::ColumnClause::ColumnConstraint(constraint) => {
                ast::Constraint::cast(constraint.syntax().clone())
            }
            _ => None,
        });
        self.column_definition(
            column.syntax(),
            column.name()?.syntax(),
            column.ty().as_ref(),
            constraints,
        )
    }

    /// A column of its name, its type and what is written behind.
    pub(super) fn column_definition(
        &self,
        whole: &SyntaxNode,
        name: &SyntaxNode,
        column_type: Option<&ast::Type>,
        written: impl Iterator<Item = ast::Constraint>,
    ) -> Option<ColumnDefinition> {
        let name = self.name(name)?;
        let type_range = column_type.map(|column_type| self.range(column_type.syntax()));
        let serial = type_range
            .clone()
            .and_then(|range| self.source.known(range))
            .is_some_and(|text| is_serial(text, self.source.dialect));
        let place = self.source.place(self.range(whole));
        let mut column = Column {
            column_type: match type_range {
                Some(range) => self.source.column_type(range),
                None => Fact::Unknown(self.source.why(self.range(whole))),
            },
            nullable: Fact::Known(!serial),
            default: Fact::Known(None),
            identity: Fact::Known(None),
            generated: Fact::Known(None),
            comment: Fact::Known(None),
            place,
            maybe: None,
            name,
        };
        let mut constraints: Vec<Constraint> = Vec::new();
        for constraint in written {
            match &constraint {
                ast::Constraint::NotNullConstraint(_) => column.nullable = Fact::Known(false),
                ast::Constraint::NullConstraint(_) => {}
                ast::Constraint::DefaultConstraint(default) => {
                    column.default = self.source.default(self.range(default.expr()?.syntax()));
                }
                ast::Constraint::GeneratedConstraint(generated) => {
                    match generated.generated_as()? {
                        ast::GeneratedAs::GeneratedIdentity(identity) => {
                            column.identity =
                                Fact::Known(Some(identity_kind(&identity.generated_when()?)));
                            column.nullable = Fact::Known(false);
                        }
                        ast::GeneratedAs::GeneratedStored(stored) => {
                            column.generated = match self.expression(stored.expr()?.syntax()) {
                                Fact::Known(expression) => Fact::Known(Some(expression)),
                                Fact::Unknown(why) => Fact::Unknown(why),
                            };
                        }
                    }
                }
                _ => {
                    if matches!(constraint, ast::Constraint::PrimaryKeyConstraint(_)) {
                        column.nullable = Fact::Known(false);
                    }
                    constraints.push(self.constraint(&constraint, Some(&column.name))?);
                }
            }
        }
        Some(ColumnDefinition {
            column,
            constraints,
            serial,
        })
    }
}

/// What is said before and after `TABLE`.
struct Modifiers {
    persistence: Option<ast::Persistence>,
    if_not_exists: bool,
}

fn set_not_null(columns: &mut [ColumnDefinition], name: &SmolStr) {
    for definition in columns {
        if definition.column.name == *name {
            definition.column.nullable = Fact::Known(false);
        }
    }
}

/// `ALWAYS` or `BY DEFAULT`.
pub(super) fn identity_kind(when: &ast::GeneratedWhen) -> SmolStr {
    match when {
        ast::GeneratedWhen::GeneratedAlways(_) => SmolStr::new_static("ALWAYS"),
        ast::GeneratedWhen::GeneratedByDefault(_) => SmolStr::new_static("BY DEFAULT"),
    }
}
