//! How the page calls the server.
use crate::error::ApiError;
use futures::{Sink, Stream};
use server_fn::{
    Bytes,
    client::{Client, browser::BrowserClient},
    request::browser::BrowserRequest,
    response::browser::BrowserResponse,
};

/// The browser's `fetch`, marked with `X-Agm-Ui`: a 401 to a marked call does not open the browser's own password box.
pub struct UiClient;

impl Client<ApiError> for UiClient {
    type Request = BrowserRequest;
    type Response = BrowserResponse;

    async fn send(request: Self::Request) -> Result<Self::Response, ApiError> {
        request.headers().set("x-agm-ui", "1");
        <BrowserClient as Client<ApiError>>::send(request).await
    }

    fn open_websocket(
        path: &str,
    ) -> impl Future<
        Output = Result<
            (impl Stream<Item = Result<Bytes, Bytes>> + Send + 'static, impl Sink<Bytes> + Send + 'static),
            ApiError,
        >,
    > + Send {
        <BrowserClient as Client<ApiError>>::open_websocket(path)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        <BrowserClient as Client<ApiError>>::spawn(future);
    }
}

/// Reads a REST path with a parameter; `name` is escaped.
#[cfg(not(feature = "ssr"))]
pub(super) async fn read<T: serde::de::DeserializeOwned>(
    folder: &str,
    name: &str,
    leaf: &str,
) -> Result<T, ApiError> {
    use server_fn::request::ClientReq;
    let name = String::from(leptos::web_sys::js_sys::encode_uri_component(name));
    let path = format!("/ni_status/{folder}/{name}{leaf}");
    read_answer(answer(BrowserRequest::try_new_get(&path, JSON, JSON, "")).await?)
}

#[cfg(not(feature = "ssr"))]
fn read_answer<T: serde::de::DeserializeOwned>(bytes: Bytes) -> Result<T, ApiError> {
    use server_fn::error::{FromServerFnError, ServerFnErrorErr};
    serde_json::from_slice(&bytes)
        .map_err(|error| ApiError::from_server_fn_error(ServerFnErrorErr::Deserialization(error.to_string())))
}

/// Acts on what a REST path with a parameter names, and does not wait for the end of what it begins.
#[cfg(not(feature = "ssr"))]
pub(super) async fn act<T: serde::de::DeserializeOwned>(
    folder: &str,
    name: &str,
    leaf: &str,
) -> Result<T, ApiError> {
    use server_fn::request::ClientReq;
    let name = String::from(leptos::web_sys::js_sys::encode_uri_component(name));
    let path = format!("/ni_status/{folder}/{name}{leaf}");
    let request: BrowserRequest = ClientReq::<ApiError>::try_new_post_bytes(&path, JSON, JSON, Bytes::new())?;
    request.headers().set("prefer", "respond-async");
    read_answer(answer(Ok(request)).await?)
}

/// Posts a body to a path below `/ni_status`.
#[cfg(not(feature = "ssr"))]
pub(super) async fn send<T: serde::de::DeserializeOwned>(
    path: &str,
    body: &impl serde::Serialize,
) -> Result<T, ApiError> {
    use server_fn::{
        error::{FromServerFnError, ServerFnErrorErr},
        request::ClientReq,
    };
    let body = serde_json::to_vec(body);
    let body = body.map_err(|error| {
        ApiError::from_server_fn_error(ServerFnErrorErr::Serialization(error.to_string()))
    })?;
    let path = format!("/ni_status/{path}");
    read_answer(answer(BrowserRequest::try_new_post_bytes(&path, JSON, JSON, body.into())).await?)
}

#[cfg(not(feature = "ssr"))]
const JSON: &str = "application/json";

#[cfg(not(feature = "ssr"))]
async fn answer(request: Result<BrowserRequest, ApiError>) -> Result<Bytes, ApiError> {
    use server_fn::{error::FromServerFnError, response::ClientRes};
    let response = UiClient::send(request?).await?;
    let status = ClientRes::<ApiError>::status(&response);
    let bytes = ClientRes::<ApiError>::try_into_bytes(response).await?;
    if status >= 400 { Err(ApiError::de(bytes)) } else { Ok(bytes) }
}
