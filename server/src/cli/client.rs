//! Calls to a running server.
use super::{error::CliError, here, prompt};
use crate::http::ALIVE;
use clap::Args;
use domain::{Code, Failure, Passphrase, TypedKey};
use reqwest::{Method, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io::{IsTerminal, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// Which server, and as whom. A password comes from `AGM_PASSWORD`, `HICLAW_ADMIN_PASSWORD` or
/// `AGENTTEAMS_ADMIN_PASSWORD`, standard input or a file.
#[derive(Args)]
pub struct Access {
    /// The server [default: where the one of this machine listens by its settings, http://127.0.0.1:18080].
    #[arg(long, global = true, env = "AGM_URL")]
    url: Option<String>,
    /// The account [default: AGM_USER, HICLAW_ADMIN_USER, AGENTTEAMS_ADMIN_USER, admin].
    #[arg(long, global = true)]
    user: Option<String>,
    /// Read the password from standard input.
    #[arg(long, global = true)]
    password_stdin: bool,
    /// Read the password from a file that only its owner may read.
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "password_stdin")]
    password_file: Option<PathBuf>,
}

/// A variable that the commands read, by the first of its names that is set.
pub struct Variable {
    pub names: &'static [&'static str],
    pub meaning: &'static str,
}

const USER: Variable = Variable {
    names: &["AGM_USER", "HICLAW_ADMIN_USER", "AGENTTEAMS_ADMIN_USER"],
    meaning: "The account at the server, where `--user` does not say it. Without either it is `admin`.",
};
const PASSWORD: Variable = Variable {
    names: &["AGM_PASSWORD", "HICLAW_ADMIN_PASSWORD", "AGENTTEAMS_ADMIN_PASSWORD"],
    meaning: "The password, where neither `--password-stdin` nor `--password-file` is given.",
};
const PROVIDER_KEY: Variable =
    Variable { names: &["AGM_PROVIDER_KEY"], meaning: "A provider's key, where `--key-file` is not given." };
/// All of them.
pub const VARIABLES: [Variable; 3] = [USER, PASSWORD, PROVIDER_KEY];

impl Variable {
    fn read(&self) -> Option<String> {
        self.names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }
}

/// A server and an account.
pub struct Client {
    http: reqwest::Client,
    url: String,
    /// The address was said.
    named: bool,
    user: String,
    password: Option<SecretString>,
    /// Standard input was read for the password and has nothing more.
    stdin_read: bool,
}

/// A switch asks several systems and a model.
const WAIT: Duration = Duration::from_secs(330);

impl Client {
    /// Reads the credentials; calls nobody.
    pub fn new(access: &Access) -> Result<Self, CliError> {
        let password = match &access.password_file {
            Some(file) => Some(private(file)?),
            None if access.password_stdin => Some(stdin()?),
            None => PASSWORD.read().map(SecretString::from),
        };
        crate::install_crypto();
        let http = reqwest::Client::builder()
            .user_agent(concat!("agm/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .no_proxy()
            .build()
            .map_err(|error| CliError::Start(error.to_string()))?;
        let url = access.url.clone().map_or_else(|| here::url(Path::new("/")), Ok)?;
        let url = url.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(CliError::Usage(format!("{url} is no http or https address")));
        }
        let user = access.user.clone().or_else(|| USER.read());
        Ok(Self {
            http,
            url,
            named: access.url.is_some(),
            user: user.unwrap_or_else(|| "admin".into()),
            password,
            stdin_read: access.password_stdin,
        })
    }

    /// A provider's key: from a file, `-` for standard input, or `AGM_PROVIDER_KEY`.
    pub fn provider_key(&self, file: Option<&Path>) -> Result<Option<TypedKey>, CliError> {
        let text = match file {
            Some(path) if path == Path::new("-") && self.stdin_read => {
                let both = "standard input cannot hold both the password and the key";
                return Err(CliError::Usage(both.into()));
            }
            Some(path) if path == Path::new("-") => Some(stdin()?),
            Some(path) => Some(contents(path)?),
            None => PROVIDER_KEY.read().map(SecretString::from),
        };
        Ok(text.map(|text| TypedKey::new(text.expose_secret().to_owned())))
    }

    /// What opens an exported backup, see [`passphrase`].
    pub fn passphrase(&self, file: Option<&Path>, new: bool) -> Result<Passphrase, CliError> {
        if file.is_none() && self.stdin_read {
            let both = "standard input cannot hold both the password and the passphrase";
            return Err(CliError::Usage(both.into()));
        }
        passphrase(file, new)
    }

    /// The text of a file, `-` for standard input.
    pub fn document(&self, file: &Path) -> Result<String, CliError> {
        let text = match (file == Path::new("-"), self.stdin_read) {
            (true, true) => {
                let both = "standard input cannot hold both the password and the file";
                return Err(CliError::Usage(both.into()));
            }
            (true, false) => stdin()?,
            (false, _) => contents(file)?,
        };
        Ok(text.expose_secret().to_owned())
    }

    /// The server's address, as it was given.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether somebody said which server it is.
    pub fn is_named(&self) -> bool {
        self.named
    }

    /// Whether agm answers at the address. Says nothing of the systems behind it.
    pub async fn answers(&self) -> bool {
        let question = self.http.get(format!("{}/healthz", self.url)).timeout(Duration::from_secs(3));
        match question.send().await {
            Ok(answer) => is_agm(answer).await,
            Err(_) => false,
        }
    }

    /// `GET` below `/ni_status`.
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, CliError> {
        self.find(path, &[]).await
    }

    /// The same with a query.
    pub async fn find<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, CliError> {
        self.read(self.asking(Method::GET, path, query)?).await
    }

    /// The text of a `GET`, in this media type.
    pub async fn text(&self, path: &[&str], kind: &str) -> Result<String, CliError> {
        let answer = self.send(self.request(Method::GET, path)?.header("accept", kind)).await?;
        answer.text().await.map_err(|_| self.broke_off())
    }

    /// The bytes of a `GET`.
    pub async fn bytes(&self, path: &[&str]) -> Result<Vec<u8>, CliError> {
        let answer = self.send(self.request(Method::GET, path)?).await?;
        answer.bytes().await.map(Into::into).map_err(|_| self.broke_off())
    }

    /// `POST` with a JSON body.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, CliError> {
        self.read(self.request(Method::POST, path)?.json(body)).await
    }

