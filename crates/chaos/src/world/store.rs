//! The store in process, below the SDK's client.
use super::World;
use crate::{
    book::{Look, Moment, Sent},
    fault::Fault,
    life::Life,
};
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
use http::{Method, Request, Response, StatusCode, header};
use std::{fmt, sync::Arc, time::Duration};
use store::SharedHttpClient;
use tokio::{sync::oneshot, time::sleep};

/// How long the store's own client waits.
const PATIENCE: Duration = Duration::from_secs(30);
/// How late a request that was given up is carried out at most, in milliseconds.
const LATEST: u64 = 60_000;
/// More than any object of ours may have.
const ENDLESS: usize = 5 << 20;

/// The way to the store for one life.
pub fn client(world: Arc<World>, life: Life) -> SharedHttpClient {
    SharedHttpClient::new(Connected { world, life })
}

#[derive(Clone)]
struct Connected {
    world: Arc<World>,
    life: Life,
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connected({})", self.life.number())
    }
}

impl HttpClient for Connected {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}

impl HttpConnector for Connected {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { world, life } = self.clone();
        HttpConnectorFuture::new(async move {
            let exchange = exchange(&world, &life, request);
            life.lasting(exchange).await
        })
    }
}

async fn exchange(
    world: &Arc<World>,
    life: &Life,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let request = request.map(|body| Bytes::copy_from_slice(body.bytes().unwrap_or_default()));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let writes = !matches!(method, Method::GET | Method::HEAD);
    let object = object_of(world, &path);
    if let Some(object) = object.as_ref().filter(|_| writes) {
        world.writes_outside(life, object);
    }
    sleep(world.weather.pause(1, 15)).await;
    let fault = world.suffers(life, "store", method.as_str(), object.as_deref(), writes).await;
    world.trace.note(format_args!("{} store {method} {path} {fault:?}", life.number()));
    let _trouble = fault.map(|_| world.sets_out());
    before(fault).await?;
    let sent = object.as_ref().filter(|_| writes).map(|object| {
        let body = (method != Method::DELETE).then(|| String::from_utf8_lossy(request.body()).into_owned());
        world.book.sends(object, world.moment(), body)
    });
    if fault == Some(Fault::TimeoutNotApplied) {
        return std::future::pending().await;
    }
    let answer = match fault.and_then(refused) {
        Some(answer) => Some(answer),
        None => carried_out(world, request, fault, sent).await,
    };
    let answer = answer.ok_or_else(|| ConnectorError::io("the sandbox's store broke".into()))?;
    if fault == Some(Fault::Unheard) {
        life.end();
    }
    let served = world.moment();
    sleep(world.weather.pause(1, 15)).await;
    let answer = after(fault, writes, answer).await?;
    world.trace.note(format_args!("{} store {method} {path} -> {}", life.number(), answer.status()));
    if let Some(object) = object.filter(|_| method == Method::GET) {
        looked(world, object, &answer, served);
    }
    HttpResponse::try_from(answer.map(SdkBody::from))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

/// `s3:agents/alice/openclaw.json`; none for lists and for scratch objects.
fn object_of(world: &World, path: &str) -> Option<String> {
    let key = path.strip_prefix('/')?.strip_prefix(world.bucket.as_str())?.strip_prefix('/')?;
    key.starts_with("agents/").then(|| format!("s3:{key}"))
}

async fn before(fault: Option<Fault>) -> Result<(), ConnectorError> {
    match fault {
        Some(Fault::Refused) => Err(ConnectorError::io("connection refused".into())),
        Some(Fault::Dns) => Err(ConnectorError::io("no such host".into())),
        Some(Fault::ConnectTimeout) => {
            sleep(Duration::from_secs(5)).await;
            Err(ConnectorError::timeout("no connection in time".into()))
        }
        Some(Fault::ResetBefore) => Err(ConnectorError::io("connection reset".into())),
        _ => Ok(()),
    }
}

fn refused(fault: Fault) -> Option<Response<Bytes>> {
    let page = |status| answer(status, "text/html", "<!DOCTYPE html><html><title>Sign in</title></html>");
    match fault {
        Fault::BadGateway => Some(page(502)),
        Fault::LoginPage => Some(page(200)),
        Fault::Redirect => Some(page(302)),
        // What is said of a bucket says nothing of the object.
        Fault::NotFound => Some(refusal(404, "NoSuchBucket")),
        Fault::Conflict => Some(refusal(409, "ConditionalRequestConflict")),
        Fault::Unauthorized => Some(refusal(401, "InvalidAccessKeyId")),
        Fault::Forbidden => Some(refusal(403, "AccessDenied")),
        Fault::PreconditionFailed => Some(refusal(412, "PreconditionFailed")),
        Fault::TooMany => Some(refusal(429, "SlowDown")),
        Fault::ServerError => Some(refusal(500, "InternalError")),
        Fault::SuccessFalse => Some(refusal(503, "SlowDown")),
        _ => None,
    }
}

fn refusal(status: u16, code: &str) -> Response<Bytes> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>by chance</Message></Error>"
    );
    answer(status, "application/xml", text)
}

