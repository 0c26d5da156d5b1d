//! Small applications, and the tables that their `env.py` leads to.

mod filters;
mod types;

use super::*;
use crate::catalog::Database;
use crate::git::Snapshot;
use crate::python::ParseCache;

const BASE: (&str, &str) = (
    "app/base.py",
    "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n",
);

/// A model with a key.
fn model(name: &str) -> String {
    format!(
        "from sqlalchemy.orm import mapped_column, Mapped\nfrom app.base import Base\nclass {name}(Base):\n    __tablename__ = '{}'\n    id: Mapped[int] = mapped_column(primary_key=True)\n",
        name.to_lowercase()
    )
}

struct AllFiles<'s>(&'s Snapshot);

impl ModelFiles for AllFiles<'_> {
    fn may_define(&self, file: &RepoPath) -> bool {
        !file.as_str().ends_with("migrations/env.py")
    }

    fn all(&self) -> Vec<RepoPath> {
        let paths = self.0.iter().map(|(path, _)| path.clone());
        paths.filter(|path| self.may_define(path)).collect()
    }

    fn revisions(&self) -> Vec<RepoPath> {
        let paths = self.0.iter().map(|(path, _)| path.clone());
        let is_revision = |path: &RepoPath| path.as_str().starts_with("migrations/versions/");
        paths.filter(is_revision).collect()
    }
}

fn read(env: &str, files: &[(&str, &str)], migrated: &Catalog) -> ModelSchema {
    read_in("migrations/env.py", env, files, migrated)
}

fn read_in(env_file: &str, env: &str, files: &[(&str, &str)], migrated: &Catalog) -> ModelSchema {
    let all: Vec<(&str, &str)> = files
        .iter()
        .copied()
        .chain([BASE, (env_file, env)])
        .collect();
    let snapshot = Snapshot::in_memory(all);
    let cache = ParseCache::default();
    let sources = Sources::new(&snapshot, &cache);
    let finder = ModuleFinder::new(&snapshot, []);
    let files = AllFiles(&snapshot);
    let env_file = RepoPath::new(env_file);
    ModelReading::begin(
        Some(&env_file),
        &files,
        Semantics::default(),
        &sources,
        &finder,
    )
    .finish(&|| migrated.clone())
}

fn tables(models: &ModelSchema) -> Vec<String> {
    let tables = models.catalog.tables.iter();
    tables
        .map(|(name, table)| {
            let doubt = if table.maybe.is_some() { "?" } else { "" };
            format!("{name}{doubt}")
        })
        .collect()
}

const TARGET: &str = "\nfrom app.base import Base\ntarget_metadata = Base.metadata\n";

#[test]
fn what_another_application_makes_is_not_described() {
    let toy = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass User(db.Model):\n    name = db.Column(db.String, primary_key=True)\n\
               class Toy(db.Model):\n    name = db.Column(db.String, primary_key=True)\ndb.create_all()\n";
    let files = [
        ("app/user.py", model("User")),
        ("toy/models.py", toy.to_owned()),
    ];
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    let models = read(
        &format!("import app.user{TARGET}"),
        &files,
        &Catalog::default(),
    );
    assert_eq!(tables(&models), ["user"]);
    let columns: Vec<&str> = models.whole().catalog.tables["user"]
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(columns, ["id"]);
}

#[test]
fn underscores_before_the_name_of_a_column() {
    let user = |attribute: &str| {
        format!(
            "from sqlalchemy import Column, Integer, Text\nfrom app.base import Base\nclass _User(Base):\n    __tablename__ = 'user'\n    \
             id = Column(Integer, primary_key=True)\n    {attribute} = Column(Text)\n"
        )
    };
    for (attribute, columns, is_open) in [
        ("_name", &["id", "_name"][..], false),
        ("__name", &["id", "_User__name"], false),
        ("__name__", &["id"], true),
    ] {
        let env = format!("import app.user{TARGET}");
        let models = read(
            &env,
            &[("app/user.py", &user(attribute))],
            &Catalog::default(),
        );
        let table = &models.catalog.tables["user"];
        let found = table.columns.iter().map(|column| column.name.as_str());
        assert_eq!(found.collect::<Vec<_>>(), columns, "{attribute}");
        let is_in_doubt = table.open.is_some() || table.unsure.is_some();
        assert_eq!(is_in_doubt, is_open, "{attribute}");
    }
}

