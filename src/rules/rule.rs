//! What a rule is: its identity, its page, and what it listens to.

use crate::diagnostic::Severity;
use crate::dialect::Dialect;
use crate::rules::context::{
    ChangeContext, EnvironmentContext, FileContext, MigrationContext, ProjectContext,
    ReplayContext, ScriptContext, SuppressionContext,
};
use crate::rules::raw_sql::SqlContext;
use crate::rules::reporter::Reporter;
use crate::rules::statement::StatementContext;

/// A check with a code, a name and a page.
#[derive(Debug)]
pub struct Rule {
    /// `ML` and three digits; never reused.
    pub code: &'static str,
    /// What the rule flags, in kebab-case.
    pub name: &'static str,
    pub family: Family,
    pub severity: Severity,
    /// True if it runs without being selected.
    pub is_default: bool,
    /// The version that introduced it.
    pub since: &'static str,
    pub fix: FixAvailability,
    /// The databases it speaks of; empty for all.
    pub dialects: &'static [Dialect],
    /// The rules of other linters that look for the same: `squawk: adding-required-field`.
    pub peers: &'static [&'static str],
    /// The text of its page in the rule book.
    pub page: &'static str,
    pub(crate) listeners: &'static [Listener],
}

/// The part of the rule book a rule belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    File,
    Revision,
    Downgrade,
    Model,
    Convention,
    Deployment,
    Setup,
}

impl Family {
    /// All families, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::File,
        Self::Revision,
        Self::Downgrade,
        Self::Model,
        Self::Convention,
        Self::Deployment,
        Self::Setup,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Revision => "revision",
            Self::Downgrade => "downgrade",
            Self::Model => "model",
            Self::Convention => "convention",
            Self::Deployment => "deployment",
            Self::Setup => "setup",
        }
    }

    /// The third character of its codes.
    pub fn digit(self) -> char {
        match self {
            Self::File => '0',
            Self::Revision => '1',
            Self::Downgrade => '2',
            Self::Model => '3',
            Self::Convention => '4',
            Self::Deployment => '5',
            Self::Setup => '6',
        }
    }
}

/// Whether a rule offers fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixAvailability {
    None,
    Sometimes,
}

/// What a rule listens to.
pub(crate) enum Listener {
    /// A Python file of an environment: revisions and `env.py`.
    File(fn(&FileContext<'_>, &mut Reporter<'_>)),
    /// The configuration files of the repository.
    Configuration(fn(&ProjectContext<'_>, &mut Reporter<'_>)),
    /// An environment, how it is set up, and the repository around it.
    Environment(fn(&EnvironmentContext<'_>, &mut Reporter<'_>)),
    /// The revision map of an environment, after the merge where there is one.
    Map(fn(&EnvironmentContext<'_>, &mut Reporter<'_>)),
    /// A revision file and its identifiers.
    Script(fn(&ScriptContext<'_>, &mut Reporter<'_>)),
    /// What a revision does.
    Migration(fn(&MigrationContext<'_>, &mut Reporter<'_>)),
    /// What a revision makes of the database, and its downgrade after it.
    Replay(fn(&ReplayContext<'_>, &mut Reporter<'_>)),
    /// A statement that certainly is carried out.
    Statement(fn(&StatementContext<'_>, &mut Reporter<'_>)),
    /// The same, by those to whom it matters that the application is in use meanwhile.
    Load(fn(&StatementContext<'_>, &mut Reporter<'_>)),
    /// A text of raw SQL that certainly is executed.
    Sql(fn(&SqlContext<'_>, &mut Reporter<'_>)),
    /// Models and migrations of an environment as they are, where no change is judged.
    Drift(fn(&EnvironmentContext<'_>, &mut Reporter<'_>)),
    /// Models and migrations of an environment as they are, where revisions are judged.
    JudgedDrift(fn(&EnvironmentContext<'_>, &mut Reporter<'_>)),
    /// The models of an environment; in a change if that touches a file which may declare some.
    Models(fn(&EnvironmentContext<'_>, &mut Reporter<'_>)),
    /// What a change does to an environment.
    Change(fn(&ChangeContext<'_>, &mut Reporter<'_>)),
    /// The commits of a branch, one after the other.
    Branch(fn(&ChangeContext<'_>, &mut Reporter<'_>)),
    /// Comments that keep findings from being reported.
    Suppressions(fn(&SuppressionContext<'_>, &mut Reporter<'_>)),
}

