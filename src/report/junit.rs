//! JUnit's XML, as test reports of CI systems read it: a suite a file, a failed case a finding.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::diagnostic::Diagnostic;
use crate::linter::Outcome;
use crate::report::{
    Concise, Paths, Reporter, Style, Texts, advice, positions, sanitise, sanitise_line,
};

/// For `junit` reports of Jenkins, GitLab, Azure and others.
#[derive(Clone, Debug, Default)]
pub struct Junit {
    pub paths: Paths,
}

impl Reporter for Junit {
    fn write(&self, outcome: &Outcome, texts: &Texts<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut xml = Xml {
            writer: Writer::new_with_indent(out, b' ', 2),
        };
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let found = outcome.diagnostics.len();
        // Readers refuse reports without a case.
        let cases = found.max(1).to_string();
        let failures = found.to_string();
        let counts = [("tests", cases.as_str()), ("failures", failures.as_str())];
        let named = [[("name", env!("CARGO_PKG_NAME"))].as_slice(), &counts].concat();
        xml.start("testsuites", &named)?;
        if found == 0 {
            let suite = [
                ("name", "migrations"),
                ("tests", "1"),
                ("failures", "0"),
                ("errors", "0"),
            ];
            xml.start("testsuite", &suite)?;
            let case = [("name", "no findings"), ("classname", "migrations")];
            xml.start("testcase", &case)?;
            xml.end("testcase")?;
            xml.end("testsuite")?;
        }
        let same_file = outcome
            .diagnostics
            .chunk_by(|one, other| one.primary.file == other.primary.file);
        for group in same_file {
            let file = group
                .first()
                .map_or_else(String::new, |first| self.paths.show(&first.primary.file));
            let count = group.len().to_string();
            let suite = [
                ("name", file.as_str()),
                ("tests", &count),
                ("failures", &count),
                ("errors", "0"),
            ];
            xml.start("testsuite", &suite)?;
            for diagnostic in group {
                self.case(diagnostic, &file, texts, &mut xml)?;
            }
            xml.end("testsuite")?;
        }
        xml.end("testsuites")?;
        writeln!(xml.writer.get_mut())
    }
}

impl Junit {
    fn case(
        &self,
        diagnostic: &Diagnostic,
        file: &str,
        texts: &Texts<'_>,
        xml: &mut Xml<'_>,
    ) -> io::Result<()> {
        let line = positions(&diagnostic.primary, texts).map_or(1, |(start, _)| start.line);
        // Cases of one name in one class are taken for one, so the name says what was found.
        let name = format!("{} {}", diagnostic.code, diagnostic.message);
        let line = line.to_string();
        let case = [
            ("name", name.as_str()),
            ("classname", file),
            ("file", file),
            ("line", &line),
        ];
        xml.start("testcase", &case)?;
        let failure = [
            ("type", diagnostic.name),
            ("message", diagnostic.message.as_str()),
        ];
        xml.start("failure", &failure)?;
        let concise = Concise {
            style: Style::default(),
            paths: self.paths.clone(),
        };
        // Lines of their own, none of which is a command to a CI system that prints the file.
        let mut text = concise.line(diagnostic, texts);
        for part in advice(diagnostic) {
            text.push('\n');
            text.push_str(&sanitise_line(&part));
        }
        xml.event(Event::Text(BytesText::new(&text)))?;
        xml.end("failure")?;
        xml.end("testcase")
    }
}

struct Xml<'a> {
    writer: Writer<&'a mut dyn Write>,
}

impl Xml<'_> {
    fn event(&mut self, event: Event<'_>) -> io::Result<()> {
        self.writer.write_event(event)
    }

    /// Characters that XML 1.0 cannot have are not written, whatever a file is called.
    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        let mut element = BytesStart::new(name);
        for (key, value) in attributes {
            element.push_attribute((*key, sanitise(value).as_str()));
        }
        self.event(Event::Start(element))
    }

    fn end(&mut self, name: &str) -> io::Result<()> {
        self.event(Event::End(BytesEnd::new(name)))
    }
}