    /// The text that answers a `POST` with a JSON body.
    pub async fn post_for_text(&self, path: &[&str], body: &impl Serialize) -> Result<String, CliError> {
        let answer = self.send(self.request(Method::POST, path)?.json(body)).await?;
        answer.text().await.map_err(|_| self.broke_off())
    }

    /// `POST` with a JSON body, again under the same key while the answer takes longer than the server waits.
    pub async fn post_until_answered<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        body: &impl Serialize,
    ) -> Result<T, CliError> {
        let key = format!("{:032x}", rand::random::<u128>());
        loop {
            let request = self.asking(Method::POST, path, query)?.header("idempotency-key", &key).json(body);
            match self.read(request).await {
                Err(CliError::Failed(failure)) if failure.code == Code::UpstreamTimeout => {}
                answer => return answer,
            }
        }
    }

    /// `POST` without a body to what a path names; does not wait for the end of what it begins.
    pub async fn act<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, CliError> {
        self.read(self.request(Method::POST, path)?.header("prefer", "respond-async")).await
    }

    /// The same with a query, and waits for the answer.
    pub async fn act_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, CliError> {
        self.read(self.asking(Method::POST, path, query)?).await
    }

    /// The events of an operation, as they come, to its end or until it has settled.
    pub async fn events(&self, id: &str, settled: bool) -> Result<Response, CliError> {
        let until = ("until", if settled { "settled" } else { "end" }.to_owned());
        let request = self.asking(Method::GET, &["operations", id], &[until])?;
        self.send(request.header("accept", "text/event-stream")).await
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<reqwest::RequestBuilder, CliError> {
        self.asking(method, path, &[])
    }

    fn asking(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<reqwest::RequestBuilder, CliError> {
        let wrong = || CliError::Usage(format!("{} is no http or https address", self.url));
        let mut url = url::Url::parse(&self.url).map_err(|_| wrong())?;
        url.path_segments_mut().map_err(|()| wrong())?.pop_if_empty().push("ni_status").extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url).timeout(WAIT);
        Ok(match &self.password {
            Some(password) => request.basic_auth(&self.user, Some(password.expose_secret())),
            None => request,
        })
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, CliError> {
        let unreachable = |error: reqwest::Error| CliError::Unreachable {
            url: self.url.clone(),
            reason: if error.is_timeout() {
                "no answer in time".into()
            } else {
                "the connection failed".into()
            },
        };
        let response = request.send().await.map_err(unreachable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let bytes = response.bytes().await.map_err(unreachable)?;
        let failure = serde_json::from_slice::<Failure>(&bytes);
        let mut failure = failure
            .unwrap_or_else(|_| Failure::new(Code::Internal, format!("HTTP {status}, and not from agm")));
        // The code has one word for both on the wire.
        if status.as_u16() == Code::UpstreamTimeout.status() {
            failure.code = Code::UpstreamTimeout;
        }
        Err(failure.into())
    }

    fn broke_off(&self) -> CliError {
        CliError::Unreachable { url: self.url.clone(), reason: "the answer broke off".into() }
    }

    async fn read<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, CliError> {
        let bytes = self.send(request).await?.bytes().await;
        let bytes = bytes.map_err(|_| self.broke_off())?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::new(Code::Internal, format!("the answer cannot be read: {error}")).into()
        })
    }
}

/// Whether an answer to `/healthz` is agm's own: at the usual port of a host may be the gateway.
pub async fn is_agm(mut answer: Response) -> bool {
    answer.status().is_success()
        && answer.chunk().await.is_ok_and(|chunk| chunk.is_some_and(|chunk| chunk == ALIVE))
}

/// A passphrase: from a file that only its owner may read, else from who is asked at the terminal, else from standard input.
/// A new one is asked for twice.
pub fn passphrase(file: Option<&Path>, new: bool) -> Result<Passphrase, CliError> {
    let text = match file {
        Some(path) => private(path)?,
        None if std::io::stdin().is_terminal() => prompt::secret("Passphrase", new)?,
        None => stdin()?,
    };
    Ok(Passphrase::new(text.expose_secret().to_owned()))
}

fn stdin() -> Result<SecretString, CliError> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| CliError::Usage(format!("standard input: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

fn contents(path: &Path) -> Result<SecretString, CliError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

/// A file that nobody else may read.
fn private(path: &Path) -> Result<SecretString, CliError> {
    let mode =
        std::fs::metadata(path).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
    if mode.permissions().mode() & 0o077 != 0 {
        return Err(CliError::Usage(format!("{} may be read by others: chmod 600 it", path.display())));
    }
    contents(path)
}