#[test]
fn extensions_of_flask_have_two_names() {
    let app = "from flask.ext.sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass User(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n";
    let env = "from app.db import db\ntarget_metadata = db.metadata\n";
    let models = read(env, &[("app/db.py", app)], &Catalog::default());
    assert_eq!(tables(&models), ["user"]);
}

#[test]
fn what_is_imported_is_registered() {
    let (user, team) = (model("User"), model("Team"));
    let files = |init: &'static str| -> Vec<(&'static str, String)> {
        vec![
            ("app/__init__.py", String::new()),
            ("app/models/__init__.py", init.to_owned()),
            ("app/models/user.py", user.clone()),
            ("app/models/team.py", team.clone()),
        ]
    };
    for (env, init, found) in [
        ("import app.models.user", "", &["user"][..]),
        ("from app.models import user as _", "", &["user"]),
        (
            "from app.models import *",
            "from .team import Team",
            &["team"],
        ),
        (
            "import app.models",
            "from app.models import user, team",
            &["team", "user"],
        ),
        (
            "import app.models",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .user import User\nelse:\n    from .team import Team",
            &["team"],
        ),
        (
            "from app import models\nmodels.import_all()",
            "def import_all():\n    import app.models.user\n    from . import team",
            &["team", "user"],
        ),
        (
            "import importlib\nfor name in ('user', 'team'):\n    importlib.import_module('app.models.' + name)",
            "",
            &["team", "user"],
        ),
        (
            "from pathlib import Path\nfor file in Path().glob('app/**/t*m.py'):\n    __import__('.'.join(file.with_suffix('').parts))",
            "",
            &["team"],
        ),
        (
            "import importlib\nfrom pathlib import Path\nfor file in sorted(Path('app/models').iterdir()):\n    if file.stem != '__init__':\n        importlib.import_module(f'app.models.{file.stem}')",
            "",
            &["team", "user"],
        ),
        (
            "import glob, importlib\nfor file in glob.glob('app/models/u*.py'):\n    importlib.import_module(file[:-3].replace('/', '.'))",
            "",
            &["user"],
        ),
        (
            "import importlib\nfrom pathlib import Path\nroot = Path(__file__).parent.parent\nfor file in root.glob('app/models/*.py'):\n    importlib.import_module('.'.join(file.relative_to(root).with_suffix('').parts))",
            "",
            &["team", "user"],
        ),
        (
            "import app.models",
            "import os\nif os.environ.get('TEAMS'):\n    from .team import Team\nfrom .user import User",
            &["team?", "user"],
        ),
    ] {
        let files = files(init);
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        let models = read(&format!("{env}{TARGET}"), &files, &Catalog::default());
        assert_eq!(models.origin, MetadataOrigin::Environment, "{env}");
        assert_eq!(tables(&models), found, "{env}\n{init}");
    }
}

#[test]
fn a_schema_may_be_a_member_of_a_string_enum() {
    let shop = "import enum\nfrom typing import Any\nfrom sqlalchemy import Column, Integer, Table\nfrom sqlalchemy.orm import Mapped, mapped_column\nfrom app.base import Base\nclass Schemas(enum.StrEnum):\n    SHOP = 'shop'\nclass ShopTable(Base):\n    __abstract__ = True\n    __table_args__: Any = {'schema': Schemas.SHOP}\nclass Item(ShopTable):\n    __tablename__ = 'item'\n    id: Mapped[int] = mapped_column(primary_key=True)\nTable('order', Base.metadata, Column('id', Integer), schema=Schemas.SHOP)\n";
    let files = [("app/shop.py", shop)];
    let models = read(
        &format!("import app.shop{TARGET}"),
        &files,
        &Catalog::default(),
    );
    assert_eq!(tables(&models), ["shop.item", "shop.order"]);
}

