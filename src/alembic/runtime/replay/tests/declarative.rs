//! Declarative classes: annotations, mixins, bases of other libraries.

use super::*;

#[test]
fn annotated_columns() {
    let seen = upgrade(
        "
import datetime, enum, uuid
from typing import Annotated, Optional
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship
key = Annotated[int, mapped_column(primary_key=True)]
class Mood(enum.Enum):
    good = 1
class Base(DeclarativeBase):
    type_annotation_map = {str: sa.Text()}
class Mixin:
    last: Mapped[int] = mapped_column(sort_order=9)
    @declared_attr
    def seen(cls) -> Mapped[datetime.datetime]:
        return mapped_column(sa.DateTime(timezone=True))
class Thing(Mixin, Base):
    __tablename__ = 'thing'
    id: Mapped[key]
    name: Mapped[str]
    code: Mapped[Optional[uuid.UUID]]
    mood: Mapped['Mood | None'] = mapped_column(unique=True)
    other_id: Mapped[str] = mapped_column(sa.ForeignKey('thing.id'))
    other: Mapped['Thing'] = relationship()
def upgrade():
    Base.metadata.create_all(op.get_bind())
",
    );
    assert_eq!(
        seen.tables,
        [
            "thing: id integer not null, name text not null, code uuid, mood mood, other_id integer not null, \
             seen timestamp with time zone not null, last integer not null, primary key thing_pkey, unique constraint \
             thing_mood_key, foreign key thing_other_id_fkey"
        ]
    );
}

#[test]
fn a_mixin_says_what_its_columns_are_by_what_its_functions_return() {
    let seen = upgrade(
        "
from datetime import datetime
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column
class Base(DeclarativeBase):
    pass
class Mixin:
    @declared_attr
    def made(cls) -> Mapped[datetime]:
        return mapped_column()
    @declared_attr
    def seen(cls) -> Mapped['datetime | None']:
        return mapped_column()
    @declared_attr
    def gone(cls) -> Mapped[datetime]:
        return mapped_column(sa.Date, nullable=True)
    @declared_attr.directive
    def rank(cls) -> MappedColumn[int]:
        return mapped_column(sa.BigInteger)
    @declared_attr
    def plain(cls) -> Mapped[int]:
        return sa.Column(sa.Integer)
class Thing(Mixin, Base):
    __tablename__ = 'thing'
    id: Mapped[int] = mapped_column(primary_key=True)
    @declared_attr
    def own(cls) -> Mapped[int]:
        return mapped_column(sa.Integer)
def upgrade():
    Base.metadata.create_all(op.get_bind())
",
    );
    assert_eq!(
        seen.tables,
        [
            "thing: id integer not null, own integer, made timestamp without time zone not null, \
             seen timestamp without time zone, gone date, rank bigint not null, plain integer, \
             primary key thing_pkey"
        ]
    );
}

#[test]
fn an_alias_is_a_type_of_its_own() {
    let seen = upgrade(
        "
from typing import NewType
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
type CIStr = str
type Maybe = str | None
Number = NewType('Number', int)
Size = NewType('Size', int)
class Base(DeclarativeBase):
    type_annotation_map = {CIStr: CITEXT, Size: sa.BigInteger}
class Thing(Base):
    __tablename__ = 'thing'
    id: Mapped[Number] = mapped_column(primary_key=True)
    size: Mapped[Size]
    name: Mapped[CIStr]
    alias: Mapped[CIStr | None]
    code: Mapped[str | None]
    note: Mapped[Maybe]
def upgrade():
    Base.metadata.create_all(op.get_bind())
",
    );
    assert_eq!(
        seen.tables,
        [
            "thing: id integer not null, size bigint not null, name citext not null, alias citext, \
             code character varying, note character varying, primary key thing_pkey"
        ]
    );
}

#[test]
fn models_of_flask_inherit_from_the_class_they_are_given() {
    let seen = upgrade(
        "
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase):
    type_annotation_map = {list[str]: sa.JSON}
    id: Mapped[int] = mapped_column(primary_key=True)
db = SQLAlchemy(model_class=Base)
class OldThing(db.Model):
    words: Mapped[list[str]]
def upgrade():
    db.metadata.create_all(op.get_bind())
",
    );
    assert_eq!(
        seen.tables,
        ["old_thing: words json not null, id integer not null, primary key old_thing_pkey"]
    );
}

#[test]
fn enums_are_made_after_the_pattern_of_the_map() {
    let seen = upgrade(
        "
import enum
from typing import Literal
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Mood(enum.StrEnum):
    good = 'very good'
class Side(enum.Enum):
    left = 1
class Word(str, enum.Enum):
    a = 'b'
class Base(DeclarativeBase):
    type_annotation_map = {
        enum.StrEnum: sa.Enum(enum.Enum, native_enum=False, values_callable=lambda kind: [one.value for one in kind]),
        Word: sa.Text(),
        Side: sa.Enum('x', name='sides'),
    }
class Thing(Base):
    __tablename__ = 'thing'
    id: Mapped[int] = mapped_column(primary_key=True)
    mood: Mapped[Mood]
    side: Mapped[Side]
    word: Mapped[Word]
    size: Mapped[Literal['s', 'xl'] | None]
    one: Mapped[Literal['one']]
def upgrade():
    Base.metadata.create_all(op.get_bind())
",
    );
    assert_eq!(
        seen.tables,
        [
            "thing: id integer not null, mood character varying(9) not null, side sides not null, word text not null, \
             size character varying(2), one character varying(3) not null, primary key thing_pkey"
        ]
    );
}

#[test]
fn before_sqlalchemy_2_columns_stand_in_the_order_they_were_made() {
    let text = "
import sqlalchemy as sa
from alembic import op
from sqlalchemy.ext.declarative import declarative_base, declared_attr
Base = declarative_base()
class First:
    a = sa.Column(sa.Integer)
class Second:
    @declared_attr
    def made(cls):
        return sa.Column(sa.Integer)
    b = sa.Column(sa.Integer)
class T(Second, First, Base):
    __tablename__ = 't'
    id = sa.Column(sa.Integer, primary_key=True)
def upgrade():
    Base.metadata.create_all(op.get_bind())
def downgrade():
    op.drop_table('t')
";
    let old = Semantics {
        sqlalchemy: (1, 4),
        ..Semantics::default()
    };
    let seen = replay(text, &[], old, None);
    assert_eq!(
        seen.tables,
        ["t: a integer, b integer, id integer not null, made integer, primary key t_pkey"]
    );
    assert_eq!(seen.verdict, Verdict::Reversible);
    let seen = replay(text, &[], Semantics::default(), None);
    assert_eq!(
        seen.tables,
        ["t: id integer not null, b integer, made integer, a integer, primary key t_pkey"]
    );
}

#[test]
fn a_mixin_has_no_table_whatever_it_says() {
    let seen = upgrade(
        "
from sqlalchemy.orm import declarative_base, declared_attr
Base = declarative_base()
class Step:
    __tablename__ = 'step'
    id = sa.Column(sa.Integer, primary_key=True)
    @declared_attr
    def before(cls):
        return sa.Column(sa.ForeignKey(f'{cls.__tablename__}.id'))
class Walk(Base, Step):
    __tablename__ = 'walk'
    way = sa.Column(sa.String)
def upgrade():
    Base.metadata.create_all(op.get_bind())
",
    );
    assert_eq!(
        seen.tables,
        [
            "walk: way character varying, id integer not null, before integer, primary key walk_pkey, foreign key \
             walk_before_fkey"
        ]
    );
}
