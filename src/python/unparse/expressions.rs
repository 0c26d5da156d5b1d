//! Expressions.

use std::fmt::Write as _;

use super::Writer;
use crate::python::ast::{
    Argument, ArgumentKind, BinaryOp, BoolOp, Call, CompareOp, Comprehension, ComprehensionClause,
    ComprehensionKind, DictItem, Expr, ExprKind, FStringPart, Stmt, StmtKind, UnaryOp,
};

/// Functions of `sqlalchemy.orm` that tell a query which attributes to load, and when.
const LOADER_OPTIONS: &[&str] = &[
    "contains_eager",
    "defaultload",
    "defer",
    "immediateload",
    "joinedload",
    "lazyload",
    "load_only",
    "noload",
    "raiseload",
    "selectinload",
    "subqueryload",
    "undefer",
];

/// True for an argument of `alter_column` that says how the column is and has no effect: the type only where another
/// takes its place, which may have made a CHECK constraint.
fn is_about_existing(argument: &Argument, call: &Call) -> bool {
    let ArgumentKind::Keyword(name) = &argument.kind else {
        return false;
    };
    let has_new_type = || {
        let mut arguments = call.arguments.iter();
        arguments.any(|other| matches!(&other.kind, ArgumentKind::Keyword(name) if name == "type_"))
    };
    match name.as_str() {
        "existing_nullable"
        | "existing_server_default"
        | "existing_comment"
        | "existing_autoincrement" => true,
        "existing_type" => !has_new_type(),
        _ => false,
    }
}