#[test]
fn arguments_of_a_mapped_parent_are_about_its_own_table() {
    let records = "from sqlalchemy import ForeignKey, Index\nfrom sqlalchemy.orm import Mapped, mapped_column\nfrom app.base import Base\nclass Indexed:\n    __table_args__ = (Index('ix_mixin', 'id'),)\nclass Record(Base):\n    __tablename__ = 'record'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    __table_args__ = (Index('ix_record', 'id'),)\nclass Special(Record):\n    __tablename__ = 'special'\n    id: Mapped[int] = mapped_column(ForeignKey('record.id'), primary_key=True)\nclass Plain(Indexed, Base):\n    __tablename__ = 'plain'\n    id: Mapped[int] = mapped_column(primary_key=True)\n";
    let models = read(
        &format!("import app.records{TARGET}"),
        &[("app/records.py", records)],
        &Catalog::default(),
    );
    let indexes = |table: &str| {
        let table = &models.catalog.tables[table];
        let names = table.indexes.iter().map(|index| index.name.to_string());
        names.collect::<Vec<_>>()
    };
    assert_eq!(indexes("record"), ["ix_record"]);
    assert_eq!(indexes("plain"), ["ix_mixin"]);
    assert!(indexes("special").is_empty());
}

#[test]
fn a_metadata_says_where_its_tables_are() {
    let text = "from sqlalchemy import BLANK_SCHEMA, Column, ForeignKey, Integer, MetaData, Table\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base(metadata=MetaData(schema='app'))\nclass User(Base):\n    __tablename__ = 'users'\n    id = Column(Integer, primary_key=True)\nclass Other(Base):\n    __tablename__ = 'others'\n    __table_args__ = {'schema': BLANK_SCHEMA}\n    id = Column(Integer, primary_key=True)\nlinks = Table('links', Base.metadata, Column('id', Integer, primary_key=True), Column('user_id', ForeignKey('users.id')))\n";
    let env = "from app.models import Base\ntarget_metadata = Base.metadata\n";
    let models = read(env, &[("app/models.py", text)], &Catalog::default());
    assert_eq!(tables(&models), ["app.links", "app.users", "others"]);
    let links = &models.catalog.tables["app.links"];
    let (_, key) = links.foreign_keys().next().unwrap();
    assert_eq!(key.references, "app.users");
}

#[test]
fn a_mixin_has_no_table_whatever_it_says() {
    let text = "from sqlalchemy import Column, DateTime, Integer\nfrom app.base import Base\nclass Audited(object):\n    __tablename__ = 'audited'\n    created = Column(DateTime)\nclass User(Base, Audited):\n    __tablename__ = 'users'\n    id = Column(Integer, primary_key=True)\n";
    let env = format!("import app.models{TARGET}");
    let models = read(&env, &[("app/models.py", text)], &Catalog::default());
    assert_eq!(tables(&models), ["users"]);
    let columns = models.catalog.tables["users"].columns.iter();
    let names: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "created"]);
}

#[test]
fn indexes_beside_a_class_may_be_those_of_flask_and_over_elements_of_json() {
    let events = "from flask_sqlalchemy import SQLAlchemy\nfrom sqlalchemy import null\nfrom sqlalchemy.dialects.postgresql import JSON\ndb = SQLAlchemy()\nclass Event(db.Model):\n    __tablename__ = 'event'\n    id = db.Column(db.Integer, primary_key=True)\n    data = db.Column(JSON)\ndb.Index('ix_draft', Event.data['draft'].astext, postgresql_where=Event.data['draft'].astext != null())\n";
    let models = read(
        "from app.events import db\ntarget_metadata = db.metadata\n",
        &[("app/events.py", events)],
        &Catalog::default(),
    );
    let index = models.catalog.tables["event"].index("ix_draft").unwrap();
    let definition = index.definition.known().unwrap();
    assert_eq!(definition.keys[0].text, "data ->> 'draft'");
    let predicate = definition.predicate.as_deref();
    assert_eq!(predicate, Some("data ->> 'draft' IS NOT NULL"));
}

