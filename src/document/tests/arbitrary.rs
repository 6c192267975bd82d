//! Any BSON document at all, made as bytes: what `Document` cannot hold is in it too.

use bson::{RawDocumentBuf, spec::ElementType};
use proptest::{collection::vec, prelude::*, sample::select};

/// A value before it is bytes.
#[derive(Clone, Debug)]
pub enum Any {
    Plain(ElementType, Vec<u8>),
    Document(Vec<(Vec<u8>, Any)>),
    Array(Vec<Any>),
    ArrayWithKeys(Vec<(Vec<u8>, Any)>),
    CodeWithScope(Vec<u8>, Vec<(Vec<u8>, Any)>),
}

impl Any {
    pub fn encoded(&self) -> (ElementType, Vec<u8>) {
        match self {
            Self::Plain(kind, bytes) => (*kind, bytes.clone()),
            Self::Document(fields) => (ElementType::EmbeddedDocument, document(fields)),
            Self::ArrayWithKeys(fields) => (ElementType::Array, document(fields)),
            Self::Array(values) => {
                let numbered = values.iter().enumerate();
                let fields: Vec<_> =
                    numbered.map(|(at, value)| (at.to_string().into(), value.clone())).collect();
                (ElementType::Array, document(&fields))
            }
            Self::CodeWithScope(code, scope) => {
                let inside = [string(code), document(scope)].concat();
                let length = length(inside.len() + 4);
                (ElementType::JavaScriptCodeWithScope, [&length[..], &inside].concat())
            }
        }
    }
}

fn length(length: usize) -> [u8; 4] {
    i32::try_from(length).unwrap().to_le_bytes()
}

/// The bytes of a string.
pub fn string(text: &[u8]) -> Vec<u8> {
    [&length(text.len() + 1), text, &[0]].concat()
}

/// The bytes of a document.
pub fn document(fields: &[(Vec<u8>, Any)]) -> Vec<u8> {
    let mut inside = Vec::new();
    for (key, value) in fields {
        let (kind, bytes) = value.encoded();
        inside.push(kind as u8);
        inside.extend_from_slice(key);
        inside.push(0);
        inside.extend_from_slice(&bytes);
    }
    [&length(inside.len() + 5), &inside[..], &[0]].concat()
}

/// A document with one field, `a`, whose value is these bytes.
pub fn one(kind: ElementType, bytes: &[u8]) -> RawDocumentBuf {
    let fields = [(b"a".to_vec(), Any::Plain(kind, bytes.to_vec()))];
    RawDocumentBuf::from_bytes(document(&fields)).unwrap()
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let odd = vec![
        "",
        "\0",
        "a\0b",
        "\u{1b}[2J\u{202e}\u{200d}",
        "\"'\\/`${x}",
        "\r\n\t\u{2028}",
        "\u{e000}\u{10ffff}\u{fe0f}é日本",
        "InvalidUtf8(\"a\")",
        "\\u0041\\x41",
    ];
    prop_oneof![
        4 => "\\PC{0,12}".prop_map(String::into_bytes),
        2 => any::<String>().prop_map(String::into_bytes),
        2 => select(odd).prop_map(|text| text.as_bytes().to_vec()),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(0xff_u8), Just(b'a'), Just(b'\\'), any::<u8>()], 0..12)
}

fn without_zero(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.retain(|byte| *byte != 0);
    bytes
}

/// A key that Extended JSON takes for one of its own.
const WRAPPERS: [&str; 5] = ["$oid", "$code", "$date", "$undefined", "$binary"];

fn key(lossless: bool) -> BoxedStrategy<Vec<u8>> {
    let odd = vec![
        "",
        "a.b",
        "$set",
        "__proto__",
        "0",
        "17",
        "a",
        "a",
        "true",
        "$ref",
        "$scope",
        "é",
        "a b",
    ];
    let wrappers = if lossless { &WRAPPERS[..] } else { &["a"] };
    prop_oneof![
        4 => "[a-z_$][a-z0-9_$]{0,8}".prop_map(String::into_bytes),
        4 => select(odd).prop_map(|key| key.as_bytes().to_vec()),
        2 => text().prop_map(without_zero),
        1 => select(wrappers).prop_map(|key| key.as_bytes().to_vec()),
        1 => if lossless { bytes().boxed() } else { text().boxed() }.prop_map(without_zero),
    ]
    .prop_filter("a wrapper", move |key| lossless || !super::super::wrapper::is_wrapper(key))
    .boxed()
}

