//! `migrate-lint demo`

use tempfile::Builder;

use crate::cli::{CheckArgs, DemoArgs, GlobalArgs, ProcessEnvironment};
use crate::commands::{CommandError, Exit, Streams, check};
use crate::git::{BaseHints, scratch_repository};

/// The project before the commit: two tables.
const COMMITTED: &[(&str, &str)] = &[
    ("alembic.ini", include_str!("demo/alembic.ini")),
    ("migrations/env.py", include_str!("demo/env.py")),
    (
        "migrations/versions/3f1c_customer.py",
        include_str!("demo/customer.py"),
    ),
    (
        "migrations/versions/8b20_product.py",
        include_str!("demo/product.py"),
    ),
    ("shop/models.py", include_str!("demo/models_before.py")),
];

/// What is staged: a third table, and the mistakes that come with it.
const STAGED: &[(&str, &str)] = &[
    (
        "migrations/versions/c64e_invoice.py",
        include_str!("demo/invoice.py"),
    ),
    ("shop/models.py", include_str!("demo/models_after.py")),
];

pub(super) fn run(
    args: &DemoArgs,
    global: &GlobalArgs,
    process: &ProcessEnvironment,
    streams: &mut Streams<'_>,
) -> Result<Exit, CommandError> {
    let unwritable = |source| CommandError::Write {
        path: process.temporary_folder.display().to_string(),
        source,
    };
    let folder = Builder::new()
        .prefix("migrate-lint-demo-")
        .tempdir_in(&process.temporary_folder)
        .map_err(unwritable)?;
    scratch_repository(folder.path(), COMMITTED, STAGED)?;
    writeln!(
        streams.out,
        "A small shop with two tables, and a third one staged for the next commit.\n\
         In its repository, `migrate-lint check --staged` says:\n"
    )?;
    let check = CheckArgs {
        staged: true,
        ..CheckArgs::default()
    };
    let global = GlobalArgs {
        config: Vec::new(),
        environment: None,
        isolated: false,
        no_git: false,
        ..global.clone()
    };
    let inside = ProcessEnvironment {
        working_folder: folder.path().to_path_buf(),
        hints: BaseHints::default(),
        ..process.clone()
    };
    check::run(&check, &global, &inside, streams)?;
    writeln!(
        streams.out,
        "\nWhat to try next:\n\
         \x20 migrate-lint rule multiple-heads   what is behind a finding, with examples\n\
         \x20 migrate-lint check                 check all migrations of your own repository\n\
         \x20 migrate-lint check --changed       check only what your branch adds\n\
         \x20 migrate-lint graph                 see how its revisions follow each other\n\
         \x20 migrate-lint hook install          check every commit before it is made"
    )?;
    if args.keep {
        let kept = folder.keep();
        writeln!(streams.out, "\nThe repository is in {}", kept.display())?;
    } else {
        folder.close().map_err(unwritable)?;
    }
    Ok(Exit::Clean)
}