#[test]
fn what_is_not_imported_is_known_to_be_there() {
    let (user, team) = (model("User"), model("Team"));
    let files = [("app/user.py", user.as_str()), ("app/team.py", &team)];
    let models = read(
        &format!("import app.user{TARGET}"),
        &files,
        &Catalog::default(),
    );
    let names: Vec<&str> = models
        .unregistered
        .iter()
        .map(|table| table.name.as_str())
        .collect();
    assert_eq!(names, ["team"]);
}

#[test]
fn what_a_revision_imports_is_known_as_well() {
    let (user, team) = (model("User"), model("Team"));
    let files = [
        ("app/user.py", user.as_str()),
        ("app/team.py", &team),
        ("app/costs.py", "import app.team\n"),
        ("app/__init__.py", ""),
        (
            "migrations/versions/a.py",
            "from alembic import op\nfrom app.costs import costs\nrevision = 'a'\n",
        ),
        (
            "migrations/versions/b.py",
            "from alembic import op\nrevision = 'b'\ndef upgrade():\n    import app.user\n",
        ),
    ];
    let models = read(TARGET, &files, &Catalog::default());
    let unregistered: Vec<&str> = models
        .unregistered
        .iter()
        .map(|table| table.name.as_str())
        .collect();
    assert_eq!(tables(&models), ["team"]);
    assert_eq!(unregistered, ["user"]);
}

#[test]
fn a_base_without_models_is_all_that_is_known() {
    let user = model("User");
    let files = [("app/user.py", user.as_str())];
    let mut migrated = Catalog::default();
    migrated.tables.insert(
        SmolStr::new("user"),
        Arc::new(crate::catalog::Table::default()),
    );
    let models = read(TARGET, &files, &migrated);
    assert_eq!(models.origin, MetadataOrigin::Repository);
    let unregistered: Vec<&str> = models
        .unregistered
        .iter()
        .map(|table| table.name.as_str())
        .collect();
    assert_eq!(unregistered, ["user"]);
    let unknown = format!("import importlib\nimportlib.import_module(NAME){TARGET}");
    assert!(read(&unknown, &files, &migrated).unregistered.is_empty());
}

#[test]
fn what_is_not_handed_over_is_compared_with_nothing() {
    let user = model("User");
    let files = [("app/user.py", user.as_str())];
    for (handed, lacks_target) in [
        (", target_metadata=None", true),
        ("", true),
        (", target_metadata=target_metadata", false),
        (", target_metadata=context.get_x_argument()", false),
    ] {
        let env = format!(
            "import app.user{TARGET}\nfrom alembic import context\nif context.is_offline_mode():\n    \
             context.configure(url='x', target_metadata=target_metadata)\nelse:\n    \
             context.configure(connection=connect(){handed})\n"
        );
        let models = read(&env, &files, &Catalog::default());
        assert_eq!(models.lacks_target, lacks_target, "{handed}");
        assert_eq!(tables(&models), ["user"], "{handed}");
    }
}

#[test]
fn without_a_metadata_the_base_of_most_tables_is_taken() {
    let other = "from sqlalchemy.orm import DeclarativeBase, mapped_column\nclass Other(DeclarativeBase):\n    pass\nclass A(Other):\n    __tablename__ = 'a'\n    id = mapped_column(primary_key=True)\nclass B(Other):\n    __tablename__ = 'b'\n    id = mapped_column(primary_key=True)\n";
    let user = model("User");
    let files = [("app/user.py", user.as_str()), ("other.py", other)];
    let migrated = Database::new(Dialect::PostgreSql);
    let mut migrated = migrated;
    for statement in crate::sql::parse(
        "CREATE TABLE \"user\" (id int)",
        Dialect::PostgreSql,
        &|_| None,
    ) {
        for ddl in &statement.ddl {
            migrated.apply(ddl, None);
        }
    }
    let env = "from flask import current_app\ntarget_metadata = current_app.extensions['migrate'].db.metadata\n";
    let models = read(env, &files, &migrated.now);
    assert_eq!(models.origin, MetadataOrigin::Repository);
    assert_eq!(tables(&models), ["user"]);
    let models = read(env, &files, &Catalog::default());
    assert_eq!(models.origin, MetadataOrigin::Unknown);
}