fn answer(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    answer
}

/// Lets the store do it, in a task that outlives whoever asked.
async fn carried_out(
    world: &Arc<World>,
    request: Request<Bytes>,
    fault: Option<Fault>,
    sent: Option<Sent>,
) -> Option<Response<Bytes>> {
    let late = match fault {
        Some(Fault::LateApply) => PATIENCE + world.weather.pause(1, LATEST),
        Some(Fault::Slow) => world.weather.pause(2_000, 15_000),
        _ => Duration::ZERO,
    };
    let again = (fault == Some(Fault::DuplicateApply)).then(|| world.weather.pause(50, LATEST));
    let (tell, told) = oneshot::channel();
    let (world, under_way) = (world.clone(), world.sets_out());
    tokio::spawn(async move {
        let _under_way = under_way;
        sleep(late).await;
        let answer = performed(&world, request.clone(), sent.as_ref()).await;
        // Who asked may have given up.
        drop(tell.send(answer));
        if let Some(pause) = again {
            sleep(pause).await;
            sent.iter().for_each(|sent| world.book.meddles(&sent.object));
            performed(&world, request, sent.as_ref()).await;
        }
    });
    match told.await {
        Ok(answer) => answer,
        Err(_) => std::future::pending().await,
    }
}

async fn performed(world: &World, request: Request<Bytes>, sent: Option<&Sent>) -> Option<Response<Bytes>> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let answer = world.store_call(request).await;
    if let Some(sent) = sent {
        let status = answer.as_ref().map(Response::status);
        world.trace.note(format_args!("  done: {method} {path} -> {status:?}"));
        let key = sent.object.trim_start_matches("s3:");
        let now = world.objects.get(&world.bucket, key).map(|object| object.body).unwrap_or_default();
        let now = String::from_utf8_lossy(&now).into_owned();
        world.book.after_ours(sent, |mark| now.contains(&mark.text));
    }
    answer
}

/// What goes wrong with the answer.
async fn after(
    fault: Option<Fault>,
    writes: bool,
    answer: Response<Bytes>,
) -> Result<Response<Bytes>, ConnectorError> {
    let broke = |message: &'static str| Err(ConnectorError::io(message.into()));
    match fault {
        Some(Fault::TimeoutApplied) => std::future::pending().await,
        Some(Fault::ResetAfter) => broke("connection reset"),
        Some(Fault::ResetInBody | Fault::Truncated) if writes => broke("connection reset within the answer"),
        Some(Fault::ResetInBody | Fault::Truncated) => {
            // The length stays as it was announced.
            Ok(answer.map(|body| body.slice(..body.len() / 2)))
        }
        Some(Fault::BadGatewayApplied) => Ok(refusal(502, "BadGateway")),
        Some(Fault::Huge) if !writes => Ok(answer.map(|_| Bytes::from(vec![b' '; ENDLESS]))),
        Some(Fault::Malformed | Fault::WrongTypes | Fault::WrongContentType) => {
            Ok(self::answer(200, "text/plain", "what?"))
        }
        _ => Ok(answer),
    }
}

fn looked(world: &World, object: String, answer: &Response<Bytes>, served: Moment) {
    let tree = match answer.status() {
        StatusCode::OK => serde_json::from_slice(answer.body()).ok(),
        StatusCode::NOT_FOUND => None,
        _ => return,
    };
    world.book.looked(object, Look { served, answered: world.moment(), tree });
}

impl World {
    async fn store_call(&self, mut request: Request<Bytes>) -> Option<Response<Bytes>> {
        // On a socket the HTTP client adds it, and the signature is over it.
        let host = request.uri().host().and_then(|host| match request.uri().port_u16() {
            Some(port) => format!("{host}:{port}").parse().ok(),
            None => host.parse().ok(),
        });
        request.headers_mut().extend(host.map(|host| (header::HOST, host)));
        self.store.call(request).await
    }
}