fn plain(lossless: bool) -> impl Strategy<Value = Any> {
    use ElementType as E;

    let text =
        if lossless { prop_oneof![4 => text(), 1 => bytes()].boxed() } else { text().boxed() };
    let doubles =
        vec![f64::MIN_POSITIVE, 5e-324, -0.0, 0.1, 1e21, 5.0, -1e16, f64::MAX, f64::INFINITY];
    let double = prop_oneof![any::<f64>(), select(doubles), (-9i32..9).prop_map(f64::from)]
        .prop_filter("a NaN that JSON cannot tell", move |n| lossless || !n.is_nan())
        .prop_map(f64::to_bits);
    let nan = if lossless { 0x7ff8_0000_0000_0001 } else { f64::NAN.to_bits() };
    let double = prop_oneof![8 => double, 1 => select(vec![f64::NAN.to_bits(), nan])];
    let decimal = prop_oneof![
        "-?[0-9]{1,34}(E-?[0-9]{1,3})?".prop_map(|text| text.parse().unwrap()),
        select(vec!["NaN", "-Infinity", "0E-6176", "1E+6111"])
            .prop_map(|text| text.parse().unwrap()),
        any::<[u8; 16]>().prop_map(bson::Decimal128::from_bytes),
    ]
    .prop_filter("a decimal that JSON cannot tell", move |n: &bson::Decimal128| {
        lossless || n.to_string().parse().is_ok_and(|read: bson::Decimal128| read == *n)
    });
    let date = prop_oneof![
        any::<i64>(),
        -99_999_999_999_999_i64..300_000_000_000_000,
        select(vec![
            i64::MIN,
            i64::MAX,
            0,
            -1,
            253_402_300_799_999,
            253_402_300_800_000,
            -62_135_596_800_000,
            -62_135_596_800_001,
            8_640_000_000_000_000,
            8_640_000_000_000_001,
            1_700_000_000_000,
        ]),
    ];
    let binary = (any::<u8>(), vec(any::<u8>(), 0..20), any::<bool>()).prop_map(
        move |(subtype, content, right)| {
            let subtype = [0, 2, 4, subtype][usize::from(subtype % 4)];
            let inner = subtype == 2 && (right || !lossless);
            let content =
                if inner { [&length(content.len())[..], &content].concat() } else { content };
            Any::Plain(E::Binary, [&length(content.len())[..], &[subtype], &content].concat())
        },
    );
    let pattern = prop_oneof![
        "[a-z.*+?^$|()\\[\\]{}/\\\\0-9-]{0,8}".prop_map(String::into_bytes),
        text.clone().prop_map(without_zero)
    ];
    let options = prop_oneof![
        select(vec!["", "i", "im", "x", "imx", "mi", "g"]).prop_map(|o| o.as_bytes().to_vec()),
        text.clone().prop_map(without_zero)
    ];
    let id = || any::<[u8; 12]>();
    let boolean = if lossless { any::<u8>().boxed() } else { (0..2_u8).boxed() };
    prop_oneof![
        double.prop_map(|bits| Any::Plain(E::Double, bits.to_le_bytes().to_vec())),
        text.clone().prop_map(|text| Any::Plain(E::String, string(&text))),
        binary,
        id().prop_map(|id| Any::Plain(E::ObjectId, id.to_vec())),
        boolean.prop_map(|byte| Any::Plain(E::Boolean, vec![byte])),
        date.prop_map(|millis| Any::Plain(E::DateTime, millis.to_le_bytes().to_vec())),
        (pattern, options).prop_map(|(pattern, options)| {
            Any::Plain(E::RegularExpression, [&pattern[..], &[0], &options, &[0]].concat())
        }),
        (text.clone(), id()).prop_map(|(namespace, id)| {
            Any::Plain(E::DbPointer, [&string(&namespace)[..], &id].concat())
        }),
        (text, select(vec![E::JavaScriptCode, E::Symbol]))
            .prop_map(|(text, kind)| Any::Plain(kind, string(&text))),
        any::<i32>().prop_map(|number| Any::Plain(E::Int32, number.to_le_bytes().to_vec())),
        prop_oneof![any::<i64>(), -3..3_i64]
            .prop_map(|number| Any::Plain(E::Int64, number.to_le_bytes().to_vec())),
        any::<u64>().prop_map(|stamp| Any::Plain(E::Timestamp, stamp.to_le_bytes().to_vec())),
        decimal.prop_map(|number| Any::Plain(E::Decimal128, number.bytes().to_vec())),
        select(vec![E::Undefined, E::Null, E::MinKey, E::MaxKey])
            .prop_map(|kind| Any::Plain(kind, vec![])),
    ]
}

fn value(lossless: bool) -> impl Strategy<Value = Any> {
    plain(lossless).prop_recursive(4, 24, 5, move |inner| {
        let fields = vec((key(lossless), inner.clone()), 0..5);
        let code = if lossless { bytes().boxed() } else { text().boxed() };
        prop_oneof![
            fields.clone().prop_map(Any::Document),
            vec(inner.clone(), 0..12).prop_map(Any::Array),
            fields.clone().prop_map(move |fields| {
                if lossless { Any::ArrayWithKeys(fields) } else { Any::Document(fields) }
            }),
            (code, fields).prop_map(|(code, scope)| Any::CodeWithScope(code, scope)),
        ]
    })
}

/// A field with any key and any value.
pub fn any_field() -> impl Strategy<Value = (Vec<u8>, Any)> {
    (key(true), value(true))
}

fn fields(lossless: bool) -> impl Strategy<Value = Vec<(Vec<u8>, Any)>> {
    vec((key(lossless), value(lossless)), 0..6)
}

/// The fields of any document.
pub fn any_fields() -> impl Strategy<Value = Vec<(Vec<u8>, Any)>> {
    fields(true)
}

/// Any document at all.
pub fn any_document() -> impl Strategy<Value = RawDocumentBuf> {
    fields(true).prop_map(|fields| RawDocumentBuf::from_bytes(document(&fields)).unwrap())
}

/// A document that Extended JSON has words for.
pub fn json_document() -> impl Strategy<Value = RawDocumentBuf> {
    fields(false).prop_map(|fields| RawDocumentBuf::from_bytes(document(&fields)).unwrap())
}