#[test]
fn the_application_beside_the_migrations_goes_before_its_neighbours() {
    let tables_of = |names: &[&str], column: &str| {
        let classes = names.iter().map(|name| {
            format!("class C{name}(Base):\n    __tablename__ = '{name}'\n    {column} = mapped_column(primary_key=True)\n")
        });
        format!(
            "from sqlalchemy.orm import DeclarativeBase, mapped_column\nclass Base(DeclarativeBase):\n    pass\n{}",
            classes.collect::<String>()
        )
    };
    let mut migrated = Database::new(Dialect::PostgreSql);
    let script = "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int);";
    for statement in crate::sql::parse(script, Dialect::PostgreSql, &|_| None) {
        for ddl in &statement.ddl {
            migrated.apply(ddl, None);
        }
    }
    let env = "from flask import current_app\ntarget_metadata = current_app.extensions['migrate'].db.metadata\n";
    let neighbour = tables_of(&["a", "b", "c"], "other");
    let column_of_a = |own: &[&str], folder: &str| {
        let own = tables_of(own, "own");
        let file = format!("{folder}/models.py");
        let files = [
            (file.as_str(), own.as_str()),
            ("there/models.py", &neighbour),
        ];
        let models = read_in("here/migrations/env.py", env, &files, &migrated.now);
        models.catalog.tables["a"].columns[0].name.clone()
    };
    assert_eq!(column_of_a(&["a", "b"], "here/src"), "own");
    // Too few, and no nearer.
    assert_eq!(column_of_a(&["a"], "here/src"), "other");
    assert_eq!(column_of_a(&["a", "b"], "elsewhere"), "other");
}

#[test]
fn classes_hold_more_than_their_bodies_say() {
    let text = "import re
from sqlalchemy import Column, ForeignKey, Index, Integer, String, UniqueConstraint, func, text
from sqlalchemy.orm import declarative_base, declared_attr
class Common:
    metadata = None
    @declared_attr
    def __tablename__(cls):
        return re.sub(r'(?<!^)(?=[A-Z])', '_', cls.__name__).lower()
    id = Column(Integer, primary_key=True)
    @declared_attr
    def path(cls):
        return f'{cls.__tablename__}.id'
Base = declarative_base(cls=Common)
class MainTeam(Base):
    name = Column(String)
    UniqueConstraint(name)
    UniqueConstraint('id', name, name='never_attached')
    of_column = Index('ix_of_column', name)
    of_names = Index('ix_of_names', 'id', 'name')
    of_text = Index('ix_of_text', text('name'), func.lower(text('name')).desc())
    of_both = Index('ix_of_both', name, 'id')
class Member(Base):
    __name__ = 'something else'
    id = None
    team_id = Column(ForeignKey(MainTeam.id), primary_key=True)
    other_id = Column(ForeignKey(MainTeam.path))
Member.late = Column(String(5))
Made = type('Made', (Base,), {'extra': Column(Integer)})
Index('ix_name', MainTeam.name)
Index('ix_mixed', MainTeam.name, 'id')
Index('ix_of_table', Member.__table__.c.late, Member.__table__.columns['team_id'])
";
    let env = "from app.models import Base\ntarget_metadata = [Base.metadata]\n";
    let models = read(env, &[("app/models.py", text)], &Catalog::default());
    assert_eq!(tables(&models), ["made", "main_team", "member"]);
    let columns = |table: &str| -> Vec<String> {
        let table = &models.catalog.tables[table];
        let columns = table.columns.iter();
        columns
            .map(|column| {
                let spelling = column.column_type.known().cloned().unwrap_or_default();
                format!("{} {spelling}", column.name)
            })
            .collect()
    };
    assert_eq!(columns("made"), ["extra integer", "id integer"]);
    assert_eq!(
        columns("main_team"),
        ["name character varying", "id integer"]
    );
    assert_eq!(
        columns("member"),
        [
            "team_id integer",
            "other_id integer",
            "late character varying(5)"
        ]
    );
    let team = &models.catalog.tables["main_team"];
    for (name, is_there) in [
        ("ix_name", true),
        ("ix_mixed", true),
        ("ix_of_column", true),
        ("ix_of_names", false),
        ("ix_of_text", false),
        ("ix_of_both", false),
    ] {
        assert_eq!(team.index(name).is_some(), is_there, "{name}");
    }
    assert_eq!(team.constraints.len(), 2);
    let of_table = models.catalog.tables["member"].index("ix_of_table");
    let definition = of_table.and_then(|index| index.definition.known());
    assert_eq!(definition.unwrap().columns, ["late", "team_id"]);
    assert!(
        team.constraints
            .iter()
            .any(|constraint| { constraint.kind.noun() == "unique constraint" })
    );
    assert_eq!(models.catalog.tables["member"].foreign_keys().count(), 2);
}

