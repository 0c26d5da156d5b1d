//! `CREATE INDEX`.

use std::sync::Arc;

use smol_str::SmolStr;
use squawk_syntax::ast::{self, AstNode};

use super::Reader;
use crate::catalog::{Ddl, Fact, IndexDefinition, IndexKey};
use crate::sql::expression::spelled_order;

impl Reader<'_> {
    pub(super) fn create_index(&self, statement: &ast::CreateIndex) -> Option<Vec<Ddl>> {
        let relation = statement.table_relation_name()?;
        let table = self.name(relation.table_name_ref()?.syntax())?;
        let name = match statement.index() {
            Some(index) => Some(self.name(index.syntax())?),
            None => None,
        };
        let definition = match self.index_definition(statement) {
            Some(definition) => Fact::Known(definition),
            None => {
                let why = self.source.why(self.range(statement.syntax()));
                Fact::Unknown(Arc::clone(&why))
            }
        };
        let ddl = Ddl::CreateIndex {
            name: name.map(|name| super::super::source::beside(&table, &name)),
            table,
            definition,
            if_not_exists: statement.if_not_exists().is_some(),
            concurrently: statement.concurrently_token().is_some(),
        };
        Some(super::only(&relation, vec![ddl]))
    }

    /// `None` where some of it is not known.
    fn index_definition(&self, statement: &ast::CreateIndex) -> Option<IndexDefinition> {
        let mut columns: Vec<SmolStr> = Vec::new();
        let mut mention = |found: Vec<SmolStr>| {
            for column in found {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        };
        let mut keys = Vec::new();
        for item in statement.partition_item_list()?.partition_items() {
            mention(self.columns(item.expr()?.syntax()));
            keys.push(self.index_key(&item)?);
        }
        let mut include = Vec::new();
        if let Some(clause) = statement.index_include_clause() {
            for item in clause.partition_item_list()?.partition_items() {
                include.push(self.name(item.expr()?.syntax())?);
            }
            mention(include.clone());
        }
        let predicate = match statement.where_clause() {
            Some(clause) => {
                let condition = clause.expr()?;
                mention(self.columns(condition.syntax()));
                Some(self.expression(condition.syntax()).known()?.clone())
            }
            None => None,
        };
        let options: Vec<SmolStr> = [
            statement
                .with_params()
                .map(|params| self.text(params.syntax())),
            statement
                .tablespace_clause()
                .map(|clause| self.text(clause.syntax())),
        ]
        .into_iter()
        .flatten()
        .collect();
        Some(IndexDefinition {
            unique: statement.unique_token().is_some(),
            using: match statement.using_method() {
                Some(method) => self.name(method.access_method_ref()?.syntax())?,
                None => SmolStr::new_static("btree"),
            },
            keys,
            include,
            predicate,
            nulls_not_distinct: matches!(
                statement.nulls_distinct_option(),
                Some(ast::NullsDistinctOption::NullsNotDistinct(_))
            ),
            options: (!options.is_empty()).then(|| options.join(" ").into()),
            columns,
        })
    }

    fn index_key(&self, item: &ast::PartitionItem) -> Option<IndexKey> {
        let expression = item.expr()?;
        // `a COLLATE "C"` is an expression to the grammar.
        let (expression, inner_collation) = match &expression {
            ast::Expr::Collate(collate) => (collate.expr()?, collate.collation_ref()),
            _ => (expression.clone(), None),
        };
        let is_column = matches!(expression, ast::Expr::NameRef(_));
        let text = if is_column {
            self.name(expression.syntax())?
        } else {
            self.expression(expression.syntax()).known()?.clone()
        };
        let collation = inner_collation
            .or_else(|| item.collate().and_then(|collate| collate.collation_ref()))
            .map(|collation| {
                smol_str::format_smolstr!("COLLATE {}", self.text(collation.syntax()))
            });
        let class = item.op_class_ref().map(|class| {
            let parameters = item
                .attribute_list()
                .map(|list| self.text(list.syntax()).to_string())
                .unwrap_or_default();
            smol_str::format_smolstr!("{}{parameters}", self.text(class.syntax()))
        });
        let operator_class: Vec<SmolStr> = collation.into_iter().chain(class).collect();
        let descending = matches!(item.sort_order(), Some(ast::SortOrder::SortDesc(_)));
        let nulls_first = item
            .nulls_order()
            .map(|order| matches!(order, ast::NullsOrder::NullsFirst(_)));
        Some(IndexKey {
            text,
            is_column,
            operator_class: (!operator_class.is_empty()).then(|| operator_class.join(" ").into()),
            order: spelled_order(descending, nulls_first),
        })
    }
}
