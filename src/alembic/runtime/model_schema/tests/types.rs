//! Types that a project makes of those of SQLAlchemy.

use super::*;

#[test]
fn a_type_is_what_its_constructor_makes() {
    let text = "import enum
import sqlalchemy as sa
from sqlalchemy.orm import declarative_base
from elsewhere import a_type
Base = declarative_base()
class Mood(enum.Enum):
    GOOD = 'good'
    BAD = 'bad'
class AsText(sa.Enum):
    def __new__(cls, kind, **kwargs):
        kwargs.setdefault('native_enum', False)
        kwargs.setdefault('length', 255)
        return sa.Enum(kind, **kwargs)
class AsShortText(sa.Enum):
    def __init__(self, kind, **kwargs):
        kwargs.setdefault('native_enum', False)
        kwargs.setdefault('length', 20)
        super().__init__(kind, **kwargs)
class Itself(sa.Enum):
    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)
class Other(sa.Enum):
    def __new__(cls, kind):
        return a_type(kind)
class Person(Base):
    __tablename__ = 'person'
    id = sa.Column(sa.Integer, primary_key=True)
    text = sa.Column(AsText(Mood))
    shorter = sa.Column(AsText(Mood, length=40))
    short = sa.Column(AsShortText(Mood))
    itself = sa.Column(Itself(Mood))
    other = sa.Column(Other(Mood))
";
    let env = "from app.models import Base\ntarget_metadata = Base.metadata\n";
    let models = read(env, &[("app/models.py", text)], &Catalog::default());
    let columns = models.catalog.tables["person"].columns.iter();
    let spellings: Vec<_> = columns
        .map(|column| column.column_type.known().map(SmolStr::as_str))
        .collect();
    assert_eq!(
        spellings,
        [
            Some("integer"),
            Some("character varying(255)"),
            Some("character varying(40)"),
            Some("character varying(20)"),
            Some("mood"),
            None,
        ]
    );
}
