//! The functions of the standard library that migrations use, where their result follows from known values.

use std::rc::Rc;

use super::regular::{compiled, match_method};
use super::{Host, Interpreter};
use crate::python::ast::{BinaryOp, Name};
use crate::python::value::{
    Call, CallArgument, Object, ObjectId, Place, Reason, SymbolKind, Value,
};

impl<H: Host> Interpreter<'_, H> {
    /// A call of the standard library. `None` leaves it to the host.
    pub(super) fn library_call(&mut self, call: &Call, at: Place) -> Option<Value> {
        let symbol = Rc::clone(call.callee.as_symbol()?);
        let positional: Vec<Value> = call
            .positional()
            .map(|argument| argument.value.clone())
            .collect();
        let name = match &symbol.kind {
            SymbolKind::Name(name) => name.clone(),
            SymbolKind::Attribute { base, name } if !call.open => {
                if let Some(pattern) = compiled(base) {
                    let name = smol_str::format_smolstr!("re.{name}");
                    let positional: Vec<Value> =
                        std::iter::once(pattern).chain(positional).collect();
                    return self.regular_expression(&name, &positional, at);
                }
                self.log_found_module(base, name, &positional);
                return match_method(base, name, &positional)
                    .or_else(|| self.path_method(base, name, &positional, at));
            }
            // A call of `functools.partial(f, …)`.
            SymbolKind::Call(partial) => return self.call_partial(partial, call, at),
            _ => return None,
        };
        if call.open {
            return None;
        }
        let first = positional.first();
        match name.as_str() {
            "typing.cast" => positional.get(1).cloned(),
            "copy.copy" => match first? {
                Value::Object(id) => match self.heap.get(*id).clone() {
                    object @ (Object::List(_) | Object::Dict(_) | Object::Set(_)) => {
                        Some(self.allocate(object))
                    }
                    _ => None,
                },
                value => is_immutable(value).then(|| value.clone()),
            },
            "copy.deepcopy" => self.deep_copy(first?, 0),
            "collections.OrderedDict" => Some(self.build_dict(&call.arguments, at)),
            "collections.Counter" if call.arguments.is_empty() => {
                Some(self.default_dict(Value::Builtin(Name::new_static("int")), Vec::new()))
            }
            "collections.Counter" => self.counter(first?),
            "collections.defaultdict" => {
                let factory = first.cloned().unwrap_or(Value::None);
                let rest = call.arguments.get(1..).unwrap_or_default();
                let filled = self.build_dict(rest, at);
                let Value::Object(id) = filled else {
                    return Some(filled);
                };
                if !matches!(factory, Value::None) {
                    self.default_factories.insert(id, factory);
                }
                Some(filled)
            }
            "collections.namedtuple" | "typing.NamedTuple" => match positional.as_slice() {
                [name, fields] if call.arguments.len() == 2 => {
                    self.named_tuple_class(name, fields, at)
                }
                _ => None,
            },
            "collections.ChainMap" => {
                let mut pairs = Vec::new();
                for map in positional.iter().rev() {
                    let Value::Object(id) = map else { return None };
                    let Object::Dict(inner) = self.heap.get(*id).clone() else {
                        return None;
                    };
                    for (key, value) in inner {
                        self.put(&mut pairs, key, value);
                    }
                }
                Some(self.allocate(Object::Dict(pairs)))
            }
            "collections.deque" if call.arguments.len() == 1 => {
                let items = self.iterate(first?)?;
                Some(self.sized_list(items, at))
            }
            "itertools.chain" => {
                let mut items = Vec::new();
                for part in &positional {
                    items.extend(self.iterate(part)?);
                }
                Some(self.sized_list(items, at))
            }
            "itertools.chain.from_iterable" => {
                let mut items = Vec::new();
                for part in self.iterate(first?)? {
                    items.extend(self.iterate(&part)?);
                    if items.len() > self.limits.size {
                        return None;
                    }
                }
                Some(self.sized_list(items, at))
            }
            "itertools.product" if call.arguments.len() == positional.len() => {
                self.product(&positional, at)
            }
            "itertools.zip_longest" => {
                let fill = call
                    .keyword("fillvalue")
                    .map_or(Value::None, |fill| fill.value.clone());
                let columns: Vec<Vec<Value>> = positional
                    .iter()
                    .map(|column| self.iterate(column))
                    .collect::<Option<_>>()?;
                let length = columns.iter().map(Vec::len).max()?;
                self.spend(length * columns.len());
                let rows = (0..length).map(|row| {
                    let cells = columns
                        .iter()
                        .map(|column| column.get(row).unwrap_or(&fill).clone());
                    Value::Tuple(cells.collect())
                });
                let rows = rows.collect();
                Some(self.sized_list(rows, at))
            }
            "functools.reduce" => {
                let mut items = self.iterate(positional.get(1)?)?.into_iter();
                let mut result = match positional.get(2) {
                    Some(start) => start.clone(),
                    None => items.next()?,
                };
                for item in items {
                    let arguments = [result, item].map(|value| CallArgument {
                        name: None,
                        value,
                        at,
                    });
                    result = self.call_value(first?, arguments.into(), false, at);
                }
                Some(result)
            }
            "operator.itemgetter" | "operator.attrgetter" => None,
            "operator.add" => match positional.as_slice() {
                [one, other] => Some(self.binary(one, BinaryOp::Add, other, at)),
                _ => None,
            },
            "re.sub" | "re.split" | "re.findall" if call.arguments.len() == positional.len() => {
                self.regular_expression(&name, &positional, at)
            }
            "textwrap.dedent" => Some(Value::known_str(dedent(first?.as_str()?), at)),
            "inspect.cleandoc" => None,
            "importlib.import_module" => {
                let module = self.imported_module(&positional, at);
                if module.is_none() {
                    self.note_gap("which module is imported is not known", at);
                }
                module
            }
            "asyncio.run" => first.cloned(),
            // What stands for the value of a function, called when it is first needed.
            "lazy_object_proxy.Proxy" | "wrapt.LazyObjectProxy" if call.arguments.len() == 1 => {
                let factory = first?.clone();
                Some(self.call_value(&factory, Vec::new(), false, at))
            }
            "json.loads" => {
                let text = first?.as_str()?;
                self.spend(text.len() * 4);
                let parsed: serde_json::Value = serde_json::from_str(text).ok()?;
                self.read_json(&parsed, at, 0)
            }
            "json.dumps" if call.arguments.len() == 1 => {
                let mut text = String::new();
                self.write_json(first?, &mut text, 0)?;
                Some(Value::known_str(text, at))
            }
            "sys.exit" => Some(self.raise(Value::Builtin(Name::new_static("SystemExit")), at)),
            _ => self
                .folder_function(&name, call, at)
                .or_else(|| self.path_function(&name, &positional, at)),
        }
    }

    /// `importlib.import_module(name, package)`, where the name may be relative to the package.
    fn imported_module(&mut self, arguments: &[Value], at: Place) -> Option<Value> {
        let name = arguments.first()?.as_str()?;
        let relative = name.trim_start_matches('.');
        let level = name.len() - relative.len();
        let absolute = if level == 0 {
            relative.to_owned()
        } else {
            let mut package = &**arguments.get(1)?.as_str()?;
            for _ in 1..level {
                package = package.rsplit_once('.')?.0;
            }
            format!("{package}.{relative}")
        };
        let name = Name::new(absolute);
        self.log_import(&name, at.file);
        Some(match self.find_module(&name, at.file) {
            Some(module) => Value::Module(module),
            None => Value::name(name, at),
        })
    }

    /// `__import__(name)`: the first package of the name, once the whole is imported.
    pub(super) fn imported_package(
        &mut self,
        arguments: &[CallArgument],
        at: Place,
    ) -> Option<Value> {
        let name = arguments.first()?.value.clone();
        self.imported_module(std::slice::from_ref(&name), at)?;
        let name = name.as_str()?;
        let package = name.split('.').next().unwrap_or_default();
        self.imported_module(&[Value::known_str(package, at)], at)
    }

    fn allocate(&mut self, object: Object) -> Value {
        Value::Object(self.heap.allocate(object))
    }

    fn default_dict(&mut self, factory: Value, pairs: Vec<(Value, Value)>) -> Value {
        let id = self.heap.allocate(Object::Dict(pairs));
        self.default_factories.insert(id, factory);
        Value::Object(id)
    }

    fn counter(&mut self, items: &Value) -> Option<Value> {
        let mut pairs: Vec<(Value, Value)> = Vec::new();
        for item in self.iterate(items)? {
            self.spend(pairs.len());
            let mut found = None;
            for (index, (key, _)) in pairs.iter().enumerate() {
                if self.equals(key, &item)? {
                    found = Some(index);
                    break;
                }
            }
            match found.and_then(|index| pairs.get_mut(index)) {
                Some((_, Value::Int(count))) => *count += 1,
                _ => pairs.push((item, Value::Int(1))),
            }
        }
        Some(self.default_dict(Value::Builtin(Name::new_static("int")), pairs))
    }

    fn product(&mut self, columns: &[Value], at: Place) -> Option<Value> {
        let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
        for column in columns {
            let items = self.iterate(column)?;
            let count = rows.len().saturating_mul(items.len());
            self.spend(count.saturating_mul(4));
            if count > super::MAX_YIELDS || self.fuel.get() == 0 {
                return Some(Value::unknown(Reason::Limit("the length of a list"), at));
            }
            rows = rows
                .iter()
                .flat_map(|row| {
                    items.iter().map(|item| {
                        let mut row = row.clone();
                        row.push(item.clone());
                        row
                    })
                })
                .collect();
        }
        let rows = rows
            .into_iter()
            .map(|row| Value::Tuple(row.into()))
            .collect();
        Some(self.sized_list(rows, at))
    }

    fn call_partial(&mut self, partial: &Call, call: &Call, at: Place) -> Option<Value> {
        if !Self::is_named(&partial.callee, &["functools.partial"]) {
            return None;
        }
        let (function, given) = partial.arguments.split_first()?;
        if function.name.is_some() || partial.open {
            return None;
        }
        let replaced = |name: &Option<Name>| {
            name.as_deref()
                .is_some_and(|name| call.keyword(name).is_some())
        };
        let arguments = given
            .iter()
            .filter(|argument| !replaced(&argument.name))
            .chain(&call.arguments)
            .cloned()
            .collect();
        Some(self.call_value(&function.value.clone(), arguments, call.open, at))
    }

    /// `copy.deepcopy(value)` of what consists of plain values.
    fn deep_copy(&mut self, value: &Value, depth: u32) -> Option<Value> {
        if depth > 32 || !self.step() {
            return None;
        }
        match value {
            Value::Object(id) => {
                let object = self.heap.get(*id).clone();
                let copy = match object {
                    Object::List(items) => Object::List(self.deep_copies(&items, depth)?),
                    Object::Set(items) => Object::Set(self.deep_copies(&items, depth)?),
                    Object::Dict(pairs) => Object::Dict(
                        pairs
                            .into_iter()
                            .map(|(key, value)| Some((key, self.deep_copy(&value, depth + 1)?)))
                            .collect::<Option<_>>()?,
                    ),
                    _ => return None,
                };
                let factory = self.default_factories.get(id).cloned();
                let copy = self.heap.allocate(copy);
                if let Some(factory) = factory {
                    self.default_factories.insert(copy, factory);
                }
                Some(Value::Object(copy))
            }
            Value::Tuple(items) => Some(Value::Tuple(self.deep_copies(items, depth)?.into())),
            _ => is_immutable(value).then(|| value.clone()),
        }
    }

    fn deep_copies(&mut self, items: &[Value], depth: u32) -> Option<Vec<Value>> {
        items
            .iter()
            .map(|item| self.deep_copy(item, depth + 1))
            .collect()
    }

    fn read_json(&mut self, json: &serde_json::Value, at: Place, depth: u32) -> Option<Value> {
        if depth > 64 {
            return None;
        }
        Some(match json {
            serde_json::Value::Null => Value::None,
            serde_json::Value::Bool(flag) => Value::Bool(*flag),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(number) => Value::Int(number),
                None => Value::unknown(Reason::Unsupported("a number in JSON"), at),
            },
            serde_json::Value::String(text) => Value::known_str(text.as_str(), at),
            serde_json::Value::Array(items) => {
                let items = items
                    .iter()
                    .map(|item| self.read_json(item, at, depth + 1))
                    .collect::<Option<_>>()?;
                self.allocate(Object::List(items))
            }
            // The parser sorts members, Python keeps them in order.
            serde_json::Value::Object(members) if members.len() > 1 => return None,
            serde_json::Value::Object(members) => {
                let mut pairs = Vec::with_capacity(members.len());
                for (key, value) in members {
                    let value = self.read_json(value, at, depth + 1)?;
                    pairs.push((Value::known_str(key.as_str(), at), value));
                }
                self.allocate(Object::Dict(pairs))
            }
        })
    }

    /// `json.dumps(value)`, with Python's separators, of ASCII text.
    fn write_json(&self, value: &Value, text: &mut String, depth: u32) -> Option<()> {
        if depth > 32 || !self.step() || text.len() > self.limits.size {
            return None;
        }
        match value {
            Value::None => text.push_str("null"),
            Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
            Value::Int(number) => text.push_str(&number.to_string()),
            Value::Str(_) => {
                let known = value.as_str().filter(|known| known.is_ascii())?;
                self.spend(known.len());
                text.push_str(&serde_json::to_string(&**known).ok()?);
            }
            Value::Tuple(items) => self.write_json_array(items, text, depth)?,
            Value::Object(id) => match self.heap.get(*id) {
                Object::List(items) => self.write_json_array(items, text, depth)?,
                Object::Dict(pairs) => {
                    text.push('{');
                    for (index, (key, value)) in pairs.iter().enumerate() {
                        if index > 0 {
                            text.push_str(", ");
                        }
                        if !matches!(key, Value::Str(_)) {
                            return None;
                        }
                        self.write_json(key, text, depth + 1)?;
                        text.push_str(": ");
                        self.write_json(value, text, depth + 1)?;
                    }
                    text.push('}');
                }
                _ => return None,
            },
            _ => return None,
        }
        Some(())
    }

    fn write_json_array(&self, items: &[Value], text: &mut String, depth: u32) -> Option<()> {
        text.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            self.write_json(item, text, depth + 1)?;
        }
        text.push(']');
        Some(())
    }

    /// `Counter.most_common(n)`: by count, in order of first sight.
    pub(super) fn most_common(
        &mut self,
        id: ObjectId,
        limit: Option<i64>,
        at: Place,
    ) -> Option<Value> {
        let Object::Dict(pairs) = self.heap.get(id) else {
            return None;
        };
        let mut counted: Vec<(i64, Value)> = pairs
            .iter()
            .map(|(key, count)| match count {
                Value::Int(count) => Some((
                    *count,
                    Value::Tuple(Rc::from([key.clone(), Value::Int(*count)])),
                )),
                _ => None,
            })
            .collect::<Option<_>>()?;
        counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        if let Some(limit) = limit {
            counted.truncate(usize::try_from(limit).unwrap_or(0));
        }
        let items = counted.into_iter().map(|(_, pair)| pair).collect();
        Some(self.sized_list(items, at))
    }
}

/// True for what a copy cannot be told from.
fn is_immutable(value: &Value) -> bool {
    matches!(
        value,
        Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Bytes
            | Value::Ellipsis
            | Value::Function(_)
            | Value::Builtin(_)
            | Value::Class(_)
    )
}

/// `textwrap.dedent(text)`
fn dedent(text: &str) -> String {
    let mut margin: Option<&str> = None;
    for line in text.split('\n') {
        let content = line.trim_start_matches([' ', '\t']);
        if content.is_empty() {
            continue;
        }
        let indent = line.get(..line.len() - content.len()).unwrap_or_default();
        margin = Some(match margin {
            None => indent,
            Some(margin) => {
                let common = margin
                    .bytes()
                    .zip(indent.bytes())
                    .take_while(|(one, other)| one == other)
                    .count();
                margin.get(..common).unwrap_or_default()
            }
        });
    }
    let margin = margin.unwrap_or_default();
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| {
            if line.trim_matches([' ', '\t']).is_empty() {
                ""
            } else {
                line.strip_prefix(margin).unwrap_or(line)
            }
        })
        .collect();
    lines.join("\n")
}
