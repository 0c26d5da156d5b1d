//! Foreign keys that a downgrade brings back otherwise than they were.
//!
//! What refers to another table, or has another name, is one difference and not two. A key that referred to nothing is
//! not missed: SQLite lets such keys stand where tables are renamed. `RESTRICT` and `NO ACTION` do the same unless the
//! check is put off.

use serde_json::{Value, json};

use crate::catalog::{Catalog, Change, Difference, Subject, split_object};

/// Puts together what is one foreign key, and leaves out what makes no difference.
pub(super) fn put_together(left: &[Difference], before: &Catalog) -> Vec<Difference> {
    let is_key = |difference: &Difference| difference.subject == Subject::ForeignKey;
    let mut found: Vec<Difference> = Vec::new();
    for difference in left {
        let other = found
            .iter_mut()
            .find(|other| is_key(difference) && are_halves(other, difference, before));
        match other {
            Some(other) => join(other, difference.clone()),
            None => found.push(difference.clone()),
        }
    }
    go_by_columns(&mut found, before);
    found.retain(|difference| !is_key(difference) || matters(difference, before));
    found
}

/// Keys of one table that come back under each other's names: what a key was is held against what there is over the same
/// columns, and not against what has its name.
fn go_by_columns(found: &mut [Difference], before: &Catalog) {
    let is_other = |difference: &&Difference| {
        (difference.subject, difference.change) == (Subject::ForeignKey, Change::Changed(""))
            && target(&difference.from) != target(&difference.to)
    };
    let others: Vec<&Difference> = found.iter().filter(is_other).collect();
    let table = |difference: &Difference| split_object(&difference.object, before).0.to_owned();
    let partner = |difference: &Difference| {
        let mut partners = others.iter().filter(|other| {
            target(&difference.from) == target(&other.to) && table(difference) == table(other)
        });
        let only = partners.next().copied();
        only.filter(|_| partners.next().is_none())
    };
    let mended: Vec<Difference> = others
        .iter()
        .map_while(|difference| {
            let partner = partner(difference)?;
            let mut mended = Difference {
                to: partner.to.clone(),
                place: partner.place.clone(),
                ..(*difference).clone()
            };
            if in_effect(&mended.from) == in_effect(&mended.to) {
                mended.change = Change::Renamed;
                mended.from = json!(mended.from.get("name"));
                mended.to = json!(mended.to.get("name"));
            }
            Some(mended)
        })
        .collect();
    if mended.len() < others.len() {
        return;
    }
    let places = found
        .iter_mut()
        .filter(|difference| is_other(&&**difference));
    for (difference, mended) in places.zip(mended) {
        *difference = mended;
    }
}

/// The columns of a key, and what they refer to.
fn target(key: &Value) -> [Option<&Value>; 3] {
    ["columns", "references", "ref_columns"].map(|part| key.get(part))
}

/// True for a key that is gone and one over the same columns of the same table that is new.
fn are_halves(one: &Difference, other: &Difference, catalog: &Catalog) -> bool {
    let is_pair = matches!(
        (one.change, other.change),
        (Change::Removed, Change::Added) | (Change::Added, Change::Removed)
    );
    let columns = |difference: &Difference| side(difference).get("columns").cloned();
    is_pair
        && one.subject == other.subject
        && split_object(&one.object, catalog).0 == split_object(&other.object, catalog).0
        && columns(one).is_some()
        && columns(one) == columns(other)
}

/// The key as it is or was.
fn side(difference: &Difference) -> &Value {
    if difference.change == Change::Added {
        &difference.to
    } else {
        &difference.from
    }
}

fn join(one: &mut Difference, other: Difference) {
    let (gone, new) = if one.change == Change::Removed {
        (std::mem::replace(one, other), one)
    } else {
        (other, one)
    };
    new.object = gone.object;
    new.from = gone.from;
    if in_effect(&new.from) == in_effect(&new.to) {
        new.change = Change::Renamed;
        new.from = json!(new.from.get("name"));
        new.to = json!(new.to.get("name"));
    } else {
        new.change = Change::Changed("");
    }
}

