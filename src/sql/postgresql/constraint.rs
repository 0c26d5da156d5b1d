//! Constraints of columns and tables.

use smol_str::SmolStr;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::Reader;
use crate::catalog::{Constraint, ConstraintKind, Fact, ForeignKey};

impl Reader<'_> {
    /// A constraint of a table, or of the column it stands at. `None` where a name in it is not known.
    pub(super) fn constraint(
        &self,
        constraint: &ast::Constraint,
        column: Option<&SmolStr>,
    ) -> Option<Constraint> {
        let at_column = || column.cloned().into_iter().collect::<Vec<_>>();
        let (name, options, kind) = match constraint {
            ast::Constraint::PrimaryKeyConstraint(key) => (
                key.constraint_name_clause(),
                key.constraint_options(),
                ConstraintKind::PrimaryKey {
                    columns: match self.key_columns(key.index_parameters())? {
                        Some(columns) => columns,
                        None => at_column(),
                    },
                },
            ),
            ast::Constraint::UniqueConstraint(unique) => {
                let parameters = unique.index_parameters();
                let nulls_not_distinct = parameters
                    .as_ref()
                    .and_then(ast::IndexParameters::nulls_distinct_option)
                    .is_some_and(|option| {
                        matches!(option, ast::NullsDistinctOption::NullsNotDistinct(_))
                    });
                (
                    unique.constraint_name_clause(),
                    unique.constraint_options(),
                    ConstraintKind::Unique {
                        columns: match self.key_columns(parameters)? {
                            Some(columns) => columns,
                            None => at_column(),
                        },
                        nulls_not_distinct,
                    },
                )
            }
            ast::Constraint::CheckConstraint(check) => {
                let expression = check.expr()?;
                (
                    check.constraint_name_clause(),
                    check.constraint_options(),
                    ConstraintKind::Check {
                        columns: self.columns(expression.syntax()),
                        expression: self.expression(expression.syntax()),
                    },
                )
            }
            ast::Constraint::ReferencesConstraint(references) => (
                references.constraint_name_clause(),
                references.constraint_options(),
                ConstraintKind::ForeignKey(self.foreign_key(
                    at_column(),
                    references.table()?.syntax(),
                    self.names(references.column().into_iter())?,
                    references.match_type(),
                    references.referential_actions(),
                )?),
            ),
            ast::Constraint::ForeignKeyConstraint(key) => {
                let columns = self.names(key.from_columns()?.column_name_refs())?;
                let referred = match key.to_columns() {
                    Some(columns) => self.names(columns.column_name_refs())?,
                    None => Vec::new(),
                };
                (
                    key.constraint_name_clause(),
                    key.constraint_options(),
                    ConstraintKind::ForeignKey(self.foreign_key(
                        columns,
                        key.table_name_ref()?.syntax(),
                        referred,
                        key.match_type(),
                        key.referential_actions(),
                    )?),
                )
            }
            ast::Constraint::ExcludeConstraint(exclude) => (
                exclude.constraint_name_clause(),
                exclude.constraint_options(),
                self.exclusion(exclude)?,
            ),
            ast::Constraint::DefaultConstraint(_)
            | ast::Constraint::GeneratedConstraint(_)
            | ast::Constraint::NotNullConstraint(_)
            | ast::Constraint::NullConstraint(_) => return None,
        };
        let name = match name {
            Some(clause) => {
                let clause = clause.constraint_name()?;
                match self.name(clause.syntax()) {
                    Some(name) => Fact::Known(Some(name)),
                    None => Fact::Unknown(self.source.why(self.range(clause.syntax()))),
                }
            }
            None => Fact::Known(None),
        };
        let options = Options::read(options);
        Some(Constraint {
            name,
            kind,
            deferrable: options.deferrable(),
            not_valid: options.not_valid,
            is_unnamed: false,
            inline: false,
            place: self.source.place(self.range(constraint.syntax())),
            maybe: None,
        })
    }

    /// The columns of a key. The inner `None` where it does not list any, for it stands at its column.
    #[expect(
        clippy::option_option,
        reason = "no list, or one with names that are not known"
    )]
    fn key_columns(
        &self,
        parameters: Option<ast::IndexParameters>,
    ) -> Option<Option<Vec<SmolStr>>> {
        match parameters.and_then(|parameters| parameters.column_list()) {
            Some(list) => self.names(list.column_name_refs()).map(Some),
            None => Some(None),
        }
    }

    fn foreign_key(
        &self,
        columns: Vec<SmolStr>,
        references: &SyntaxNode,
        ref_columns: Vec<SmolStr>,
        matching: Option<ast::MatchType>,
        actions: impl Iterator<Item = ast::ReferentialAction>,
    ) -> Option<ForeignKey> {
        let mut key = ForeignKey {
            columns,
            references: self.name(references)?,
            ref_columns,
            ondelete: None,
            onupdate: None,
            matching: matching.and_then(|matching| match matching {
                ast::MatchType::MatchFull(_) => Some(SmolStr::new_static("FULL")),
                ast::MatchType::MatchPartial(_) => Some(SmolStr::new_static("PARTIAL")),
                ast::MatchType::MatchSimple(_) => None,
            }),
        };
        for action in actions {
            match action {
                ast::ReferentialAction::OnDeleteAction(action) => {
                    key.ondelete = self.action(&action.ref_action()?);
                }
                ast::ReferentialAction::OnUpdateAction(action) => {
                    key.onupdate = self.action(&action.ref_action()?);
                }
            }
        }
        Some(key)
    }

    fn action(&self, action: &ast::RefAction) -> Option<SmolStr> {
        match action {
            ast::RefAction::NoAction(_) => None,
            _ => Some(self.text(action.syntax()).to_uppercase().into()),
        }
    }

    fn exclusion(&self, exclude: &ast::ExcludeConstraint) -> Option<ConstraintKind> {
        let list = exclude.constraint_exclusion_list()?;
        let mut columns = Vec::new();
        for element in list.constraint_exclusions() {
            for column in self.columns(element.expr()?.syntax()) {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        let range = self.range(exclude.syntax());
        let start = exclude.exclude_token().map_or(range.start, |token| {
            self.start + usize::from(token.text_range().start())
        });
        Some(ConstraintKind::Exclude {
            definition: self
                .source
                .fact(start..range.end, super::super::canonical_text),
            columns,
        })
    }
}

/// What is said of a constraint as a whole.
#[derive(Default)]
pub(super) struct Options {
    deferrable: bool,
    deferred: bool,
    pub(super) not_valid: bool,
}

impl Options {
    pub(super) fn read(options: impl Iterator<Item = ast::ConstraintOption>) -> Self {
        let mut read = Self::default();
        for option in options {
            match option {
                ast::ConstraintOption::DeferrableConstraintOption(_) => read.deferrable = true,
                ast::ConstraintOption::InitiallyDeferredConstraintOption(_) => {
                    read.deferred = true;
                }
                ast::ConstraintOption::NotValid(_) => read.not_valid = true,
                _ => {}
            }
        }
        read
    }

    pub(super) fn deferrable(&self) -> Option<SmolStr> {
        match (self.deferrable, self.deferred) {
            (_, true) => Some(SmolStr::new_static("DEFERRABLE INITIALLY DEFERRED")),
            (true, false) => Some(SmolStr::new_static("DEFERRABLE")),
            (false, false) => None,
        }
    }
}
