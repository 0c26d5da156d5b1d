//! What a change of a column's type makes MySQL do to the rows.
//!
//! Facts from the manual, "Online DDL Operations": changing the data type copies the table and blocks writes; a VARCHAR
//! grows in place as long as the number of bytes that hold its length stays the same; members may be appended to an ENUM
//! in place while its storage size stays the same. <https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html>

/// True if the conversion copies the whole table, while nobody can write to it; `None` where that is not known.
///
/// ```
/// use migrate_lint::dialect::mysql::copies_table;
///
/// assert_eq!(copies_table("int", "bigint"), Some(true));
/// assert_eq!(copies_table("varchar(20)", "varchar(40)"), Some(false));
/// // With four bytes a character, 255 bytes are 63 characters.
/// assert_eq!(copies_table("varchar(60)", "varchar(70)"), None);
/// assert_eq!(copies_table("varchar(300)", "varchar(400)"), Some(false));
/// ```
pub fn copies_table(from: &str, to: &str) -> Option<bool> {
    let (from, to) = (from.trim(), to.trim());
    if from.eq_ignore_ascii_case(to) {
        return Some(false);
    }
    match (varchar(from), varchar(to)) {
        (Some(length), Some(longer)) if longer < length => Some(true),
        (Some(_), Some(longer)) if longer * BYTES_AT_MOST <= ONE_BYTE => Some(false),
        (Some(length), Some(_)) if length > ONE_BYTE => Some(false),
        // How many bytes a character has is not known.
        (Some(_), Some(_)) => None,
        _ => match (labels(from), labels(to)) {
            (Some(_), Some(_)) => None,
            _ => Some(true),
        },
    }
}

/// The type that `BLOB(n)` becomes: the smallest one that holds so many bytes.
///
/// ```
/// use migrate_lint::dialect::mysql::blob_of;
///
/// assert_eq!(blob_of(12), "tinyblob");
/// assert_eq!(blob_of(256), "blob");
/// ```
pub fn blob_of(bytes: u64) -> &'static str {
    match bytes {
        0..=0xff => "tinyblob",
        0x100..=0xffff => "blob",
        0x1_0000..=0xff_ffff => "mediumblob",
        _ => "longblob",
    }
}

/// The type that `TEXT(n)` becomes: the smallest one that holds so many characters. `None` where that hangs on how many
/// bytes a character has.
///
/// ```
/// use migrate_lint::dialect::mysql::text_of;
///
/// assert_eq!(text_of(60), Some("tinytext"));
/// assert_eq!(text_of(100), None);
/// assert_eq!(text_of(1000), Some("text"));
/// ```
pub fn text_of(characters: u64) -> Option<&'static str> {
    let of = |bytes: u64| match bytes {
        0..=0xff => "tinytext",
        0x100..=0xffff => "text",
        0x1_0000..=0xff_ffff => "mediumtext",
        _ => "longtext",
    };
    let (least, most) = (
        of(characters),
        of(characters.saturating_mul(BYTES_AT_MOST as u64)),
    );
    (least == most).then_some(least)
}

/// The labels of `enum('a','b')` or `set('a','b')`, with the word before them; `None` for other types.
///
/// ```
/// use migrate_lint::dialect::mysql::labels_of;
///
/// let (kind, labels) = labels_of("enum('a','it''s')").unwrap();
/// assert_eq!((kind, labels), ("enum", vec!["a".to_owned(), "it's".to_owned()]));
/// ```
pub fn labels_of(spelled: &str) -> Option<(&str, Vec<String>)> {
    let list = labels(spelled)?.strip_prefix('(')?.strip_suffix(')')?;
    let kind = spelled.get(..spelled.find('(')?)?;
    let mut found = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        rest = rest.strip_prefix('\'')?;
        let mut label = String::new();
        loop {
            let (text, behind) = rest.split_once('\'')?;
            label.push_str(text);
            rest = behind;
            match rest.strip_prefix('\'') {
                Some(more) => {
                    label.push('\'');
                    rest = more;
                }
                None => break,
            }
        }
        found.push(label);
        rest = rest.trim_start();
        rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
    }
    Some((kind, found))
}

/// Lengths up to this are held in one byte.
const ONE_BYTE: usize = 255;
/// Of a character in `utf8mb4`.
const BYTES_AT_MOST: usize = 4;

fn varchar(spelled: &str) -> Option<usize> {
    let lower = spelled.to_ascii_lowercase();
    let length = lower.strip_prefix("varchar(")?;
    length.split(')').next()?.trim().parse().ok()
}

fn labels(spelled: &str) -> Option<&str> {
    let open = spelled.find('(')?;
    let name = spelled.get(..open)?;
    (name.eq_ignore_ascii_case("enum") || name.eq_ignore_ascii_case("set"))
        .then(|| spelled.get(open..))
        .flatten()
}
