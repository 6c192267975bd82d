//! Documents and filters of few names and few values, so that they meet often.

use mongodb::bson::{
    Binary, Bson, DateTime, Decimal128, Document, JavaScriptCodeWithScope, Regex, Timestamp, cstr,
    doc, oid::ObjectId, raw::CString, spec::BinarySubtype,
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// Values of every type, and close to each other.
fn scalars() -> Vec<Bson> {
    let decimal = |text: &str| Bson::Decimal128(text.parse::<Decimal128>().unwrap());
    let binary = |subtype, bytes: &[u8]| Bson::Binary(Binary { subtype, bytes: bytes.to_vec() });
    let regex = |options: &str| {
        let options = CString::try_from(options.to_owned()).unwrap();
        Bson::RegularExpression(Regex { pattern: cstr!("a").into(), options })
    };
    let scoped = |code: &str, scope| {
        Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope { code: code.into(), scope })
    };
    let pointer = "{ a: DBPointer(\"a\", ObjectId(\"010101010101010101010101\")) }";
    let pointer = tenantry::document::parse(pointer).unwrap();
    let pointer = pointer.get("a").unwrap().unwrap();
    let mut all = vec![
        Bson::Null,
        Bson::MinKey,
        Bson::MaxKey,
        Bson::Undefined,
        Bson::Boolean(false),
        Bson::Boolean(true),
        Bson::DateTime(DateTime::from_millis(-1)),
        Bson::DateTime(DateTime::from_millis(0)),
        Bson::Timestamp(Timestamp { time: 0, increment: 1 }),
        Bson::Timestamp(Timestamp { time: u32::MAX, increment: 0 }),
        Bson::ObjectId(ObjectId::from_bytes([1; 12])),
        Bson::ObjectId(ObjectId::from_bytes([200; 12])),
        binary(BinarySubtype::Generic, &[1]),
        binary(BinarySubtype::Generic, &[200]),
        binary(BinarySubtype::BinaryOld, &[1]),
        binary(BinarySubtype::Generic, &[]),
        regex(""),
        regex("i"),
        Bson::JavaScriptCode("a".into()),
        Bson::Symbol("a".into()),
        Bson::Symbol("b".into()),
        scoped("a", doc! {}),
        scoped("a", doc! { "a": 1 }),
        scoped("a", doc! { "b": 1.0 }),
        Bson::try_from(pointer).unwrap(),
    ];
    all.extend([0, 1, 2].map(Bson::Int32));
    all.extend([1, 2, 9_007_199_254_740_993, i64::MAX].map(Bson::Int64));
    let doubles = [0.1, 1.0, 1.5, -0.0, f64::NAN, f64::INFINITY, 9_007_199_254_740_992.0, 5e-324];
    all.extend(doubles.map(Bson::Double));
    all.extend(
        [
            "1",
            "1.0",
            "0.1",
            "1.5",
            "-0",
            "NaN",
            "Infinity",
            "1E-6176",
            "9007199254740993",
            "0.1000000000000000055511151231257827",
            "0.1000000000000000055511151231257828",
            "1E+400",
        ]
        .map(decimal),
    );
    all.extend(["", "a", "ab", "A\n", "b\0", "é", "1"].map(Bson::from));
    all
}

/// A value of one of few types most of the time.
fn scalar() -> impl Strategy<Value = Bson> {
    let few = [1.into(), 2.into(), 1.0.into(), "a".into(), Bson::Null, true.into()];
    prop_oneof![select(few.to_vec()), select(scalars())]
}

fn key() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "0", "1"]).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Bson> {
    scalar().prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Bson::Array),
            vec((key(), inner), 0..3).prop_map(|fields| Document::from_iter(fields).into()),
        ]
    })
}

/// A document, which may have a key twice.
pub fn document() -> impl Strategy<Value = Vec<(String, Bson)>> {
    vec((key(), value()), 0..5)
}

fn path() -> impl Strategy<Value = String> {
    let paths = [
        "a", "b", "a.b", "a.a", "a.0", "a.1", "a.0.b", "a.b.0", "a.0.0", "a.1.0", "a.0.1.b",
        "a.b.a", "0", "0.0", "1.a", "b.b.b", "a.00", "_id",
    ];
    select(paths.to_vec()).prop_map(str::to_owned)
}

/// No value to compare with: those that the server refuses.
fn plain() -> impl Strategy<Value = Bson> {
    let refused = |value: &Bson| !matches!(value, Bson::Undefined | Bson::RegularExpression(_));
    value().prop_filter("a value", refused)
}

fn regex() -> impl Strategy<Value = Bson> {
    let patterns = select(vec!["a", "^a", "b$", "^$", "", "A", ".", "é|1"]);
    (patterns, select(vec!["", "i", "m", "s"])).prop_map(|(pattern, options)| {
        let text = |text: &str| CString::try_from(text.to_owned()).unwrap();
        Bson::RegularExpression(Regex { pattern: text(pattern), options: text(options) })
    })
}

