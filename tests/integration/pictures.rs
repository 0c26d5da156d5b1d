//! Pictures and pages of graphs and schemas: sound markup, links that lead somewhere, and nothing that comes from files
//! does anything.

use std::collections::BTreeSet;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::repository::{Repository, file_of};

const HOSTILE: &str = "\\\"><script>alert('1')</script>&amp;]]>--";

/// What a document consists of, as a reader of XML sees it.
#[derive(Debug, Default)]
struct Document {
    elements: BTreeSet<String>,
    ids: BTreeSet<String>,
    links: Vec<String>,
    attributes: BTreeSet<String>,
}

impl Document {
    /// Reads a document, which must be sound.
    fn read(text: &str) -> Self {
        let mut document = Self::default();
        let mut reader = Reader::from_str(text);
        let mut open = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    document.element(&start);
                    open.push(start.name().as_ref().to_owned());
                }
                Event::Empty(start) => document.element(&start),
                Event::End(end) => assert_eq!(open.pop().unwrap(), end.name().as_ref()),
                Event::Eof => break,
                _ => {}
            }
        }
        assert!(open.is_empty(), "{open:?}");
        for link in &document.links {
            let target = link.strip_prefix('#').expect(link);
            assert!(document.ids.contains(target), "{link} leads nowhere");
        }
        let is_harmful = |c: char| {
            (c.is_control() && c != '\n')
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || c == '\u{ffff}'
        };
        assert!(!text.contains(is_harmful), "{text:?}");
        for name in [
            "image",
            "img",
            "use",
            "foreignObject",
            "iframe",
            "link",
            "object",
            "b",
        ] {
            assert!(!document.elements.contains(name), "{name}");
        }
        for name in ["src", "style", "xlink:href"] {
            assert!(!document.attributes.contains(name), "{name}");
        }
        assert!(
            !document
                .attributes
                .iter()
                .any(|name| name.starts_with("on"))
        );
        document
    }

    fn element(&mut self, start: &BytesStart<'_>) {
        self.elements.insert(start.name().as_ref().to_owned());
        for attribute in start.attributes() {
            let attribute = attribute.unwrap();
            let name = attribute.key.as_ref().to_owned();
            let value = attribute.value.to_string();
            match name.as_str() {
                "id" => assert!(self.ids.insert(value.clone()), "{value} is given twice"),
                "href" => self.links.push(value),
                _ => {}
            }
            self.attributes.insert(name);
        }
    }
}

fn revision(id: &str, parents: &str, message: &str, body: &str) -> String {
    format!(
        "\"\"\"{message}\n\nRevision ID: {id}\n\"\"\"\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"{id}\"\n\
         down_revision = {parents}\nbranch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n    {body}\n\n\n\
         def downgrade():\n    pass\n"
    )
}

/// Two branches and their merge, with names that try to break out.
fn hostile() -> Repository {
    let repository = Repository::folder();
    repository.project();
    let table = format!(
        "op.create_table(\"t{HOSTILE}\", sa.Column(\"id{HOSTILE}\", sa.Integer, primary_key=True), \
         sa.Column(\"r\", sa.Integer, sa.ForeignKey(\"t_a1.id\"), server_default=\"{HOSTILE}\"))"
    );
    let files = [
        (
            "b2 & 'x'",
            revision(
                "b2",
                "\"a1\"",
                "a <b>bold</b> \u{202e}message\u{1b}[31m\u{ffff} & more",
                &table,
            ),
        ),
        (
            "c3",
            revision(&format!("c3{HOSTILE}"), "\"a1\"", HOSTILE, "pass"),
        ),
        (
            "d4",
            revision(
                "d4",
                &format!("(\"b2\", \"c3{HOSTILE}\")"),
                "merge",
                "op.execute(unknown['<b>'])",
            ),
        ),
        (
            "e5",
            revision("e5", "\"lost<b>\"", "", "op.drop_column('t_a1', '<b>')"),
        ),
        (
            "e5_again",
            revision("e5", "\"d4\"", &"long ".repeat(100), "pass"),
        ),
    ];
    for (name, content) in files {
        repository.write(&format!("migrations/versions/{name}.py"), content);
    }
    repository
}

#[test]
fn hostile_names_do_nothing() {
    let repository = hostile();
    for command in ["graph", "schema"] {
        for format in ["svg", "html"] {
            let answer = repository.lint(&[command, "--output-format", format]);
            assert_eq!(answer.status, 0, "{answer:?}");
            let document = Document::read(&answer.out);
            let is_page = format == "html";
            assert_eq!(document.elements.contains("script"), is_page);
            assert_eq!(answer.out.matches("<script").count(), usize::from(is_page));
            assert!(answer.out.contains("&lt;script&gt;"), "{answer:?}");
            assert!(!answer.out.contains("http:") || !is_page);
            let again = repository.lint(&[command, "--output-format", format]);
            assert_eq!(answer.out, again.out);
        }
    }
}

