//! The value of `--output-format`.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error, ValueEnum};

/// A format of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With the source around each finding
    #[default]
    Full,
    /// One line each
    Concise,
    /// Under the file they are in
    Grouped,
    /// One JSON object
    Json,
    /// One JSON object a finding, each on its line
    JsonLines,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions, and the review card in the summary of the job
    Github,
    /// Code Quality report of GitLab
    Gitlab,
    /// Reviewdog's format
    Rdjson,
    /// Test report in XML
    Junit,
    /// Issues of Azure Pipelines
    Azure,
    /// As pylint writes
    Pylint,
    /// A card for reviewers: what the revisions do, and the findings
    Markdown,
}

impl CheckFormat {
    /// True for text that people read as it comes, and to which a closing line may be added.
    pub fn is_for_people(self) -> bool {
        matches!(
            self,
            Self::Full | Self::Concise | Self::Grouped | Self::Github | Self::Azure
        )
    }
}

/// A format and where it goes; without a file, to standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputTarget {
    pub format: CheckFormat,
    pub path: Option<PathBuf>,
}

/// Reads `FORMAT` and `FORMAT=FILE`.
#[derive(Clone, Copy, Debug)]
pub struct OutputTargetParser;

impl TypedValueParser for OutputTargetParser {
    type Value = OutputTarget;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<OutputTarget, Error> {
        let text = value
            .to_str()
            .ok_or_else(|| Error::new(ErrorKind::InvalidUtf8).with_cmd(command))?;
        let (format, path) = match text.split_once('=') {
            Some((format, path)) => (format, Some(path)),
            None => (text, None),
        };
        if path == Some("") {
            let mut error = Error::new(ErrorKind::InvalidValue).with_cmd(command);
            let name = argument.map_or_else(String::new, ToString::to_string);
            error.insert(ContextKind::InvalidArg, ContextValue::String(name));
            error.insert(
                ContextKind::InvalidValue,
                ContextValue::String(text.to_owned()),
            );
            return Err(error);
        }
        let formats = EnumValueParser::<CheckFormat>::new();
        Ok(OutputTarget {
            format: formats.parse_ref(command, argument, OsStr::new(format))?,
            path: path.map(PathBuf::from),
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let formats = CheckFormat::value_variants().iter();
        Some(Box::new(formats.filter_map(ValueEnum::to_possible_value)))
    }
}
