//! What rules see of raw SQL as it was written.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::alembic::{RawSql, ReplayedRevision, Revision};
use crate::dialect::Dialect;
use crate::rules::reporter::{Report, Reporter, Violation};
use crate::rules::{EnvironmentContext, Fresh, Way, downgrade};
use crate::source::{FileSpan, Span};
use crate::sql::{Remark, SqlCheck, review};

/// Raw SQL of a revision, of PostgreSQL, that certainly is executed.
pub(crate) struct SqlContext<'a> {
    pub(crate) environment: &'a EnvironmentContext<'a>,
    pub(crate) revision: &'a Arc<Revision>,
    pub(crate) replayed: &'a ReplayedRevision,
    pub(crate) way: Way,
    pub(crate) sql: &'a RawSql,
    /// What the change has made altogether.
    pub(crate) fresh: &'a Fresh,
    /// What squawk says of it, once somebody asks.
    remarks: OnceCell<Vec<Remark>>,
}

impl<'a> SqlContext<'a> {
    pub(crate) fn new(
        environment: &'a EnvironmentContext<'a>,
        revision: &'a Arc<Revision>,
        replayed: &'a ReplayedRevision,
        way: Way,
        sql: &'a RawSql,
        fresh: &'a Fresh,
    ) -> Self {
        Self {
            environment,
            revision,
            replayed,
            way,
            sql,
            fresh,
            remarks: OnceCell::new(),
        }
    }

    /// What was found of a kind.
    pub(crate) fn remarks(&self, check: SqlCheck) -> impl Iterator<Item = &Remark> {
        let is_postgresql = self.environment.head.dialect().dialect == Dialect::PostgreSql;
        let remarks = self.remarks.get_or_init(|| {
            if is_postgresql {
                review(&self.sql.text, self.sql.session.in_transaction)
            } else {
                Vec::new()
            }
        });
        remarks.iter().filter(move |remark| remark.check == check)
    }

    /// Where a remark stands: in the text of the file, or at the statement that executes it.
    pub(crate) fn place(&self, remark: &Remark) -> FileSpan {
        match &self.sql.verbatim {
            Some(text) => {
                let start = text.span.start;
                let span = Span::new(
                    start + remark.range.start as u32,
                    start + remark.range.end as u32,
                );
                FileSpan::new(text.file.clone(), span)
            }
            None => self.sql.place.clone(),
        }
    }

    /// Reports a remark.
    pub(crate) fn report<'r>(
        &self,
        violation: &impl Violation,
        remark: &Remark,
        reporter: &'r mut Reporter<'_>,
        message: &str,
    ) -> Option<Report<'r>> {
        let run = self.way.run(&self.replayed.migration)?;
        let (primary, related) = downgrade::at(self.revision, run, &self.place(remark), message);
        let severity = self
            .way
            .severity(violation.severity().unwrap_or(reporter.severity()));
        let report = reporter
            .report_on(violation, primary, Some(&self.revision.id.value))
            .related(related)
            .severity(severity);
        Some(report)
    }
}
