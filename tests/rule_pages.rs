//! Runs the examples of the rule book.
//!
//! Every section of a page that holds files is one example. A file is a fenced block after a line such as
//!
//! ```text
//! `migrations/versions/11aa.py` (head):
//! ```
//!
//! The words in parentheses say in which states of the repository the file is: `base` before the change, `head` after
//! it, `earlier` in a commit between the two, `target` on the base branch after it has moved on, `released` in the release `v1.0`, `fresh`
//! new on the base, `own` brought to it by the author of the change. Without one the file is in all of them; with none of them at all there is no change, and everything is judged. `fixed` is the text after the
//! fix, `bytes` lets `\xNN` stand for a byte, `5 MiB` pads the file to that size.
//!
//! A comment `# error: [rule-name] "part of the message"` marks a finding that must be reported on its line, and is not
//! part of the file; `# warning:` likewise. A block after `Output:` holds the whole concise output. Findings that are
//! not expected fail the example, and so do fixes that do not end in silence.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use libtest_mimic::{Arguments, Failed, Trial};
use migrate_lint::config::{Baseline, ConfigFile, RuleIdentity, RuleSelector, Selection, Settings};
use migrate_lint::diagnostic::Diagnostic;
use migrate_lint::git::{Snapshot, merge};
use migrate_lint::linter::{BranchCommit, Change, Input, lint};
use migrate_lint::python::{ParseCache, parse};
use migrate_lint::report::{Concise, Reporter, Style, Texts};
use migrate_lint::rules::{Past, RULES, Rule};
use migrate_lint::source::RepoPath;
use regex::Regex;

fn main() {
    let arguments = Arguments::from_args();
    let trials = RULES.iter().flat_map(|rule| examples(rule)).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// One section of a page.
struct Example {
    rule: &'static Rule,
    title: String,
    files: Vec<File>,
    output: Option<String>,
}

struct File {
    path: String,
    states: Vec<String>,
    text: String,
}

impl File {
    fn is_in(&self, state: &str) -> bool {
        let is_state = |word: &String| {
            matches!(
                word.as_str(),
                "base" | "earlier" | "head" | "target" | "released" | "fresh" | "own"
            )
        };
        let named: Vec<&String> = self.states.iter().filter(|word| is_state(word)).collect();
        named.is_empty()
            || named.iter().any(|word| {
                *word == state
                    || (matches!(word.as_str(), "released" | "fresh" | "own") && state == "base")
            })
    }

    fn has(&self, word: &str) -> bool {
        self.states.iter().any(|state| state == word)
    }

    /// The bytes of the file, without the marks.
    fn content(&self) -> Vec<u8> {
        let (text, _) = unmark(&self.text);
        if let Some(size) = self
            .states
            .iter()
            .find_map(|state| state.strip_suffix(" MiB"))
        {
            let size = size.parse::<usize>().expect("a size in MiB") * 1024 * 1024;
            let mut bytes = text.into_bytes();
            bytes.resize(size, b'#');
            return bytes;
        }
        if self.has("bytes") {
            return unescape(&text);
        }
        text.into_bytes()
    }
}

/// A finding that the page expects.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Expected {
    path: String,
    line: u32,
    severity: String,
    rule: String,
    message: String,
}

fn examples(rule: &'static Rule) -> Vec<Trial> {
    let mut examples: Vec<Example> = Vec::new();
    let mut title = String::new();
    let mut announced: Option<(String, Vec<String>)> = None;
    let mut output_follows = false;
    let mut lines = rule.page.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("##") {
            line.trim_start_matches('#').trim().clone_into(&mut title);
        } else if let Some(captures) = FILE_LINE.captures(line) {
            let states = captures.get(2).map_or("", |states| states.as_str());
            let states = states
                .split(", ")
                .filter(|state| !state.is_empty())
                .map(str::to_owned)
                .collect();
            announced = Some((captures[1].to_owned(), states));
        } else if line == "Output:" {
            output_follows = true;
        } else if line.starts_with("```") {
            let text: String = lines
                .by_ref()
                .take_while(|line| !line.starts_with("```"))
                .map(|line| format!("{line}\n"))
                .collect();
            if examples.last().is_none_or(|example| example.title != title) {
                examples.push(Example {
                    rule,
                    title: title.clone(),
                    files: Vec::new(),
                    output: None,
                });
            }
            let example = examples.last_mut().expect("a heading comes first");
            if std::mem::take(&mut output_follows) {
                example.output = Some(text);
            } else if let Some((path, states)) = announced.take() {
                example.files.push(File { path, states, text });
            }
        } else if !line.trim().is_empty() {
            announced = None;
            output_follows = false;
        }
    }
    examples.retain(|example| !example.files.is_empty());
    for section in ["Example", "Use instead"] {
        assert!(
            examples.iter().any(|example| example.title == section),
            "{}: nothing to run in `{section}`",
            rule.name
        );
    }
    examples
        .into_iter()
        .map(|example| {
            let name = format!(
                "{}::{}",
                rule.name,
                example.title.to_lowercase().replace(' ', "_")
            );
            Trial::test(name, move || run(&example))
        })
        .collect()
}

