//! The document and the routes are the same.
use app::{
    api::{Account, CreateProvider, Reload, Repair, Switch},
    codec::Body,
};
use domain::{
    EditProvider, Failure, Mutation, NewProvider, SetModel, SetModels, Simulate, TestProvider, WarningCode,
};
use serde_json::Value;
use server::http::{
    AdoptBackup, BackupLabel, ExportBackup, ImportBackup, OriginalBackup, REQUESTS, all_routes, document,
};
use std::collections::BTreeSet;

#[test]
fn every_route_of_the_api_is_in_the_document_and_no_other() {
    let routes: BTreeSet<_> =
        all_routes().into_iter().filter(|(_, path)| path.starts_with("/ni_status")).collect();
    let mut written = BTreeSet::new();
    for (path, item) in &document().paths.paths {
        for (method, operation) in
            [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)]
        {
            if let Some(operation) = operation {
                assert!(
                    operation.summary.is_some() || operation.description.is_some(),
                    "{method} {path} says nothing"
                );
                written.insert((method.to_owned(), path.clone()));
            }
        }
    }
    assert_eq!(routes, written);
}

#[test]
fn every_type_that_the_document_names_is_in_it() {
    let text = serde_json::to_string(document()).unwrap();
    let schemas = &document().components.as_ref().unwrap().schemas;
    for piece in text.split("#/components/schemas/").skip(1) {
        let name = piece.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

/// What the standard asks for, and what a reader needs.
#[test]
fn every_answer_and_parameter_says_what_it_is() {
    let text = serde_json::to_string(document()).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let described =
                |value: &Value| value["description"].as_str().is_some_and(|text| !text.is_empty());
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.values().all(described), "{method} {path}: {answers:?}");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            assert!(parameters.iter().all(described), "{method} {path}: {parameters:?}");
            let named = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
            assert!(!named("dry_run") || named("Idempotency-Key"), "{method} {path}");
            let body = &operation["requestBody"]["content"]["application/json"];
            assert!(body.is_null() || body["example"].is_object(), "{method} {path} has no example");
        }
    }
    let failure = &document["paths"]["/ni_status/set-model"]["post"]["responses"]["default"];
    let failure = failure["content"]["application/json"]["example"].clone();
    assert_eq!(serde_json::from_value::<Failure>(failure).unwrap().fields.len(), 1);
}

#[test]
fn the_examples_are_bodies_that_are_taken() {
    for (name, json) in REQUESTS {
        let bytes = json.as_bytes();
        let read = match *name {
            "Account" => Account::read(bytes).map(drop),
            "SetModel" => SetModel::read(bytes).map(drop),
            "Switch" => Switch::read(bytes).map(drop),
            "NewProvider" => NewProvider::read(bytes).map(drop),
            "EditProvider" => EditProvider::read(bytes).map(drop),
            "CreateProvider" => CreateProvider::read(bytes).map(drop),
            "TestProvider" => TestProvider::read(bytes).map(drop),
            "Simulate" => Simulate::read(bytes).map(drop),
            "Repair" => Repair::read(bytes).map(drop),
            "AdoptBackup" => AdoptBackup::read(bytes).map(drop),
            "OriginalBackup" => OriginalBackup::read(bytes).map(drop),
            "BackupLabel" => BackupLabel::read(bytes).map(drop),
            "ExportBackup" => ExportBackup::read(bytes).map(drop),
            "ImportBackup" => ImportBackup::read(bytes).map(drop),
            "Reload" => Reload::read(bytes).map(drop),
            "SetModels" => SetModels::read(bytes).map(drop),
            _ => Mutation::read(bytes).map(drop),
        };
        assert_eq!(read, Ok(()), "{name}");
    }
}

#[test]
fn the_codes_in_the_document_are_those_on_the_wire() {
    let document = serde_json::to_value(document()).unwrap();
    let told = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    assert_eq!(told("WarningCode"), serde_json::to_value(WarningCode::ALL).unwrap());
}

/// What an agent reads of the API is made from the document.
#[test]
fn the_reference_of_the_skill_is_that_of_this_document() {
    let written = include_str!("../../../skill/references/api-reference.md");
    assert!(server::http::api_reference() == written, "it is stale: run `make reference`");
}