impl Listener {
    /// What it hands to the rule, in words of the rule book.
    pub(crate) fn subject(&self) -> &'static str {
        match self {
            Self::File(_) => "files",
            Self::Configuration(_) => "configuration",
            Self::Environment(_) => "set-up",
            Self::Map(_) => "revision map",
            Self::Script(_) => "revision files",
            Self::Migration(_) => "operations",
            Self::Replay(_) => "replay",
            Self::Statement(_) | Self::Load(_) => "statements",
            Self::Sql(_) => "raw SQL",
            Self::Drift(_) | Self::JudgedDrift(_) => "drift",
            Self::Models(_) => "models",
            Self::Change(_) => "change",
            Self::Branch(_) => "commits",
            Self::Suppressions(_) => "comments",
        }
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.subject())
    }
}

impl Rule {
    /// The address of the rule's page.
    pub fn url(&self) -> String {
        format!(
            "https://github.com/migrate-lint/migrate-lint/blob/v{}/rules/{}/{}.md",
            env!("CARGO_PKG_VERSION"),
            self.family.as_str(),
            self.name
        )
    }

    /// True for findings that concern the graph as a whole: they are reported whichever files were named.
    pub fn is_about_the_graph(&self) -> bool {
        self.family == Family::Revision
            && self.listens(|listener| matches!(listener, Listener::Map(_) | Listener::Change(_)))
    }

    /// True if all its findings are looked for wherever a revision is judged, and only there: then a comment that
    /// suppresses none of them is of no use.
    pub(crate) fn is_about_revisions(&self) -> bool {
        self.listeners.iter().all(|listener| {
            matches!(
                listener,
                Listener::File(_)
                    | Listener::Script(_)
                    | Listener::Migration(_)
                    | Listener::Replay(_)
                    | Listener::Statement(_)
                    | Listener::Load(_)
                    | Listener::Sql(_)
            )
        })
    }

    /// True if it needs to know what a database makes of operations or models.
    pub(crate) fn asks_for_a_database(&self) -> bool {
        let replays = self.listens(|listener| {
            matches!(
                listener,
                Listener::Replay(_)
                    | Listener::Statement(_)
                    | Listener::Load(_)
                    | Listener::Sql(_)
                    | Listener::Drift(_)
                    | Listener::JudgedDrift(_)
            )
        });
        let compares =
            self.listens(|listener| matches!(listener, Listener::Change(_) | Listener::Branch(_)));
        replays || compares && self.family == Family::Model
    }

    /// True if it is about comments to the linter.
    pub fn is_about_comments(&self) -> bool {
        self.listens(|listener| matches!(listener, Listener::Suppressions(_)))
    }

    /// True if it only looks at changes.
    pub(crate) fn is_about_changes(&self) -> bool {
        self.listeners
            .iter()
            .all(|listener| matches!(listener, Listener::Change(_) | Listener::Branch(_)))
    }

    /// True if one of its listeners is of this kind.
    pub(crate) fn listens(&self, is_meant: impl Fn(&Listener) -> bool) -> bool {
        self.listeners.iter().any(is_meant)
    }

