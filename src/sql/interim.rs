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