#[test]
fn what_is_not_followed_may_make_models() {
    let env = format!("{TARGET}import app.user\n");
    let open = |more: &str| {
        let user = format!("import importlib, os\n{}{more}", model("User"));
        let models = read(&env, &[("app/user.py", &user)], &Catalog::default());
        assert!(models.catalog.tables.contains_key("user"), "{more}");
        let why = models
            .open
            .or_else(|| models.catalog.tables["user"].open.clone());
        why.map(|why| why.reason.clone())
    };
    assert_eq!(open(""), None);
    assert_eq!(
        open("kind = type('Plain', (), {})\nimportlib.import_module('app.base')\n"),
        None
    );
    for (more, reason) in [
        (
            "for n in range(10**9):\n    type(f'T{n}', (Base,), {'__tablename__': f't{n}'})\n",
            "there may be other models: a class is made of which not all is known",
        ),
        (
            "exec(os.environ['X'])\n",
            "there may be other models: what `exec` does is not followed",
        ),
        (
            "importlib.import_module(os.environ['X'])\n",
            "there may be other models: which module is imported is not known",
        ),
        (
            "from lib import versioned\nversioned('x', Base)\n",
            "there may be other models: `lib.versioned` is given the Base",
        ),
    ] {
        assert_eq!(open(more).as_deref(), Some(reason), "{more}");
    }
    let own = |module: &str| {
        let models = read(
            "from app.own import Base\ntarget_metadata = Base.metadata\n",
            &[("app/own.py", module)],
            &Catalog::default(),
        );
        let table = models.catalog.tables.get("own").cloned();
        table
            .and_then(|table| table.open.clone())
            .map(|why| why.reason.clone())
    };
    assert_eq!(
        own("from sqlalchemy.ext.automap import automap_base\nBase = automap_base()\nclass Own(Base):\n    __tablename__ = 'own'\n").as_deref(),
        Some("there may be columns from the database, which `automap_base` reads")
    );
    let meta = |method: &str| {
        own(&format!(
            "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\nclass Meta(type(DeclarativeBase)):\n    def {method}(cls, *args):\n        pass\nclass Base(DeclarativeBase, metaclass=Meta):\n    pass\nclass Own(Base):\n    __tablename__ = 'own'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        ))
    };
    assert_eq!(
        meta("__new__").as_deref(),
        Some("there may be columns from its metaclass `Meta`")
    );
    assert_eq!(meta("__repr__"), None);
}

#[test]
fn packages_that_import_what_is_in_them() {
    let (user, post) = (model("User"), model("Post"));
    for text in [
        "import importlib, pkgutil\nfor _finder, name, _package in pkgutil.iter_modules(__path__):\n    importlib.import_module(f'{__name__}.{name}')\n",
        "import importlib, pkgutil\nfor info in pkgutil.walk_packages(__path__, __name__ + '.'):\n    importlib.import_module(info.name)\n",
        "import importlib\nfrom pathlib import Path\nfor path in Path(__file__).parent.glob('[!_]*.py'):\n    importlib.import_module(f'.{path.stem}', __package__)\n",
        "import importlib, os\nfor name in os.listdir(os.path.dirname(__file__)):\n    if name.endswith('.py') and name != '__init__.py':\n        importlib.import_module('app.models.' + name[:-3])\n",
        "from os.path import dirname, basename, isfile, join\nimport glob\nmodules = glob.glob(join(dirname(__file__), '*.py'))\n__all__ = [basename(f)[:-3] for f in modules if isfile(f) and not f.endswith('__init__.py')]\nfrom . import *\n",
        "import importlib, pkgutil\ndef import_submodules(package):\n    package = importlib.import_module(package)\n    for info in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n        importlib.import_module(info.name)\nimport_submodules('app.models')\n",
        "import pkgutil\n__all__ = []\nfor loader, name, is_pkg in pkgutil.walk_packages(__path__):\n    __all__.append(name)\n    globals()[name] = loader.find_module(name).load_module(name)\n",
        "from app.loading import import_submodules\nimport_submodules(globals(), __name__, __path__)\n",
        "from tool import autodiscover\nautodiscover(__path__)\n",
        "from tool import import_submodules\nimport_submodules(__name__)\n",
    ] {
        let files = [
            ("app/models/__init__.py", text),
            ("app/models/user.py", user.as_str()),
            ("app/models/post.py", &post),
            ("app/other.py", "from app.base import Base\n"),
            (
                "app/loading.py",
                "import pkgutil\ndef import_submodules(context, root, path):\n    for loader, name, is_pkg in pkgutil.walk_packages(path):\n        module = loader.find_module(name).load_module(name)\n        context.update(vars(module))\n",
            ),
        ];
        let env = format!("import app.models\n{TARGET}");
        let models = read(&env, &files, &Catalog::default());
        assert_eq!(models.origin, MetadataOrigin::Environment, "{text}");
        assert_eq!(tables(&models), ["post", "user"], "{text}");
        assert!(models.unregistered.is_empty(), "{text}");
    }
}

/// Whoever asks a class for its arguments makes the indexes in them, and each of these asks the class again.
#[test]
fn indexes_of_many_bases_are_read_once() {
    let bases: String = (0..24)
        .map(|number| {
            format!(
                "class Base{number}(DeclarativeBase):\n    pass\nclass Model{number}(Base{number}):\n    __tablename__ = 'table{number}'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    name: Mapped[str] = mapped_column()\n    @declared_attr.directive\n    def __table_args__(cls):\n        return (Index('one{number}', cls.name), Index('two{number}', cls.name, cls.id))\n"
            )
        })
        .collect();
    let module = format!(
        "from sqlalchemy import Index\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column\n{bases}"
    );
    let mut database = Database::new(Dialect::PostgreSql);
    let statement = "CREATE TABLE table7 (id int)";
    for parsed in crate::sql::parse(statement, Dialect::PostgreSql, &|_| None) {
        for ddl in &parsed.ddl {
            database.apply(ddl, None);
        }
    }
    let models = read("", &[("app/models.py", &module)], &database.now);
    let table = models.catalog.tables.get("table7");
    assert_eq!(table.map(|table| table.indexes.len()), Some(2));
}

#[test]
fn tables_that_are_written_with_flask_sqlalchemy_are_models_too() {
    for metadata in ["", "db.metadata, ", "db.Model.metadata, "] {
        let models = format!(
            "from app import db\nlinks = db.Table('links', {metadata}db.Column('id', db.Integer, primary_key=True))\n\
             class User(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
        );
        let read = read(
            "from app.models import db\ntarget_metadata = db.metadata\n",
            &[
                (
                    "app/__init__.py",
                    "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n",
                ),
                ("app/models.py", &models),
            ],
            &Catalog::default(),
        );
        assert_eq!(tables(&read), ["links", "user"], "{metadata}");
    }
}

#[test]
fn a_table_of_an_unknown_name_may_be_any() {
    let read = read(
        "from app.models import Base\ntarget_metadata = Base.metadata\n",
        &[(
            "app/models.py",
            "import os\nfrom sqlalchemy import Column, Integer, Table\nfrom app.base import Base\n\
             for name in os.listdir('plugins'):\n    Table('plugin_' + name, Base.metadata, Column('id', Integer))\n\
             class User(Base):\n    __tablename__ = 'users'\n    id = Column(Integer, primary_key=True)\n",
        )],
        &Catalog::default(),
    );
    assert!(read.open.is_some());
}
