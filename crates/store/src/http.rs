//! The way to the store: the SDK's calls go through the HTTP client that the program has for systems of its own.
use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    shared::IntoShared,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderValue, header::ACCEPT_ENCODING};

/// The client as the SDK takes it. How long a connection may take is said by `http` alone.
pub(crate) fn shared(http: reqwest::Client) -> SharedHttpClient {
    SharedHttpClient::new(Connected(http))
}

#[derive(Clone, Debug)]
struct Connected(reqwest::Client);

impl HttpClient for Connected {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}

impl HttpConnector for Connected {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.0.clone();
        HttpConnectorFuture::new(async move { exchange(&http, request).await })
    }
}

async fn exchange(http: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (mut head, body) = request.into_parts();
    // A proxy that packs an answer weakens its ETag, by which no write is conditional any more.
    head.headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
    let body = body.bytes().ok_or_else(|| ConnectorError::user("a body that is not in memory".into()))?;
    let request = http::Request::from_parts(head, Bytes::copy_from_slice(body));
    let request = request.try_into().map_err(|error: reqwest::Error| ConnectorError::user(error.into()))?;
    let answer = http::Response::<reqwest::Body>::from(http.execute(request).await.map_err(lost)?);
    HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

fn lost(error: reqwest::Error) -> ConnectorError {
    match error.is_timeout() {
        true => ConnectorError::timeout(error.into()),
        false => ConnectorError::io(error.into()),
    }
}
