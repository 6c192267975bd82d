//! A filter as the query document that MongoDB is sent: equal in meaning, and written one way.

use bson::{Bson, Document, doc};

use super::ast::{All, Element, Literal, Member, Members, Node, Test};

/// The query. The keys of one document differ, since each was read from one.
pub(super) fn write(all: &All) -> Document {
    all.iter().map(node).collect()
}

fn node(node: &Node) -> (String, Bson) {
    match node {
        Node::Join(join, branches) => {
            let branches = branches.iter().map(|all| Bson::Document(write(all))).collect();
            (join.operator().to_owned(), Bson::Array(branches))
        }
        Node::Field(path, tests) => (path.text(), operators(tests).into()),
    }
}

fn operators(tests: &[Test]) -> Document {
    let mut document = Document::new();
    for test in tests {
        let (operator, value) = match test {
            Test::Compare(comparison, literal) => (comparison.operator(), literal.to_bson()),
            Test::NotEqual(literal) => ("$ne", literal.to_bson()),
            Test::In(members) => ("$in", list(members)),
            Test::NotIn(members) => ("$nin", list(members)),
            Test::Exists(wanted) => ("$exists", (*wanted).into()),
            Test::Type(names) => {
                let names = names.iter().map(|name| Bson::from(name.name())).collect();
                ("$type", Bson::Array(names))
            }
            Test::Regex(pattern) => {
                let regex = pattern.to_bson();
                document.insert("$regex", regex.pattern.as_str());
                ("$options", regex.options.as_str().into())
            }
            Test::Size(size) => ("$size", (*size).into()),
            Test::Each(members) => ("$all", Bson::Array(members.iter().map(member).collect())),
            Test::EachElement(elements) => {
                let one = |inner| Bson::Document(doc! { "$elemMatch": element(inner) });
                ("$all", Bson::Array(elements.iter().map(one).collect()))
            }
            Test::Element(inner) => ("$elemMatch", element(inner).into()),
            Test::Not(tests) => ("$not", operators(tests).into()),
        };
        document.insert(operator, value);
    }
    document
}

fn list(members: &Members) -> Bson {
    let values = members.values().iter().map(Literal::to_bson);
    let patterns = members.patterns.iter().map(|pattern| pattern.to_bson().into());
    Bson::Array(values.chain(patterns).collect())
}

fn member(member: &Member) -> Bson {
    match member {
        Member::Value(literal) => literal.to_bson(),
        Member::Regex(pattern) => pattern.to_bson().into(),
    }
}

fn element(element: &Element) -> Document {
    match element {
        Element::Document(all) => write(all),
        Element::Value(tests) => operators(tests),
    }
}
