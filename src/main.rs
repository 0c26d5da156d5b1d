//! The program: parses the command line, runs the command, and says how it ended.

mod progress;

use std::io::{self, Write};
use std::process::ExitCode;

use miette::GraphicalReportHandler;
use migrate_lint::cli::{CheckFormat, Cli, ProcessEnvironment};
use migrate_lint::commands::{CommandError, Exit, Streams, Work, run, style};
use migrate_lint::report::{azure_error, github_error};
use progress::Progress;

/// See `Cargo.toml` for what it gains.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::of_process();
    // Threads that parse need the same room. Failing means the pool exists already, which is as good.
    let _ = rayon::ThreadPoolBuilder::new()
        .stack_size(migrate_lint::STACK_SIZE)
        .build_global();
    let main = std::thread::Builder::new()
        .stack_size(migrate_lint::STACK_SIZE)
        .spawn(move || start(&cli));
    match main.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        _ => ExitCode::from(Exit::Trouble.code()),
    }
}

fn start(cli: &Cli) -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    // Not locked: a thread that panics has to be able to say so.
    let mut err = io::stderr();
    let exit = match ProcessEnvironment::read() {
        Ok(process) => {
            let global = &cli.global;
            let mut progress = Progress::new(
                !(global.quiet || global.silent || global.no_progress || process.in_pre_commit),
            );
            let mut streams = Streams {
                out: &mut out,
                err: &mut err,
                work: &mut |work| match work {
                    Work::Begins => progress.begin(),
                    Work::Ends => progress.end(),
                },
            };
            let result = run(cli, &process, &mut streams);
            progress.end();
            match result {
                Ok(exit) => exit,
                // Whoever reads our output has read enough.
                Err(CommandError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                    Exit::Trouble
                }
                Err(error) => {
                    if let Some(line) = annotation(&error, cli) {
                        let _ = writeln!(out, "{line}");
                    }
                    let _ = out.flush();
                    complain(&error, cli, &process, &mut err);
                    Exit::Trouble
                }
            }
        }
        Err(error) => {
            let _ = writeln!(err, "error: the working folder cannot be read: {error}");
            Exit::Trouble
        }
    };
    let _ = out.flush();
    // Everything that was parsed goes with the process; taking it apart first would only cost time.
    ExitCode::from(exit.code())
}

/// The error as the CI system shows it beside the findings.
fn annotation(error: &CommandError, cli: &Cli) -> Option<String> {
    let mut message = error.to_string();
    if let Some(help) = miette::Diagnostic::help(error) {
        message.push_str(&format!("\n{help}"));
    }
    match cli.check_format()? {
        CheckFormat::Github => Some(github_error(&message)),
        CheckFormat::Azure => Some(azure_error(&message)),
        _ => None,
    }
}

fn complain(error: &CommandError, cli: &Cli, process: &ProcessEnvironment, err: &mut impl Write) {
    let style = style(&cli.global, process);
    let theme = if style.colour {
        miette::GraphicalTheme::unicode()
    } else {
        miette::GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_cause_chain();
    let mut text = String::new();
    if handler.render_report(&mut text, error).is_err() {
        text = error.to_string();
    }
    let _ = writeln!(err, "{text}");
}