#[test]
fn one_click_leads_to_the_card_of_a_revision() {
    let repository = hostile();
    let page = repository.lint(&["graph", "--output-format", "html"]).out;
    let document = Document::read(&page);
    for id in ["rev-a1", "rev-b2", "rev-e5", "rev-e5~~2", "table-t_a1"] {
        assert!(document.ids.contains(id), "{id}");
        assert!(document.links.contains(&format!("#{id}")), "{id}");
    }
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-"));
    assert!(page.contains("parent lost&lt;b&gt; is missing"), "{page}");
    assert!(page.contains("+ table t_a1"), "{page}");
    let limited = repository.lint(&["graph", "--output-format", "html", "--limit", "1"]);
    let document = Document::read(&limited.out);
    let cards = document.ids.iter().filter(|id| id.starts_with("rev-"));
    assert_eq!(cards.count(), 1);
    assert!(limited.out.contains("… and 5 older revisions"));
}

#[test]
fn new_revisions_are_marked() {
    let repository = Repository::with_project();
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    repository.revision("b2", Some("a1"));
    for format in ["svg", "html"] {
        let arguments = ["graph", "--output-format", format, "--from-ref", "main"];
        let answer = repository.lint(&arguments);
        Document::read(&answer.out);
        assert_eq!(answer.out.matches("class=\"new-dot\"").count(), 1);
        assert!(
            answer.out.contains("2 revisions, 1 head, 1 new"),
            "{answer:?}"
        );
        assert!(answer.out.contains("on the base branch"), "{answer:?}");
    }
    // The picture of tables shows what is new.
    let page = repository.lint(&["graph", "--output-format", "html", "--from-ref", "main"]);
    assert!(page.out.contains("id=\"box-t_b2\""));
    assert!(!page.out.contains("id=\"box-t_a1\""));
}

#[test]
fn several_environments_and_none() {
    let repository = Repository::folder();
    repository.project();
    for folder in ["other", "third"] {
        repository.write(&format!("{folder}/env.py"), "target_metadata = None\n");
        repository.write(
            &format!("{folder}/versions/a1.py"),
            revision(
                "a1",
                "None",
                "<b>",
                "op.create_table('t_a1', sa.Column('<b>', sa.Text))",
            ),
        );
    }
    repository.write(
        "alembic.ini",
        "[alembic]\nscript_location = migrations\n[other]\nscript_location = other\n[third]\nscript_location = third\n",
    );
    for format in ["svg", "html"] {
        let answer = repository.lint(&["graph", "--output-format", format]);
        let document = Document::read(&answer.out);
        assert!(document.ids.contains("rev-a1~~3"), "{answer:?}");
    }
    let empty = Repository::folder();
    for format in ["svg", "html"] {
        let answer = empty.lint(&["graph", "--output-format", format]);
        Document::read(&answer.out);
        assert!(answer.err.contains("no Alembic environment was found"));
    }
}

#[test]
fn some_tables_of_a_schema() {
    let repository = Repository::folder();
    repository.project();
    let body = "op.create_table('orders', sa.Column('id', sa.Integer, primary_key=True), \
                sa.Column('a', sa.Integer, sa.ForeignKey('t_a1.id')))";
    repository.write(&file_of("b2"), revision("b2", "\"a1\"", "orders", body));
    repository.revision("c3", Some("b2"));
    let asked = |format: &str| {
        let answer = repository.lint(&["schema", "--table", "orders", "--output-format", format]);
        assert_eq!(answer.status, 0, "{answer:?}");
        assert!(
            answer.out.contains("orders") && !answer.out.contains("t_c3"),
            "{answer:?}"
        );
        answer.out
    };
    let sql = asked("sql");
    assert!(!sql.contains("CREATE TABLE t_a1"), "{sql}");
    assert!(sql.contains("REFERENCES t_a1"), "{sql}");
    assert!(!sql.contains("not known"), "{sql}");
    assert!(asked("mermaid").contains("\"t_a1\" "));
    assert!(!asked("json").contains("\"t_a1\": {"));
    for format in ["svg", "html"] {
        let document = Document::read(&asked(format));
        assert!(document.ids.contains("box-t_a1") && document.ids.contains("box-orders"));
    }
    let answer = repository.lint(&["schema", "--table", "ordrs"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.err.contains("the schema has no table `ordrs`"),
        "{answer:?}"
    );
    assert!(answer.err.contains("did you mean `orders`?"), "{answer:?}");
}