fn types() -> impl Strategy<Value = Bson> {
    let names = [
        "double",
        "string",
        "object",
        "array",
        "binData",
        "undefined",
        "objectId",
        "bool",
        "date",
        "null",
        "regex",
        "dbPointer",
        "javascript",
        "symbol",
        "javascriptWithScope",
        "int",
        "timestamp",
        "long",
        "decimal",
        "minKey",
        "maxKey",
        "number",
    ];
    let numbers = (-1..=19).filter(|number| *number != 0).chain([127]).map(Bson::Int32);
    let one = select(names.into_iter().map(Bson::from).chain(numbers).collect::<Vec<_>>());
    prop_oneof![one.clone(), vec(one, 1..3).prop_map(Bson::Array)]
}

fn member() -> impl Strategy<Value = Bson> {
    prop_oneof![5 => plain(), 1 => regex()]
}

/// Operators on a field, with conditions inside of these levels.
fn operators(levels: u32) -> BoxedStrategy<Document> {
    let compared = (select(vec!["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]), plain());
    let listed = (select(vec!["$in", "$nin", "$all"]), vec(member(), 0..4).prop_map(Bson::Array));
    let named = |name: &'static str, value: BoxedStrategy<Bson>| value.prop_map(move |v| (name, v));
    let leaf = prop_oneof![
        6 => compared,
        3 => listed,
        1 => named("$eq", regex().boxed()),
        1 => named("$exists", any::<bool>().prop_map(Bson::from).boxed()),
        2 => named("$type", types().boxed()),
        1 => named("$size", (0..3).prop_map(Bson::from).boxed()),
        1 => named("$regex", regex().boxed()),
    ];
    let one = if levels == 0 {
        leaf.boxed()
    } else {
        let element = prop_oneof![query(levels - 1), operators(levels - 1)].prop_map(Bson::from);
        let each = vec(element.clone().prop_map(|e| doc! { "$elemMatch": e }.into()), 1..3);
        let not = prop_oneof![operators(levels - 1).prop_map(Bson::from), regex()];
        prop_oneof![
            6 => leaf,
            2 => named("$elemMatch", element.boxed()),
            1 => named("$all", each.prop_map(Bson::Array).boxed()),
            2 => named("$not", not.boxed()),
        ]
        .boxed()
    };
    vec(one, 1..3).prop_map(|all| all.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()).boxed()
}

/// A query with this many levels inside.
pub fn query(levels: u32) -> BoxedStrategy<Document> {
    let asked = prop_oneof![
        2 => member(),
        5 => operators(levels).prop_map(Bson::from),
    ];
    let field = (path(), asked);
    let one = if levels == 0 {
        field.boxed()
    } else {
        let branches = vec(query(levels - 1).prop_map(Bson::from), 1..3).prop_map(Bson::Array);
        let join = select(vec!["$and", "$or", "$nor"]).prop_map(str::to_owned);
        prop_oneof![4 => field, 1 => (join, branches)].boxed()
    };
    vec(one, 0..3).prop_map(Document::from_iter).boxed()
}

/// Any operator with any value: what is accepted must be right for the server too.
pub fn odd_query() -> impl Strategy<Value = Document> {
    let names = [
        "$eq",
        "$ne",
        "$gt",
        "$gte",
        "$lt",
        "$lte",
        "$in",
        "$nin",
        "$exists",
        "$type",
        "$all",
        "$elemMatch",
        "$size",
        "$regex",
        "$options",
        "$and",
        "$or",
        "$nor",
        "$not",
        "a",
        "a.b",
        "$ref",
        "$id",
        "$db",
        "",
        "a.",
        "a.$id",
    ];
    let name = select(names.to_vec()).prop_map(str::to_owned);
    let odd = prop_oneof![
        3 => value(),
        1 => select(vec![0, -1, 2, 16, 127, 255, i32::MAX]).prop_map(Bson::Int32),
        1 => select(vec!["i", "ix", "string", "number", "^a", "("]).prop_map(Bson::from),
        1 => regex(),
    ];
    let asked = odd.prop_recursive(3, 8, 2, move |inner| {
        let document = vec((name.clone(), inner.clone()), 0..3).prop_map(Document::from_iter);
        prop_oneof![vec(inner, 0..3).prop_map(Bson::Array), document.prop_map(Bson::from)]
    });
    let outside =
        select(vec!["a", "b", "$and", "$or", "$nor", "$not", "$eq"]).prop_map(str::to_owned);
    vec((outside, asked), 1..3).prop_map(Document::from_iter)
}

/// A double, and decimals close to it.
pub fn close_numbers(double: f64) -> Vec<Bson> {
    let cut = format!("{double:.32e}");
    let (mantissa, exponent) = cut.split_once('e').unwrap();
    let texts = [
        format!("{mantissa}0e{exponent}"),
        format!("{mantissa}1e{exponent}"),
        format!("{double:.33e}"),
        format!("{double:e}"),
    ];
    let decimals = texts.iter().filter_map(|text| text.parse::<Decimal128>().ok());
    decimals.map(Bson::Decimal128).chain([Bson::Double(double)]).collect()
}

/// Makes values, other ones in each run.
pub struct Maker {
    runner: TestRunner,
    pub seed: [u8; 32],
}

impl Maker {
    pub fn new() -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).unwrap();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        Self { runner: TestRunner::new_with_rng(Config::default(), rng), seed }
    }

    pub fn make<T: std::fmt::Debug>(
        &mut self,
        count: usize,
        of: &impl Strategy<Value = T>,
    ) -> Vec<T> {
        (0..count).map(|_| of.new_tree(&mut self.runner).unwrap().current()).collect()
    }
}