    /// What it listens to, each once.
    pub fn subjects(&self) -> Vec<&'static str> {
        let mut subjects: Vec<&str> = self.listeners.iter().map(Listener::subject).collect();
        subjects.dedup();
        subjects
    }

    /// True for findings that only matter to those who go back.
    pub fn is_about_the_way_back(&self) -> bool {
        let fails_on_the_way_up = [
            "failing-upgrade",
            "unnamed-constraint-drop",
            "ignored-argument",
        ];
        self.family == Family::Downgrade && !fails_on_the_way_up.contains(&self.name)
    }

    /// True for findings that only matter where the application is in use while migrations run.
    pub fn is_about_load(&self) -> bool {
        self.listens(|listener| matches!(listener, Listener::Load(_)))
    }

    /// True for findings about what code still asks for that runs while a migration does.
    pub fn is_about_running_code(&self) -> bool {
        let names = [
            "column-rename",
            "table-rename",
            "column-drop",
            "table-drop",
            "enum-value-rename",
        ];
        names.contains(&self.name)
    }

    /// True for findings about statements that let nobody use a table while they go through its rows.
    pub fn shuts_tables(&self) -> bool {
        let names = [
            "scanning-not-null",
            "validating-check",
            "blocking-primary-key",
            "blocking-unique-constraint",
            "blocking-exclusion-constraint",
        ];
        names.contains(&self.name)
    }

    /// True for a finding that is mended for all tables of a revision at once.
    pub fn is_told_once(&self) -> bool {
        matches!(
            self.name,
            "backfill-with-schema-change" | "validated-at-once"
        )
    }

    /// True for findings that only matter where a table has very many rows: how they are written is nobody's concern else.
    pub fn is_about_many_rows(&self) -> bool {
        self.name == "backfill-with-schema-change"
    }

    /// True for findings about a lock that is held while all rows of a table are read, and no longer.
    pub fn is_about_reading_rows(&self) -> bool {
        matches!(
            self.name,
            "scanning-not-null" | "blocking-unique-constraint" | "validating-check"
        )
    }

    /// True for findings that only matter where rows of a table are read or written by the application.
    pub fn is_about_use_of_tables(&self) -> bool {
        self.is_about_load() || self.name == "not-null-without-default"
    }

    /// The first paragraph under "What it does".
    pub fn summary(&self) -> String {
        let after = self
            .page
            .split_once("## What it does")
            .map_or("", |(_, after)| after);
        let paragraph = after.trim_start().split("\n\n").next().unwrap_or_default();
        paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl<'a> From<&'a Rule> for crate::config::RuleIdentity<'a> {
    fn from(rule: &'a Rule) -> Self {
        Self {
            code: rule.code,
            name: rule.name,
            family: rule.family.as_str(),
        }
    }
}

/// Declares the rule of a file: its code and name, how bad it is, and what it listens to. The page is found by family
/// and name. `default: Off` leaves it out unless it is selected; `dialects: [PostgreSql]` says that it only speaks of these
/// databases, `peers: ["squawk: adding-required-field"]` which rules of other linters look for the same.
macro_rules! declare_rule {
    (@default) => {
        true
    };
    (@default Off) => {
        false
    };
    (
        $code:literal, $name:literal in $family:ident ($folder:literal),
        severity: $severity:ident,
        $(default: $default:ident,)?
        since: $since:literal,
        fix: $fix:ident,
        $(dialects: [$($dialect:ident),+ $(,)?],)?
        $(peers: [$($peer:literal),+ $(,)?],)?
        on: $($listener:ident($check:ident)),+ $(,)?
    ) => {
        pub(crate) static RULE: $crate::rules::Rule = $crate::rules::Rule {
            code: $code,
            name: $name,
            family: $crate::rules::Family::$family,
            severity: $crate::diagnostic::Severity::$severity,
            is_default: $crate::rules::declare_rule!(@default $($default)?),
            since: $since,
            fix: $crate::rules::FixAvailability::$fix,
            dialects: &[$($($crate::dialect::Dialect::$dialect),+)?],
            peers: &[$($($peer),+)?],
            page: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/rules/",
                $folder,
                "/",
                $name,
                ".md"
            )),
            listeners: &[$($crate::rules::rule::Listener::$listener($check)),+],
        };
    };
}

pub(crate) use declare_rule;
