//! Where a model was that is gone.

use crate::diagnostic::Label;
use crate::project::ProjectEnvironment;
use crate::python::Sources;
use crate::rules::ChangeContext;
use crate::source::{FileSpan, SourceText, Span};

/// Where the model of a table was: beside what stands there now, or in the file.
pub(super) fn gone(place: &FileSpan, ctx: &ChangeContext<'_>) -> Label {
    let head = ctx.environment.head.sources();
    let before = ctx.change.before.map(ProjectEnvironment::sources);
    match before.and_then(|before| neighbour(place, before, head)) {
        Some((span, message)) => Label::new(place.file.clone(), span, message),
        None => Label::new(place.file.clone(), None, "removed"),
    }
}

/// The first line after what stood at a place that is there still, and only once; or else the last line before it.
fn neighbour(
    place: &FileSpan,
    before: &Sources<'_>,
    head: &Sources<'_>,
) -> Option<(Span, &'static str)> {
    let old = before.python(&place.file)?;
    let new = head.python(&place.file)?;
    let first = old.text.lines().line(place.span.start) as usize;
    let old: Vec<&str> = old.text.as_str().lines().collect();
    let mut after = old.iter().skip(first);
    let mut earlier = old.iter().take(first.saturating_sub(1)).rev();
    let next = after.find_map(|line| only_line(line, &new.text));
    next.map(|span| (span, "removed before this")).or_else(|| {
        let span = earlier.find_map(|line| only_line(line, &new.text))?;
        Some((span, "removed after this"))
    })
}

/// The line of a text that reads so, if no other one does. What is indented or closes something is part of a statement.
fn only_line(line: &str, text: &SourceText) -> Option<Span> {
    let starts_statement = |first: char| !first.is_whitespace() && !")]}#\"'".contains(first);
    if !line.starts_with(starts_statement) {
        return None;
    }
    let lines = text.as_str().lines().enumerate();
    let mut same = lines.filter(|(_, other)| *other == line);
    let (number, _) = same.next()?;
    if same.next().is_some() {
        return None;
    }
    let number = u32::try_from(number).ok()?.checked_add(1)?;
    Some(text.lines().line_span(text.as_str(), number))
}