/// What a key does, whatever it is called.
fn in_effect(key: &Value) -> Value {
    let mut key = key.clone();
    let is_deferrable = key.get("deferrable").is_some();
    if let Some(parts) = key.as_object_mut() {
        parts.remove("name");
        for action in ["ondelete", "onupdate"] {
            if !is_deferrable && parts.get(action).and_then(Value::as_str) == Some("RESTRICT") {
                parts.insert(action.to_owned(), Value::Null);
            }
        }
    }
    key
}

fn matters(difference: &Difference, before: &Catalog) -> bool {
    let dangled = || {
        let referred = difference.from.get("references").and_then(Value::as_str);
        referred.is_some_and(|table| !before.tables.contains_key(table))
    };
    match difference.change {
        Change::Removed => !dangled(),
        Change::Changed(_) => {
            !dangled() && in_effect(&difference.from) != in_effect(&difference.to)
        }
        Change::Renamed => difference.from != difference.to,
        Change::Added => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Database, compare};
    use crate::dialect::Dialect;

    fn left(before: &str, after: &str) -> Vec<Difference> {
        let tables = |sql: &str| {
            let mut database = Database::new(Dialect::Sqlite);
            for statement in crate::sql::parse(sql, Dialect::Sqlite, &|_| None) {
                for ddl in &statement.ddl {
                    database.apply(ddl, None);
                }
            }
            database.now
        };
        let (before, after) = (tables(before), tables(after));
        put_together(&compare(&before, &after).found, &before)
    }

    fn referring(to: &str) -> String {
        format!(
            "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE a_tmp (id integer PRIMARY KEY); \
             CREATE TABLE b (a_id integer, FOREIGN KEY (a_id) REFERENCES {to});"
        )
    }

    #[test]
    fn another_target_is_one_difference() {
        let found = left(&referring("a (id)"), &referring("a_tmp (id)"));
        let [only] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(only.change, Change::Changed(""));
        assert_eq!(only.from["references"], "a");
        assert_eq!(only.to["references"], "a_tmp");
    }

    #[test]
    fn what_referred_to_nothing_is_not_missed() {
        assert_eq!(left(&referring("gone (id)"), &referring("a (id)")), []);
    }

    #[test]
    fn keys_under_each_others_names_go_by_their_columns() {
        let tables = |keys: &str| {
            format!(
                "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer PRIMARY KEY); \
                 CREATE TABLE c (a_id integer, b_id integer, {keys});"
            )
        };
        let was = tables(
            "CONSTRAINT one FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE, \
             CONSTRAINT two FOREIGN KEY (b_id) REFERENCES b (id) ON DELETE CASCADE",
        );
        let swapped = tables(
            "CONSTRAINT two FOREIGN KEY (a_id) REFERENCES a (id), \
             CONSTRAINT one FOREIGN KEY (b_id) REFERENCES b (id)",
        );
        let found = left(&was, &swapped);
        assert_eq!(found.len(), 2);
        for difference in &found {
            assert_eq!(difference.change, Change::Changed(""));
            assert_eq!(target(&difference.from), target(&difference.to));
            assert_ne!(difference.from["name"], difference.to["name"]);
        }
        let only_names = tables(
            "CONSTRAINT two FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE, \
             CONSTRAINT one FOREIGN KEY (b_id) REFERENCES b (id) ON DELETE CASCADE",
        );
        let found = left(&was, &only_names);
        assert!(
            found.iter().all(|one| one.change == Change::Renamed),
            "{found:?}"
        );
    }

    #[test]
    fn restrict_is_no_action_at_once() {
        let restrict = referring("a (id) ON DELETE RESTRICT");
        assert_eq!(left(&restrict, &referring("a (id)")), []);
        let deferrable =
            |action: &str| referring(&format!("a (id) {action} DEFERRABLE INITIALLY DEFERRED"));
        let found = left(&deferrable("ON DELETE RESTRICT"), &deferrable(""));
        assert_eq!(found.len(), 1);
    }
}