static FILE_LINE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^`([^`]+)`(?: \(([^)]*)\))?:$").unwrap());

static MARK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"[ \t]*# (error|warning|info): \[([a-z-]+)\](?: "(.*)")?$"#).unwrap()
});

/// The text without its marks, and the marks with their lines.
fn unmark(text: &str) -> (String, Vec<(u32, String, String, String)>) {
    let mut marks = Vec::new();
    let mut clean = String::new();
    for (index, line) in text.lines().enumerate() {
        match MARK.captures(line) {
            Some(captures) => {
                let message = captures.get(3).map_or("", |message| message.as_str());
                marks.push((
                    index as u32 + 1,
                    captures[1].to_owned(),
                    captures[2].to_owned(),
                    message.to_owned(),
                ));
                clean.push_str(&line[..captures.get(0).unwrap().start()]);
            }
            None => clean.push_str(line),
        }
        clean.push('\n');
    }
    (clean, marks)
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

struct V1<'a> {
    files: &'a [File],
}

impl V1<'_> {
    fn has(&self, path: &RepoPath, word: &str) -> bool {
        let mut files = self.files.iter();
        files.any(|file| file.has(word) && file.path == path.as_str())
    }
}

impl Past for V1<'_> {
    fn oldest_with(&self, path: &RepoPath, is_meant: &dyn Fn(&[u8]) -> bool) -> Option<String> {
        let released = self.newest(path)?;
        is_meant(&released).then(|| "v1.0".to_owned())
    }

    fn is_part_of(
        &self,
        _release: &str,
        path: &RepoPath,
        is_meant: &dyn Fn(&[u8]) -> bool,
    ) -> bool {
        let released = self.newest(path);
        released.is_some_and(|bytes| is_meant(&bytes))
    }

    fn newest(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let mut files = self.files.iter();
        let released = files.find(|file| file.has("released") && file.path == path.as_str());
        released.map(File::content)
    }

    fn is_fresh(&self, path: &RepoPath) -> bool {
        self.has(path, "fresh")
    }

    fn is_of_author(&self, path: &RepoPath) -> bool {
        self.has(path, "own")
    }

    fn has_releases(&self) -> bool {
        self.files.iter().any(|file| file.has("released"))
    }

    fn had_before(&self, _path: &RepoPath, _is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
        false
    }
}

/// The states of the repository an example describes.
struct States {
    head: Snapshot,
    before: Option<Snapshot>,
    merged: Option<Snapshot>,
    earlier: Vec<BranchCommit>,
}

fn states(example: &Example, replace: &BTreeMap<String, String>) -> States {
    let snapshot = |state: &str| {
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for file in example
            .files
            .iter()
            .filter(|file| !file.has("fixed") && file.is_in(state))
        {
            files.insert(file.path.clone(), file.content());
        }
        if state == "target" {
            for file in example
                .files
                .iter()
                .filter(|file| !file.has("fixed") && file.is_in("base"))
            {
                files
                    .entry(file.path.clone())
                    .or_insert_with(|| file.content());
            }
        }
        if state == "head" {
            for (path, text) in replace {
                files.insert(path.clone(), text.clone().into_bytes());
            }
        }
        add_environment(example, &mut files);
        Snapshot::in_memory(files)
    };
    let mentions = |words: &[&str]| {
        example
            .files
            .iter()
            .any(|file| words.iter().any(|word| file.has(word)))
    };
    let head = snapshot("head");
    let before = mentions(&[
        "base", "earlier", "head", "target", "released", "fresh", "own",
    ])
    .then(|| snapshot("base"));
    let merged = mentions(&["target"]).then(|| {
        let base = before.clone().unwrap();
        merge(&base, &snapshot("target"), &head).snapshot
    });
    let earlier = mentions(&["earlier"]).then(|| BranchCommit {
        name: "1a2b3c4 (earlier)".to_owned(),
        snapshot: snapshot("earlier"),
    });
    States {
        head,
        before,
        merged,
        earlier: earlier.into_iter().collect(),
    }
}

/// An example need not repeat what every project has.
fn add_environment(example: &Example, files: &mut BTreeMap<String, Vec<u8>>) {
    let declares =
        |file: &File| file.path.ends_with("alembic.ini") || file.path.ends_with("env.py");
    if !example.files.iter().any(declares) {
        files.insert(
            "alembic.ini".to_owned(),
            b"[alembic]\nscript_location = migrations\n".to_vec(),
        );
    }
    if !example
        .files
        .iter()
        .any(|file| file.path.ends_with("env.py"))
    {
        files.insert(
            "migrations/env.py".to_owned(),
            b"from alembic import context\n".to_vec(),
        );
    }
    if example
        .files
        .iter()
        .any(|file| file.path == "migrations/env.py")
        && !example
            .files
            .iter()
            .any(|file| file.path.ends_with("alembic.ini"))
    {
        files.insert(
            "alembic.ini".to_owned(),
            b"[alembic]\nscript_location = migrations\n".to_vec(),
        );
    }
}

/// The other rules that the marks of an example name.
fn marked_as_well(example: &Example) -> Vec<RuleSelector> {
    let is_marked = |rule: &&&Rule| {
        let mark = format!(": [{}]", rule.name);
        rule.name != example.rule.name && example.files.iter().any(|file| file.text.contains(&mark))
    };
    let identities = RULES.iter().map(|rule| RuleIdentity::from(*rule));
    let marked = RULES.iter().filter(is_marked);
    marked
        .map(|rule| RuleSelector::parse(rule.name, identities.clone()).unwrap())
        .collect()
}

fn findings(example: &Example, states: &States) -> Result<(Vec<Diagnostic>, String), Failed> {
    let identities = RULES.iter().map(|rule| RuleIdentity::from(*rule));
    let options = ConfigFile::find(&states.head, &RepoPath::root())
        .map_err(|error| error.to_string())?
        .options;
    let settings = Settings {
        selection: Selection {
            select: Some(vec![
                RuleSelector::parse(example.rule.name, identities.clone()).unwrap(),
            ]),
            // Comments can only suppress what is looked for.
            extend_select: if example.rule.name.ends_with("-suppression")
                || example.rule.name == "stale-baseline"
            {
                vec![RuleSelector::parse("downgrade", identities).unwrap()]
            } else {
                marked_as_well(example)
            },
            ..Selection::default()
        },
        baseline: states
            .head
            .read(&RepoPath::new(Baseline::FILE_NAME))?
            .map(|text| Baseline::parse(&RepoPath::new(Baseline::FILE_NAME), &text).unwrap()),
        ..Settings::from(&options)
    };
    let past = V1 {
        files: &example.files,
    };
    let change = states.before.as_ref().map(|before| Change {
        before,
        upstream: Some(before),
        merged: states.merged.as_ref(),
        branch: None,
        commits: &states.earlier,
        theirs: None,
        is_committed: false,
        base_name: "main",
        past: &past,
    });
    let outcome = lint(
        &Input {
            head: &states.head,
            change,
            settings: &settings,
        },
        &ParseCache::default(),
    )
    .map_err(|error| error.to_string())?;
    if let Some(error) = outcome.internal_errors.first() {
        return Err(format!("{} panicked: {}", error.rule, error.message).into());
    }
    if outcome.summary.environments == 0 && outcome.diagnostics.is_empty() {
        return Err("no environment was found".into());
    }
    let mut output = Vec::new();
    let mut snapshots = vec![&states.head];
    snapshots.extend(states.merged.as_ref());
    snapshots.extend(states.before.as_ref());
    Concise {
        style: Style::default(),
        ..Concise::default()
    }
    .write(&outcome, &Texts::new(snapshots), &mut output)?;
    Ok((outcome.diagnostics, String::from_utf8(output).unwrap()))
}

fn run(example: &Example) -> Result<(), Failed> {
    let states = states(example, &BTreeMap::new());
    let (diagnostics, output) = findings(example, &states)?;
    if let Some(expected) = &example.output
        && *expected != output
    {
        return Err(format!("expected output:\n{expected}\nactual output:\n{output}").into());
    }
    if example.output.is_none()
        || example
            .files
            .iter()
            .any(|file| !unmark(&file.text).1.is_empty())
    {
        compare(example, &states, &diagnostics, &output)?;
    }
    check_fixes(example, &diagnostics)
}

fn compare(
    example: &Example,
    states: &States,
    diagnostics: &[Diagnostic],
    output: &str,
) -> Result<(), Failed> {
    let texts = Texts::new(vec![&states.head]);
    let mut expected: Vec<Expected> = example
        .files
        .iter()
        .filter(|file| !file.has("fixed"))
        .flat_map(|file| {
            unmark(&file.text)
                .1
                .into_iter()
                .map(|(line, severity, rule, message)| Expected {
                    path: file.path.clone(),
                    line,
                    severity,
                    rule,
                    message,
                })
        })
        .collect();
    for diagnostic in diagnostics {
        let file = &diagnostic.primary.file;
        let line = diagnostic
            .primary
            .span
            .and_then(|span| Some(texts.get(file)?.position(span.start).line))
            .unwrap_or_default();
        let found = expected.iter().position(|expected| {
            expected.path == file.as_str()
                && expected.line == line
                && expected.severity == diagnostic.severity.to_string()
                && expected.rule == diagnostic.name
                && diagnostic.message.contains(&expected.message)
        });
        match found {
            Some(index) => {
                expected.remove(index);
            }
            // Findings without a line are named in the output block.
            None if line == 0 && example.output.is_some() => {}
            None => {
                return Err(format!(
                    "not expected on line {line} of {file}:\n{output}\nexpected: {expected:#?}"
                )
                .into());
            }
        }
    }
    if expected.is_empty() {
        Ok(())
    } else {
        Err(format!("not reported: {expected:#?}\noutput:\n{output}").into())
    }
}

/// Every fix must leave valid Python that the rule is silent about.
fn check_fixes(example: &Example, diagnostics: &[Diagnostic]) -> Result<(), Failed> {
    let mut fixed: BTreeMap<String, String> = BTreeMap::new();
    let states_before = states(example, &BTreeMap::new());
    for fix in diagnostics
        .iter()
        .filter_map(|diagnostic| diagnostic.fix.as_ref())
    {
        for edit in &fix.edits {
            let path = edit.file.clone();
            let original = states_before
                .head
                .read(&path)?
                .ok_or("a fix for a file that is not there")?;
            let original = String::from_utf8(original).map_err(|error| error.to_string())?;
            let text = fix
                .apply(&path, &original)
                .ok_or("the edits do not fit the file")?;
            fixed.insert(path.as_str().to_owned(), text);
        }
    }
    for file in example.files.iter().filter(|file| file.has("fixed")) {
        let text = fixed
            .get(&file.path)
            .ok_or_else(|| format!("no fix for {}", file.path))?;
        if *text != file.text {
            return Err(format!("expected after the fix:\n{}\nactual:\n{text}", file.text).into());
        }
    }
    if fixed.is_empty() {
        return Ok(());
    }
    for (path, text) in &fixed {
        if Path::new(path)
            .extension()
            .is_some_and(|extension| extension == "py")
            && let Some(error) = parse(text).1
        {
            return Err(format!(
                "the fix of {path} does not parse: {}\n{text}",
                error.message
            )
            .into());
        }
    }
    let (after, output) = findings(example, &states(example, &fixed))?;
    if after.is_empty() {
        Ok(())
    } else {
        Err(format!("still reported after the fix:\n{output}").into())
    }
}
