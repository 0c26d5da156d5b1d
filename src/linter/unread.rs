//! What cannot be said because a file cannot be read.

use super::Linter;
use crate::rules::{EnvironmentChange, EnvironmentContext};
use crate::source::FileSpan;

impl Linter<'_> {
    /// Models in files that Python cannot parse are not compared: says so of those that the change touches.
    pub(super) fn tell_unread_models(
        &mut self,
        ctx: &EnvironmentContext<'_>,
        change: &EnvironmentChange<'_>,
    ) {
        let sources = ctx.head.sources();
        let read = &ctx.head.model_schema().whole().files;
        let touched = change.whole.iter().map(|(path, _)| path);
        let mut files = touched.filter(|path| read.contains_key(*path));
        let unread = files.find_map(|path| {
            let error = sources.python(path)?.syntax_error.clone()?;
            Some((FileSpan::new(path.clone(), error.span), error.message))
        });
        let Some((place, message)) = unread else {
            return;
        };
        let line = sources.line_of(&place).unwrap_or_default();
        self.outcome.notices.push(format!(
            "the models of `{}` are not compared with the migrations: line {line} is not Python ({message})",
            place.file
        ));
    }
}
