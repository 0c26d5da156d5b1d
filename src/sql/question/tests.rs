use super::*;

fn asked(sql: &str) -> String {
    let Some(asked) = question(sql) else {
        return "nothing".to_owned();
    };
    let conditions: Vec<String> = asked
        .conditions
        .iter()
        .map(|(field, value)| {
            let value = match value {
                QuestionValue::Text(text) => text.to_string(),
                QuestionValue::Bind(name) => format!(":{name}"),
                QuestionValue::OneOf(values) => values.join("|"),
                QuestionValue::Like(pattern) => format!("~{pattern}"),
            };
            format!("{} {value}", field_name(field))
        })
        .collect();
    let answer = match &asked.answer {
        AnswerForm::Rows(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| field.as_ref().map_or_else(|| "_".to_owned(), field_name))
                .collect();
            format!("Rows({})", fields.join(","))
        }
        other => format!("{other:?}"),
    };
    format!("{:?} [{}] {answer}", asked.about, conditions.join(", "))
}

fn field_name(field: &QuestionField) -> String {
    match field {
        QuestionField::Property(name) => format!(".{name}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn what_is_asked() {
    for (sql, expected) in [
        (
            "SELECT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = 'public' AND table_name = :t) AS x;",
            "TableOrView [Schema public, Name :t] Exists",
        ),
        (
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name='users' AND column_name='email'",
            "Column [Owner users, Name email] Rows(Name,.data_type)",
        ),
        (
            "SELECT constraint_name FROM information_schema.table_constraints WHERE table_name = 'a' AND constraint_type = 'FOREIGN KEY'",
            "Constraint [Owner a, ConstraintKind f] Rows(Name)",
        ),
        (
            "SELECT tc.constraint_name FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name WHERE tc.table_name = 'a' AND kcu.column_name = 'b'",
            "Constraint [Owner a, .column_name b] Rows(Name)",
        ),
        (
            "SELECT 1 FROM pg_type WHERE typname = 'mood'",
            "Type [Name mood] Rows(_)",
        ),
        (
            "SELECT count(*) FROM pg_indexes WHERE tablename = 'a' AND indexname = 'i'",
            "Index [Owner a, Name i] Count",
        ),
        (
            "SELECT 1 FROM pg_constraint WHERE conname = 'c' AND conrelid = 's.a'::regclass",
            "Constraint [Name c, Owner a, Schema s] Rows(_)",
        ),
        (
            "SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'mood' ORDER BY e.enumsortorder",
            "EnumLabel [Owner mood] Rows(Name)",
        ),
        (
            "SELECT 1 FROM pg_enum WHERE enumlabel = 'x' AND enumtypid = (SELECT oid FROM pg_type WHERE typname = 'mood')",
            "EnumLabel [Name x, Owner mood] Rows(_)",
        ),
        (
            "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 's' AND c.relname = 'i' AND c.relkind = 'i'",
            "Index [Schema s, Name i] Rows(_)",
        ),
        (
            "SELECT to_regclass('public.a')",
            "Relation [Name a] NameOrNull",
        ),
        (
            "SELECT to_regclass('s.a') IS NOT NULL",
            "Relation [Name a, Schema s] Exists",
        ),
        (
            "SELECT name FROM sqlite_master WHERE type='table' AND name='a'",
            "Table [Name a] Rows(Name)",
        ),
        (
            "SELECT extname FROM pg_catalog.pg_extension WHERE extname IN ('a', 'b')",
            "Extension [Name a|b] Rows(Name)",
        ),
        (
            "PRAGMA table_info('a')",
            "Column [Owner a] Rows(.cid,Name,.type,.notnull,.dflt_value,.pk)",
        ),
        ("SHOW TABLES LIKE 'a'", "TableOrView [Name a] Rows(Name)"),
        (
            "SHOW INDEX FROM a WHERE Key_name = 'i'",
            "Index [Owner a, Name i] Rows(Owner,.non_unique,Name,.seq_in_index,.column_name)",
        ),
        (
            "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name = 'i'",
            "Index [Schema public, Name i] Count",
        ),
        (
            "SELECT 1 FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'b' AND NOT attisdropped AND attnum > 0",
            "Column [Owner a, Name b] Rows(_)",
        ),
        (
            "SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass(:name)",
            "Index [Name :name] Rows(.indisvalid)",
        ),
        (
            "SELECT 1 FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE c.relname = 'ix' AND NOT i.indisvalid",
            "Index [Name ix, .indisvalid false] Rows(_)",
        ),
        (
            "SELECT c.conname FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b ON b.oid = c.confrelid WHERE a.relname = 'a' AND b.relname = 'b' AND c.contype = 'f'",
            "Constraint [Owner a, Referred b, ConstraintKind f] Rows(Name)",
        ),
        (
            "SELECT 1 FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_attribute k ON k.attrelid = r.oid AND k.attnum = ANY(c.conkey) WHERE r.relname = 'a' AND k.attname = 'b'",
            "Constraint [Owner a, .attname b] Rows(_)",
        ),
        (
            "SELECT 1 FROM pg_constraint c, pg_class a, pg_class b WHERE a.oid = c.conrelid AND a.relname = 'a' AND b.relname = 'b'",
            "nothing",
        ),
        ("SELECT 1 FROM users", "nothing"),
        (
            "SELECT 1 FROM information_schema.tables WHERE table_name <> 'a'",
            "nothing",
        ),
        (
            "SELECT 1 FROM pg_type WHERE typname = 'a' OR typname = 'b'",
            "nothing",
        ),
        ("SELECT max(x) FROM information_schema.tables", "nothing"),
        ("UPDATE x SET y = 1", "nothing"),
        ("", "nothing"),
    ] {
        assert_eq!(asked(sql), expected, "{sql}");
    }
}
