//! Spelling of SQL until the parser is there.

use smol_str::SmolStr;

use crate::catalog::IndexKey;
use crate::dialect::Dialect;

pub fn catalog_type(text: &str, _dialect: Dialect) -> SmolStr {
    SmolStr::new(text.to_lowercase())
}

pub fn canonical_expression(text: &str, _dialect: Dialect) -> SmolStr {
    SmolStr::new(text.trim())
}

pub fn canonical_default(text: &str, _dialect: Dialect) -> Option<SmolStr> {
    Some(SmolStr::new(text.trim()))
}

pub fn mentioned_columns(_text: &str) -> Vec<SmolStr> {
    Vec::new()
}

pub fn index_key(text: &str, _dialect: Dialect) -> IndexKey {
    IndexKey {
        text: SmolStr::new(text),
        is_column: false,
        operator_class: None,
        order: None,
    }
}

#[derive(Debug)]
pub struct ParsedStatement {
    pub range: std::ops::Range<usize>,
    pub ddl: Vec<crate::catalog::Ddl>,
}

pub fn parse(
    text: &str,
    _dialect: Dialect,
    _place: &dyn Fn(std::ops::Range<usize>) -> Option<crate::source::FileSpan>,
) -> Vec<ParsedStatement> {
    super::statements(text)
        .into_iter()
        .map(|s| ParsedStatement {
            range: s.range,
            ddl: vec![match s.kind.effect() {
                super::Effect::Data => crate::catalog::Ddl::Data { tables: s.tables },
                super::Effect::Nothing => crate::catalog::Ddl::Nothing,
                _ => crate::catalog::Ddl::Opaque {
                    what: "raw".to_owned(),
                    names: s.tables,
                },
            }],
        })
        .collect()
}
