//! `ALTER TABLE`, action by action.

use smol_str::SmolStr;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::Reader;
use super::table::identity_kind;
use crate::catalog::{AlterAction, Ddl, Fact, Taken};
use crate::sql::source::beside;
use crate::sql::unnamed;

impl Reader<'_> {
    pub(super) fn alter_table(
        &self,
        table: &SyntaxNode,
        if_exists: bool,
        actions: impl Iterator<Item = ast::AlterTableAction>,
    ) -> Option<Vec<Ddl>> {
        let Some(table) = self.name(table) else {
            let actions: Vec<AlterAction> = actions
                .flat_map(|action| self.action_of("", &action))
                .collect();
            return unnamed::harmless("ALTER TABLE …", &actions).map(|ddl| vec![ddl]);
        };
        let mut found = Vec::new();
        for action in actions {
            for action in self.action_of(&table, &action) {
                found.push(Ddl::AlterTable {
                    table: table.clone(),
                    if_exists,
                    action,
                });
            }
        }
        (!found.is_empty()).then_some(found)
    }

    /// An action that is not understood leaves the others as they are.
    fn action_of(&self, table: &str, action: &ast::AlterTableAction) -> Vec<AlterAction> {
        self.alter_action(table, action).unwrap_or_else(|| {
            vec![AlterAction::Opaque {
                what: self.text(action.syntax()).replace(crate::sql::HOLE, "…"),
                takes: self.taken(action),
            }]
        })
    }

    /// The constraint that an action takes away or renames in which a name is not known.
    fn taken(&self, action: &ast::AlterTableAction) -> Option<Taken> {
        use ast::AlterTableAction as Action;
        let name = match action {
            Action::DropConstraint(drop) => drop.constraint_name_ref(),
            Action::RenameConstraint(rename) => rename.constraint_name_ref(),
            _ => return None,
        };
        let name = name.and_then(|name| self.name(name.syntax()));
        Some(name.map_or(Taken::One, Taken::Named))
    }

    fn alter_action(
        &self,
        table: &str,
        action: &ast::AlterTableAction,
    ) -> Option<Vec<AlterAction>> {
        use ast::AlterTableAction as Action;
        let one = match action {
            Action::AddColumn(add) => AlterAction::AddColumn {
                definition: Box::new(self.column_definition(
                    add.syntax(),
                    add.column_name()?.syntax(),
                    add.ty().as_ref(),
                    add.constraints(),
                )?),
                if_not_exists: add.if_not_exists().is_some(),
            },
            Action::DropColumn(drop) => AlterAction::DropColumn {
                name: self.name(drop.column_name_ref()?.syntax())?,
                if_exists: drop.if_exists().is_some(),
                cascade: matches!(drop.drop_behavior(), Some(ast::DropBehavior::Cascade(_))),
            },
            Action::AlterColumn(alter) => {
                let column = self.name(alter.column_name_ref()?.syntax())?;
                return self.alter_column(column, &alter.option()?);
            }
            Action::AddConstraint(add) => self.add_constraint(&add.constraint()?)?,
            Action::DropConstraint(drop) => AlterAction::DropConstraint {
                name: self.name(drop.constraint_name_ref()?.syntax())?,
                if_exists: drop.if_exists().is_some(),
                cascade: matches!(drop.drop_behavior(), Some(ast::DropBehavior::Cascade(_))),
            },
            Action::RenameConstraint(rename) => AlterAction::RenameConstraint {
                name: self.name(rename.constraint_name_ref()?.syntax())?,
                new_name: self.name(rename.constraint_name()?.syntax())?,
            },
            Action::ValidateConstraint(validate) => AlterAction::ValidateConstraint {
                name: self.name(validate.constraint_name_ref()?.syntax())?,
            },
            Action::RenameColumn(rename) => AlterAction::RenameColumn {
                name: self.name(rename.column_name_ref()?.syntax())?,
                new_name: self.name(rename.column_name()?.syntax())?,
            },
            Action::TableRenameTo(rename) => AlterAction::RenameTable {
                new_name: beside(table, &self.name(rename.table_name()?.syntax())?),
            },
            Action::SetSchema(set) => AlterAction::SetSchema {
                schema: self.name(set.schema_ref()?.syntax())?,
            },
            Action::AttachPartition(attach) => AlterAction::AttachPartition {
                partition: self.name(attach.table_name_ref()?.syntax())?,
            },
            Action::DetachPartition(detach) => AlterAction::DetachPartition {
                partition: self.name(detach.table_name_ref()?.syntax())?,
            },
            Action::EnableRls(_) => AlterAction::RowSecurity { enabled: true },
            Action::DisableRls(_) => AlterAction::RowSecurity { enabled: false },
            // Columns may become those of another table, or partitions tables of their own.
            Action::OfType(_) | Action::MergePartitions(_) | Action::SplitPartition(_) => {
                return None;
            }
            // Whether a constraint is deferrable may change.
            Action::AlterConstraint(_) => return None,
            Action::ForceRls(_)
            | Action::NoForceRls(_)
            | Action::InheritTable(_)
            | Action::NoInheritTable(_)
            | Action::NotOf(_)
            | Action::ReplicaIdentity(_)
            | Action::EnableTrigger(_)
            | Action::EnableReplicaTrigger(_)
            | Action::EnableReplicaRule(_)
            | Action::EnableAlwaysTrigger(_)
            | Action::EnableAlwaysRule(_)
            | Action::EnableRule(_)
            | Action::DisableTrigger(_)
            | Action::DisableRule(_)
            | Action::ClusterOn(_)
            | Action::OwnerTo(_)
            | Action::SetTablespace(_)
            | Action::SetWithoutCluster(_)
            | Action::SetWithoutOids(_)
            | Action::SetAccessMethod(_)
            | Action::SetLogged(_)
            | Action::SetUnlogged(_)
            | Action::SetOptions(_)
            | Action::ResetOptions(_)
            | Action::AlterOptionList(_)
            | Action::OptionItemList(_) => AlterAction::Other,
        };
        Some(vec![one])
    }

    fn alter_column(
        &self,
        column: SmolStr,
        option: &ast::AlterColumnOption,
    ) -> Option<Vec<AlterAction>> {
        use ast::AlterColumnOption as Option;
        let one = match option {
            Option::SetType(set) => AlterAction::AlterType {
                column,
                column_type: self.source.column_type(self.range(set.ty()?.syntax())),
                using: set.using_expr().is_some(),
            },
            Option::SetNotNull(_) => AlterAction::SetNullable {
                column,
                nullable: false,
            },
            Option::DropNotNull(_) => AlterAction::SetNullable {
                column,
                nullable: true,
            },
            Option::SetDefault(set) => AlterAction::SetDefault {
                column,
                default: self.source.default(self.range(set.expr()?.syntax())),
            },
            Option::DropDefault(_) => AlterAction::SetDefault {
                column,
                default: Fact::Known(None),
            },
            Option::AddGenerated(add) => AlterAction::SetIdentity {
                column,
                identity: Some(identity_kind(&add.generated_when()?)),
                if_exists: false,
            },
            Option::SetGenerated(set) => AlterAction::SetIdentity {
                column,
                identity: Some(identity_kind(&set.generated_when()?)),
                if_exists: false,
            },
            Option::SetGeneratedOptions(set) => {
                let when = set.set_generated_options().find_map(|option| match option {
                    ast::SetGeneratedOption::SetGenerated(set) => set.generated_when(),
                    _ => None,
                });
                match when {
                    Some(when) => AlterAction::SetIdentity {
                        column,
                        identity: Some(identity_kind(&when)),
                        if_exists: false,
                    },
                    None => AlterAction::Other,
                }
            }
            Option::DropIdentity(drop) => AlterAction::SetIdentity {
                column,
                identity: None,
                if_exists: drop.if_exists().is_some(),
            },
            Option::DropExpression(drop) => AlterAction::DropGenerated {
                column,
                if_exists: drop.if_exists().is_some(),
            },
            Option::SetExpression(_) => return None,
            Option::Inherit(_)
            | Option::NoInherit(_)
            | Option::ResetOptions(_)
            | Option::Restart(_)
            | Option::SetCompression(_)
            | Option::SetOptions(_)
            | Option::SetOptionsList(_)
            | Option::SetSequenceOption(_)
            | Option::SetStatistics(_)
            | Option::SetStorage(_) => AlterAction::Other,
        };
        Some(vec![one])
    }

    fn add_constraint(&self, constraint: &ast::Constraint) -> Option<AlterAction> {
        let using = match constraint {
            ast::Constraint::PrimaryKeyConstraint(key) => key
                .using_index()
                .map(|index| (index, key.constraint_name_clause(), true)),
            ast::Constraint::UniqueConstraint(unique) => unique
                .using_index()
                .map(|index| (index, unique.constraint_name_clause(), false)),
            ast::Constraint::NotNullConstraint(not_null) => {
                return Some(AlterAction::SetNullable {
                    column: self.name(not_null.column_name_ref()?.syntax())?,
                    nullable: false,
                });
            }
            _ => None,
        };
        let Some((index, name, primary_key)) = using else {
            return self
                .constraint(constraint, None)
                .map(AlterAction::AddConstraint);
        };
        let index = self.name(index.index_ref()?.syntax())?;
        Some(AlterAction::AddConstraintUsingIndex {
            name: match name {
                Some(name) => self.name(name.constraint_name()?.syntax())?,
                // The constraint takes the index's name.
                None => index.clone(),
            },
            index,
            primary_key,
        })
    }
}