impl Writer<'_> {
    pub(super) fn arguments(&mut self, arguments: &[Argument]) {
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            match &argument.kind {
                ArgumentKind::Positional => {}
                ArgumentKind::Keyword(name) => {
                    self.push(name);
                    self.push("=");
                }
                ArgumentKind::Star => self.push("*"),
                ArgumentKind::DoubleStar => self.push("**"),
            }
            self.expr(&argument.value);
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::None => self.push("None"),
            ExprKind::Bool(true) => self.push("True"),
            ExprKind::Bool(false) => self.push("False"),
            ExprKind::Ellipsis => self.push("..."),
            ExprKind::Int(value) => self.display(value),
            ExprKind::Float(value) => self.push(&format!("{value:?}").replace("inf", "1e999")),
            ExprKind::Number(text) | ExprKind::Bytes(text) => {
                self.push("(");
                self.push(text);
                self.push(")");
            }
            ExprKind::Str(value) => self.string(value),
            ExprKind::FString(parts) => self.formatted(parts),
            ExprKind::Name(name) => {
                let qualified = self
                    .canonical
                    .and_then(|canonical| canonical.aliases.get(name));
                self.push(qualified.map_or(name.as_str(), String::as_str));
            }
            ExprKind::Attribute { value, name } => {
                if self.is_of_sqlalchemy(value) {
                    self.push("sqlalchemy");
                } else {
                    self.primary(value);
                }
                self.push(".");
                self.push(name);
            }
            ExprKind::Subscript { value, index } => {
                self.primary(value);
                self.push("[");
                match &index.kind {
                    ExprKind::Tuple(items) if !items.is_empty() => {
                        self.comma_separated(items);
                        if items.len() == 1 {
                            self.push(",");
                        }
                    }
                    _ => self.expr(index),
                }
                self.push("]");
            }
            ExprKind::Slice { lower, upper, step } => {
                self.boxed(lower.as_deref());
                self.push(":");
                self.boxed(upper.as_deref());
                if step.is_some() {
                    self.push(":");
                    self.boxed(step.as_deref());
                }
            }
            ExprKind::Call(call) => {
                if let Some(query) = self.query_with_loader_options(call) {
                    return self.primary(query);
                }
                self.primary(&call.function);
                self.push("(");
                if self.leaves_existing_out(call) {
                    let arguments: Vec<Argument> = call
                        .arguments
                        .iter()
                        .filter(|argument| !is_about_existing(argument, call))
                        .cloned()
                        .collect();
                    self.arguments(&arguments);
                } else {
                    self.arguments(&call.arguments);
                }
                self.push(")");
            }
            ExprKind::List(items) => self.delimited("[", items, "]"),
            ExprKind::Tuple(items) => {
                let close = if items.len() == 1 { ",)" } else { ")" };
                self.delimited("(", items, close);
            }
            ExprKind::Set(items) => self.delimited("{", items, "}"),
            ExprKind::Dict(items) => self.dict(items),
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension),
            ExprKind::Lambda(function) => {
                self.push("(lambda ");
                self.parameters(&function.parameters);
                self.push(": ");
                if let Some(Stmt {
                    kind: StmtKind::Return(Some(body)),
                    ..
                }) = function.body.first()
                {
                    self.expr(body);
                }
                self.push(")");
            }
            ExprKind::Binary { left, op, right } => {
                self.push("(");
                self.expr(left);
                self.push(" ");
                self.push(binary_token(*op));
                self.push(" ");
                self.expr(right);
                self.push(")");
            }
            ExprKind::Unary { op, operand } => {
                self.push(match op {
                    UnaryOp::Not => "(not ",
                    UnaryOp::Neg => "(-",
                    UnaryOp::Pos => "(+",
                    UnaryOp::Invert => "(~",
                });
                self.expr(operand);
                self.push(")");
            }
            ExprKind::BoolOp { left, op, right } => {
                self.push("(");
                self.expr(left);
                self.push(if *op == BoolOp::And { " and " } else { " or " });
                self.expr(right);
                self.push(")");
            }
            ExprKind::Compare { left, rest } => {
                self.push("(");
                self.expr(left);
                for (op, operand) in rest {
                    self.push(compare_token(*op));
                    self.expr(operand);
                }
                self.push(")");
            }
            ExprKind::Conditional { test, body, orelse } => {
                self.push("(");
                self.expr(body);
                self.push(" if ");
                self.expr(test);
                self.push(" else ");
                self.expr(orelse);
                self.push(")");
            }
            ExprKind::Starred(value) => {
                self.push("*");
                self.expr(value);
            }
            ExprKind::Named { target, value } => {
                self.push("(");
                self.push(target);
                self.push(" := ");
                self.expr(value);
                self.push(")");
            }
            ExprKind::Await(value) => {
                self.push("(await ");
                self.expr(value);
                self.push(")");
            }
            ExprKind::Yield(value) => {
                self.push("(yield");
                if let Some(ExprKind::Starred(value)) = value.as_ref().map(|value| &value.kind) {
                    self.push(" from");
                    self.optional(Some(value));
                } else {
                    self.optional(value.as_deref());
                }
                self.push(")");
            }
            ExprKind::Invalid => self.push("<invalid>"),
        }
    }

    /// True for a module of SQLAlchemy, where only the package counts.
    fn is_of_sqlalchemy(&self, expr: &Expr) -> bool {
        let Some(canonical) = self.canonical.filter(|canonical| canonical.by_package) else {
            return false;
        };
        match &expr.kind {
            ExprKind::Name(name) => {
                let module = canonical.aliases.get(name);
                let module = module.map_or(name.as_str(), String::as_str);
                module == "sqlalchemy" || module.starts_with("sqlalchemy.")
            }
            ExprKind::Attribute { value, .. } => self.is_of_sqlalchemy(value),
            _ => false,
        }
    }

    /// For `query.options(load_only(…))` the query: which columns are read at once changes no row.
    fn query_with_loader_options<'e>(&self, call: &'e Call) -> Option<&'e Expr> {
        let canonical = self.canonical?;
        let ExprKind::Attribute { value, name } = &call.function.kind else {
            return None;
        };
        let is_loader_option = |argument: &Argument| {
            let ExprKind::Call(option) = &argument.value.kind else {
                return false;
            };
            let mut function = String::new();
            let mut path = &option.function;
            while let ExprKind::Attribute { value, name } = &path.kind {
                function = format!(".{name}{function}");
                path = value;
            }
            let ExprKind::Name(root) = &path.kind else {
                return false;
            };
            let root = canonical
                .aliases
                .get(root)
                .map_or(root.as_str(), String::as_str);
            let function = format!("{root}{function}");
            let (module, name) = function.rsplit_once('.').unwrap_or(("", &function));
            let is_orm = module == "sqlalchemy" || module.starts_with("sqlalchemy.orm");
            is_orm && LOADER_OPTIONS.contains(&name)
        };
        let is_options = name == "options" && !call.arguments.is_empty();
        (is_options && call.arguments.iter().all(is_loader_option)).then_some(&**value)
    }

    fn leaves_existing_out(&self, call: &Call) -> bool {
        self.canonical
            .is_some_and(|canonical| canonical.without_existing)
            && matches!(&call.function.kind, ExprKind::Attribute { name, .. } if name == "alter_column")
    }

    /// What stands before a dot, a bracket or a call: a number would swallow the dot.
    fn primary(&mut self, expr: &Expr) {
        if matches!(expr.kind, ExprKind::Int(_) | ExprKind::Float(_)) {
            self.push("(");
            self.expr(expr);
            self.push(")");
        } else {
            self.expr(expr);
        }
    }

    fn display(&mut self, value: impl std::fmt::Display) {
        let written = write!(self.out, "{value}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }

    fn boxed(&mut self, value: Option<&Expr>) {
        if let Some(value) = value {
            self.expr(value);
        }
    }

    fn delimited(&mut self, open: &str, items: &[Expr], close: &str) {
        self.push(open);
        self.comma_separated(items);
        self.push(close);
    }

    fn dict(&mut self, items: &[DictItem]) {
        self.push("{");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            match &item.key {
                Some(key) => {
                    self.expr(key);
                    self.push(": ");
                }
                None => self.push("**"),
            }
            self.expr(&item.value);
        }
        self.push("}");
    }

    fn comprehension(&mut self, comprehension: &Comprehension) {
        let (open, close) = match comprehension.kind {
            ComprehensionKind::List => ("[", "]"),
            ComprehensionKind::Set | ComprehensionKind::Dict => ("{", "}"),
            ComprehensionKind::Generator => ("(", ")"),
        };
        self.push(open);
        self.expr(&comprehension.element);
        if let Some(value) = &comprehension.value {
            self.push(": ");
            self.expr(value);
        }
        for clause in &comprehension.clauses {
            match clause {
                ComprehensionClause::For { target, iter } => {
                    self.push(" for ");
                    self.expr(target);
                    self.push(" in ");
                    self.expr(iter);
                }
                ComprehensionClause::If(test) => {
                    self.push(" if ");
                    self.expr(test);
                }
            }
        }
        self.push(close);
    }

    fn string(&mut self, value: &str) {
        self.push("\"");
        self.escaped(value);
        self.push("\"");
    }

    fn escaped(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '"' => self.push("\\\""),
                '\\' => self.push("\\\\"),
                '\n' => self.push("\\n"),
                '\r' => self.push("\\r"),
                c if c.is_control() => {
                    let code = u32::from(c);
                    self.push(&format!("\\U{code:08x}"));
                }
                c => self.out.push(c),
            }
        }
    }

    fn formatted(&mut self, parts: &[FStringPart]) {
        self.push("f\"");
        self.formatted_parts(parts);
        self.push("\"");
    }

    fn formatted_parts(&mut self, parts: &[FStringPart]) {
        for part in parts {
            match part {
                FStringPart::Literal(text) => {
                    self.escaped(&text.replace('{', "{{").replace('}', "}}"));
                }
                FStringPart::Hole {
                    value,
                    conversion,
                    format,
                } => {
                    self.push("{ ");
                    self.expr(value);
                    if let Some(conversion) = conversion {
                        self.push("!");
                        self.display(conversion);
                    }
                    if let Some(format) = format {
                        self.push(":");
                        self.formatted_parts(format);
                    }
                    self.push("}");
                }
            }
        }
    }
}

pub(super) fn binary_token(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mult => "*",
        BinaryOp::MatMult => "@",
        BinaryOp::Div => "/",
        BinaryOp::FloorDiv => "//",
        BinaryOp::Mod => "%",
        BinaryOp::Pow => "**",
        BinaryOp::LShift => "<<",
        BinaryOp::RShift => ">>",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::BitAnd => "&",
    }
}

fn compare_token(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => " == ",
        CompareOp::NotEq => " != ",
        CompareOp::Lt => " < ",
        CompareOp::LtE => " <= ",
        CompareOp::Gt => " > ",
        CompareOp::GtE => " >= ",
        CompareOp::Is => " is ",
        CompareOp::IsNot => " is not ",
        CompareOp::In => " in ",
        CompareOp::NotIn => " not in ",
    }
}
