//! Why a server did not write a document of an organization: another document has its value, or a validator refuses it.

use mongodb::bson::{Bson, Document};

use super::error::{ErrorTranslator, code};
use crate::{org::escaped_short, store::StoreError};

/// Why the server did not write it.
pub(super) fn refusal(refused: &Document, errors: &ErrorTranslator) -> StoreError {
    let message = refused.get_str("errmsg").unwrap_or_default();
    let number = refused.get_i32("code").unwrap_or_default();
    match number {
        code::COLLECTION_UUID_MISMATCH | code::NAMESPACE_NOT_FOUND => StoreError::Changed,
        code::DUPLICATE_KEY => match refused.get_document("keyPattern") {
            Ok(fields) if !fields.contains_key("_id") => {
                let fields: Vec<&str> = fields.keys().map(String::as_str).collect();
                let fields = escaped_short(&fields.join(", "), 100);
                StoreError::InTheWay {
                    problem: format!("a unique index has another document with this {fields}"),
                    help: "choose another value, or change the other document",
                }
            }
            Ok(_) | Err(_) => StoreError::DocumentExists,
        },
        code::DOCUMENT_REFUSED => StoreError::InTheWay {
            problem: validation(refused),
            help: "correct it, or ask whoever set the validator",
        },
        code::UNAUTHORIZED => {
            errors.of_updates(&[refused.clone().into()]).unwrap_or_else(|| StoreError::Refused {
                problem: escaped_short(message, 300),
                help: "give the console's user the right to write the organization's collection",
            })
        }
        _ => StoreError::Other(format!("{} ({number})", escaped_short(message, 300))),
    }
}

/// Which rules of a validator a document does not keep, as far as the server says.
fn validation(refused: &Document) -> String {
    let mut rules = Vec::new();
    let details = refused.get_document("errInfo").and_then(|info| info.get_document("details"));
    if let Ok(details) = details {
        broken_rules(details, "", &mut rules);
    }
    if rules.is_empty() {
        return "the validator of the collection refuses this document".to_owned();
    }
    let rules = escaped_short(&rules.join("; "), 250);
    format!("the validator of the collection refuses this document: {rules}")
}

/// Names each rule with the field that it is about.
fn broken_rules(details: &Document, field: &str, rules: &mut Vec<String>) {
    let at = match details.get_str("propertyName") {
        Ok(name) if field.is_empty() => name.to_owned(),
        Ok(name) => format!("{field}.{name}"),
        Err(_) => field.to_owned(),
    };
    let mut deeper = false;
    for list in
        ["schemaRulesNotSatisfied", "propertiesNotSatisfied", "details", "clausesNotSatisfied"]
    {
        for inner in details.get_array(list).into_iter().flatten().filter_map(Bson::as_document) {
            let inner = inner.get_document("details").unwrap_or(inner);
            broken_rules(inner, &at, rules);
            deeper = true;
        }
    }
    if deeper {
        return;
    }
    let about = |text: &str| if at.is_empty() { text.to_owned() } else { format!("{at}: {text}") };
    let missing = details.get_array("missingProperties").into_iter().flatten();
    let missing: Vec<&str> = missing.filter_map(Bson::as_str).collect();
    if !missing.is_empty() {
        rules.push(about(&format!("{} missing", missing.join(", "))));
    } else if let Ok(rule) = details.get_document("specifiedAs") {
        rules.push(about(&rule.to_string()));
    } else if let Ok(reason) = details.get_str("reason") {
        rules.push(about(reason));
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;
    use crate::store::mongo::place;

    fn said(refused: &Document) -> String {
        refusal(refused, &ErrorTranslator::new(place("mongodb://h", "tenants"), false)).to_string()
    }

    #[test]
    fn a_validators_rules_are_named_with_their_fields() {
        let minimum = doc! { "operatorName": "minimum", "specifiedAs": { "minimum": 3 }, "consideredValue": 1 };
        let missing = doc! { "operatorName": "required", "missingProperties": ["name", "total"] };
        let city = doc! {
            "operatorName": "properties",
            "propertiesNotSatisfied": [{ "propertyName": "city", "details": [
                { "operatorName": "bsonType", "specifiedAs": { "bsonType": "string" } },
            ] }],
        };
        let refused = doc! { "code": 121, "errmsg": "Document failed validation", "errInfo": { "details": {
            "operatorName": "$jsonSchema",
            "schemaRulesNotSatisfied": [
                { "operatorName": "properties", "propertiesNotSatisfied": [
                    { "propertyName": "a", "details": [minimum] },
                    { "propertyName": "address", "details": [city] },
                ] },
                missing,
            ],
        } } };
        assert_eq!(
            said(&refused),
            "the validator of the collection refuses this document: a: { \"minimum\": 3 }; \
             address.city: { \"bsonType\": \"string\" }; name, total missing"
        );
        let bare = doc! { "code": 121, "errmsg": "Document failed validation" };
        assert_eq!(said(&bare), "the validator of the collection refuses this document");
    }

    #[test]
    fn a_value_that_another_document_has_is_named_by_its_field() {
        let taken =
            |fields: Document| doc! { "code": 11000, "errmsg": "E11000", "keyPattern": fields };
        assert_eq!(said(&taken(doc! { "_id": 1 })), StoreError::DocumentExists.to_string());
        assert_eq!(
            said(&taken(doc! { "email": 1, "kind": 1 })),
            "a unique index has another document with this email, kind"
        );
    }
}
