//! The document and the routes are the same.
use server::http::{all_routes, document};
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
