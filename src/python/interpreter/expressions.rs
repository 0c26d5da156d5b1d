//! Evaluating expressions.

use std::rc::Rc;

use super::text::TextBuilder;
use super::{Host, Interpreter};
use crate::python::ast::{
    BoolOp, Comprehension, ComprehensionClause, ComprehensionKind, DictItem, Expr, ExprKind,
    FStringPart,
};
use crate::python::value::{
    Namespace, Object, Pieces, Place, Reason, Scope, ScopeKind, SymbolKind, Text, Value,
};

impl<H: Host> Interpreter<'_, H> {
    pub(super) fn eval(&mut self, expr: &Expr, scope: &Rc<Scope>) -> Value {
        let at = Self::place(scope, expr.span);
        if !self.step() {
            return Self::out_of_fuel(at);
        }
        if self.is_raising() {
            return Value::unknown(Reason::Unsupported("what follows an exception"), at);
        }
        if self.nesting >= super::MAX_NESTING {
            return Value::unknown(Reason::Limit("nesting"), at);
        }
        self.nesting += 1;
        let value = self.eval_kind(expr, scope, at);
        self.nesting -= 1;
        value
    }

    fn eval_kind(&mut self, expr: &Expr, scope: &Rc<Scope>, at: Place) -> Value {
        match &expr.kind {
            ExprKind::None => Value::None,
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Ellipsis => Value::Ellipsis,
            ExprKind::Int(value) => Value::Int(*value),
            ExprKind::Float(value) => Value::Float(*value),
            ExprKind::Number(_) => Value::unknown(Reason::Unsupported("a number of this size"), at),
            ExprKind::Str(value) => Value::Str(Text {
                pieces: Pieces::Known(value.clone()),
                at,
            }),
            ExprKind::Bytes(_) => Value::Bytes,
            ExprKind::FString(parts) => self.f_string(parts, scope, at),
            ExprKind::Name(name) => self.lookup(name, scope, at),
            ExprKind::Attribute { value, name } => {
                let value = self.eval(value, scope);
                self.attribute(&value, name, at)
            }
            ExprKind::Subscript { value, index } => {
                let value = self.eval(value, scope);
                if let ExprKind::Slice { lower, upper, step } = &index.kind {
                    let bounds = [lower, upper, step].map(|bound| {
                        bound
                            .as_ref()
                            .map_or(Value::None, |bound| self.eval(bound, scope))
                    });
                    return self.slice(&value, &bounds, at);
                }
                let index = self.eval(index, scope);
                self.item(&value, &index, at)
            }
            ExprKind::Slice { .. } => Value::unknown(Reason::Unsupported("a slice in a tuple"), at),
            ExprKind::Call(call) => self.eval_call(call, scope, at),
            ExprKind::List(items) => self.collection(items, scope, at, Object::List),
            ExprKind::Set(items) => self.collection(items, scope, at, Object::Set),
            ExprKind::Tuple(items) => match self.elements_of(items, scope) {
                Some(items) => Value::Tuple(items.into()),
                None => Value::unknown(Reason::Element, at),
            },
            ExprKind::Dict(items) => self.dict(items, scope, at),
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension, scope, at),
            ExprKind::Lambda(def) => self.function_value(def, scope),
            ExprKind::Binary { .. } => self.binary_chain(expr, scope),
            ExprKind::Unary { op, operand } => {
                let operand = self.eval(operand, scope);
                self.unary(*op, &operand, at)
            }
            ExprKind::BoolOp { left, op, right } => self.bool_op(left, *op, right, scope, at),
            ExprKind::Compare { left, rest } => {
                let mut left = self.eval(left, scope);
                let mut result = Value::Bool(true);
                for (op, right) in rest {
                    let right = self.eval(right, scope);
                    result = self.compare(&left, *op, &right, at);
                    if self.truth(&result) != Some(true) {
                        return result;
                    }
                    left = right;
                }
                result
            }
            ExprKind::Conditional { test, body, orelse } => {
                let test = self.eval(test, scope);
                match self.truth(&test) {
                    Some(true) => self.eval(body, scope),
                    Some(false) => self.eval(orelse, scope),
                    None if self.is_raising() => test,
                    None => self.either_value(
                        at,
                        |this| this.eval(body, scope),
                        |this| this.eval(orelse, scope),
                    ),
                }
            }
            ExprKind::Starred(value) => self.eval(value, scope),
            ExprKind::Named { target, value } => {
                let value = self.eval(value, scope);
                if !self.is_raising() {
                    self.bind(target, value.clone(), scope);
                }
                value
            }
            // What is awaited is taken to be there.
            ExprKind::Await(value) => self.eval(value, scope),
            ExprKind::Yield(value) => {
                let (value, is_from) = match value.as_deref() {
                    None => (Value::None, false),
                    Some(Expr {
                        kind: ExprKind::Starred(value),
                        ..
                    }) => (self.eval(value, scope), true),
                    Some(value) => (self.eval(value, scope), false),
                };
                if self.is_raising() {
                    value
                } else {
                    self.yielded(value, is_from, at)
                }
            }
            ExprKind::Invalid => Value::unknown(Reason::Syntax, at),
        }
    }

    /// `a + b + c` leans to the left: its spine is walked, not recursed into.
    fn binary_chain(&mut self, expr: &Expr, scope: &Rc<Scope>) -> Value {
        let mut operations = Vec::new();
        let mut leftmost = expr;
        while let ExprKind::Binary { left, op, right } = &leftmost.kind {
            operations.push((*op, right, leftmost.span));
            leftmost = left;
        }
        let mut value = self.eval(leftmost, scope);
        for (op, right, span) in operations.into_iter().rev() {
            let right = self.eval(right, scope);
            value = self.binary(&value, op, &right, Self::place(scope, span));
        }
        value
    }

    fn bool_op(
        &mut self,
        left: &Expr,
        op: BoolOp,
        right: &Expr,
        scope: &Rc<Scope>,
        at: Place,
    ) -> Value {
        let left = self.eval(left, scope);
        match (op, self.truth(&left)) {
            (BoolOp::And, Some(false)) | (BoolOp::Or, Some(true)) => left,
            (_, Some(_)) => self.eval(right, scope),
            (_, None) if self.is_raising() => left,
            (_, None) => {
                let Some(right) = self.perhaps(at, |this| this.eval(right, scope)) else {
                    // The right side raises, so the left one decided.
                    return match op {
                        BoolOp::And if Self::is_boolean(&left) => Value::Bool(false),
                        BoolOp::Or if Self::is_boolean(&left) => Value::Bool(true),
                        _ => Value::unknown(Reason::Operation, at),
                    };
                };
                // `unknown and False` is false, `unknown or True` is true, whichever object it is.
                match (op, self.truth(&right)) {
                    (BoolOp::And, Some(false)) => Value::Bool(false),
                    (BoolOp::Or, Some(true)) if matches!(right, Value::Bool(_)) => {
                        Value::Bool(true)
                    }
                    _ if matches!(left, Value::Symbol(_)) || matches!(right, Value::Symbol(_)) => {
                        Value::symbol(SymbolKind::BoolOp { left, op, right }, at)
                    }
                    _ => Value::unknown(Reason::Operation, at),
                }
            }
        }
    }

    /// The elements of a display, stars unfolded; `None` where a star cannot be.
    fn elements_of(&mut self, items: &[Expr], scope: &Rc<Scope>) -> Option<Vec<Value>> {
        let mut values = Vec::with_capacity(items.len());
        let mut known = true;
        for item in items {
            if let ExprKind::Starred(inner) = &item.kind {
                let value = self.eval(inner, scope);
                match self.iterate(&value) {
                    Some(items) => values.extend(items),
                    None => known = false,
                }
            } else {
                values.push(self.eval(item, scope));
            }
        }
        known.then_some(values)
    }

    fn collection(
        &mut self,
        items: &[Expr],
        scope: &Rc<Scope>,
        at: Place,
        make: impl FnOnce(Vec<Value>) -> Object,
    ) -> Value {
        match self.elements_of(items, scope) {
            Some(items) => {
                let object = match make(items) {
                    Object::Set(items) => Object::Set(self.distinct(items)),
                    other => other,
                };
                Value::Object(self.heap.allocate(object))
            }
            None => Value::unknown(Reason::Element, at),
        }
    }

    /// Without the elements that certainly equal an earlier one.
    pub(super) fn distinct(&mut self, items: Vec<Value>) -> Vec<Value> {
        let mut distinct: Vec<Value> = Vec::with_capacity(items.len());
        for item in items {
            self.spend(distinct.len());
            if self.fuel.get() == 0 {
                break;
            }
            if !distinct
                .iter()
                .any(|known| self.equals(known, &item) == Some(true))
            {
                distinct.push(item);
            }
        }
        distinct
    }

    fn dict(&mut self, items: &[DictItem], scope: &Rc<Scope>, at: Place) -> Value {
        let mut pairs = Vec::with_capacity(items.len());
        for item in items {
            let value = self.eval(&item.value, scope);
            match &item.key {
                Some(key) => {
                    let key = self.eval(key, scope);
                    self.put(&mut pairs, key, value);
                }
                None => match &value {
                    Value::Object(id) => match self.heap.get(*id).clone() {
                        Object::Dict(inner) => {
                            for (key, value) in inner {
                                self.put(&mut pairs, key, value);
                            }
                        }
                        _ => return Value::unknown(Reason::Element, at),
                    },
                    _ => return Value::unknown(Reason::Element, at),
                },
            }
        }
        Value::Object(self.heap.allocate(Object::Dict(pairs)))
    }

    /// `pairs[key] = value`
    pub(super) fn put(&mut self, pairs: &mut Vec<(Value, Value)>, key: Value, value: Value) {
        self.spend(pairs.len());
        if self.fuel.get() == 0 {
            return;
        }
        match pairs
            .iter_mut()
            .find(|(known, _)| self.equals(known, &key) == Some(true))
        {
            Some(pair) => pair.1 = value,
            None => pairs.push((key, value)),
        }
    }

    fn comprehension(
        &mut self,
        comprehension: &Comprehension,
        scope: &Rc<Scope>,
        at: Place,
    ) -> Value {
        let names = self.heap.allocate(Object::Namespace(Namespace::default()));
        let inner = Rc::new(Scope {
            names,
            outer: Some(Rc::clone(scope)),
            kind: ScopeKind::Function,
            file: scope.file,
            module: Rc::clone(&scope.module),
        });
        // What the first clause runs over is evaluated outside, where a class body sees its own names.
        let source = match comprehension.clauses.first() {
            Some(ComprehensionClause::For { iter, .. }) => Some(self.eval(iter, scope)),
            _ => None,
        };
        let mut results = Vec::new();
        let clauses = &comprehension.clauses;
        if !self.comprehend(comprehension, clauses, source, &inner, &mut results) {
            return Value::unknown(Reason::Element, at);
        }
        let object = match comprehension.kind {
            ComprehensionKind::List | ComprehensionKind::Generator => {
                Object::List(results.into_iter().map(|(element, _)| element).collect())
            }
            ComprehensionKind::Set => Object::Set(
                self.distinct(results.into_iter().map(|(element, _)| element).collect()),
            ),
            ComprehensionKind::Dict => {
                let mut pairs = Vec::with_capacity(results.len());
                for (key, value) in results {
                    self.put(&mut pairs, key, value.unwrap_or(Value::None));
                }
                Object::Dict(pairs)
            }
        };
        Value::Object(self.heap.allocate(object))
    }

    /// Runs the clauses from the first on; false where what is iterated over or a condition is not known.
    fn comprehend(
        &mut self,
        comprehension: &Comprehension,
        clauses: &[ComprehensionClause],
        source: Option<Value>,
        scope: &Rc<Scope>,
        results: &mut Vec<(Value, Option<Value>)>,
    ) -> bool {
        let Some((clause, rest)) = clauses.split_first() else {
            let element = self.eval(&comprehension.element, scope);
            let value = comprehension
                .value
                .as_ref()
                .map(|value| self.eval(value, scope));
            results.push((element, value));
            return results.len() <= self.limits.size && self.fuel.get() > 0;
        };
        match clause {
            ComprehensionClause::For { target, iter } => {
                let iter = source.unwrap_or_else(|| self.eval(iter, scope));
                let Some(items) = self.iterate(&iter) else {
                    // The element is still evaluated once: what it calls may be called.
                    let at = Self::place(scope, target.span);
                    self.perhaps(at, |this| {
                        this.assign(target, Value::unknown(Reason::Element, at), scope);
                        this.comprehend(comprehension, rest, None, scope, results);
                    });
                    return false;
                };
                for item in items {
                    self.assign(target, item, scope);
                    if !self.comprehend(comprehension, rest, None, scope, results) {
                        return false;
                    }
                }
                true
            }
            ComprehensionClause::If(test) => {
                let test = self.eval(test, scope);
                match self.truth(&test) {
                    Some(true) => self.comprehend(comprehension, rest, None, scope, results),
                    Some(false) => true,
                    None => {
                        let at = Self::place(scope, comprehension.element.span);
                        self.perhaps(at, |this| {
                            this.comprehend(comprehension, rest, None, scope, results);
                        });
                        false
                    }
                }
            }
        }
    }

    fn f_string(&mut self, parts: &[FStringPart], scope: &Rc<Scope>, at: Place) -> Value {
        let mut text = TextBuilder::new(self.limits.size);
        self.f_string_parts(parts, scope, &mut text);
        text.finish(at)
    }

    fn f_string_parts(&mut self, parts: &[FStringPart], scope: &Rc<Scope>, text: &mut TextBuilder) {
        for part in parts {
            match part {
                FStringPart::Literal(literal) => text.push(literal),
                FStringPart::Hole {
                    value,
                    conversion,
                    format,
                } => {
                    let at = Self::place(scope, value.span);
                    let value = self.eval(value, scope);
                    let mut specification = String::new();
                    let mut known = true;
                    if let Some(format) = format {
                        let mut inner = TextBuilder::new(self.limits.size);
                        self.f_string_parts(format, scope, &mut inner);
                        match inner.finish(at).as_str() {
                            Some(text) => specification.push_str(text),
                            None => known = false,
                        }
                    }
                    if known {
                        self.push_formatted(text, &value, *conversion, &specification, at);
                    } else {
                        text.push_hole(&value, at);
                    }
                }
            }
        }
    }
}
