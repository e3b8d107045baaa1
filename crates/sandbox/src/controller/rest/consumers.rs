//! Consumers of the gateway, made and let in past the reconcilers.
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::{Answer, Request, error, json_body, reply};
use crate::controller::{
    Core,
    go_json::{Field, Shape},
};

const FIELDS: &[Field] = &[("name", Shape::Text), ("credential_key", Shape::Text)];

pub(super) async fn create(core: &Core, request: &Request) -> Answer {
    let fields = request.fields("CreateConsumerRequest", FIELDS)?;
    let text = |name: &str| fields.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let (name, key) = (text("name"), text("credential_key"));
    if name.is_empty() {
        return Err(Box::new(error(StatusCode::BAD_REQUEST, "name is required")));
    }
    core.gateway.ensure_consumer(name, key).await.map_err(|message| failed(&message))?;
    let mut made = json!({"name": name, "consumer_id": "", "status": "created"});
    if !key.is_empty() {
        made["api_key"] = json!(key);
    }
    Ok(json_body(StatusCode::CREATED, &made))
}

/// Lets a name into every AI route, whether or not there is such a consumer.
pub(super) async fn bind(core: &Core, request: &Request) -> Answer {
    core.gateway.authorize(request.name(), None).await.map_err(|message| failed(&message))?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn delete(core: &Core, request: &Request) -> Answer {
    core.gateway.delete_consumer(request.name()).await.map_err(|message| failed(&message))?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

fn failed(message: &str) -> Box<Response> {
    Box::new(error(StatusCode::INTERNAL_SERVER_ERROR, message))
}
