//! One request to a registry: bounded in time and in size.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use hyper::{Request, Response};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use service_kit::Failure;

use crate::{Answer, RegistrySettings, understand};

/// How long one look-up may take, from connecting to the last byte.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest answer that is read. A schema that is beyond it is unusable: waiting would not make it smaller.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;

const ACCEPTED: &str = "application/vnd.schemaregistry.v1+json, application/json";

#[derive(Debug)]
pub(crate) struct Client {
    http: HttpClient<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    settings: RegistrySettings,
    authorization: Option<HeaderValue>,
}

impl Client {
    pub(crate) fn new(settings: RegistrySettings) -> Result<Client, Failure> {
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls_config(&settings)?)
            .https_or_http()
            .enable_http1()
            .build();
        let authorization = match &settings.credentials {
            None => None,
            Some((user, password)) => {
                let encoded = STANDARD.encode(format!("{user}:{}", password.expose()));
                let mut header = HeaderValue::try_from(format!("Basic {encoded}"))
                    .map_err(|error| Failure::Internal(error.into()))?;
                header.set_sensitive(true);
                Some(header)
            }
        };
        Ok(Client {
            http: HttpClient::builder(TokioExecutor::new()).build(connector),
            settings,
            authorization,
        })
    }

    pub(crate) fn settings(&self) -> &RegistrySettings {
        &self.settings
    }

    /// Asks for one schema. An error is a half sentence for people.
    pub(crate) async fn ask(&self, id: u32) -> Result<Answer, String> {
        match tokio::time::timeout(REQUEST_TIMEOUT, self.ask_without_end(id)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!(
                "no whole answer within {} seconds",
                REQUEST_TIMEOUT.as_secs()
            )),
        }
    }

    async fn ask_without_end(&self, id: u32) -> Result<Answer, String> {
        let uri = self
            .settings
            .uri_of(id)
            .map_err(|error| error.to_string())?;
        let mut request = Request::get(uri).header(ACCEPT, ACCEPTED);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        let response = self
            .http
            .request(request)
            .await
            .map_err(|error| chain(&error))?;
        let status = response.status().as_u16();
        match body_of(response).await? {
            Some(body) => understand(status, &body),
            None if status == 200 => Ok(Answer::Unusable(format!(
                "the schema is larger than {MAX_ANSWER_BYTES} bytes"
            ))),
            None => Err(format!("it answers {status} at great length")),
        }
    }
}

/// The body; nothing where it is larger than is read.
async fn body_of(response: Response<hyper::body::Incoming>) -> Result<Option<Bytes>, String> {
    match Limited::new(response.into_body(), MAX_ANSWER_BYTES)
        .collect()
        .await
    {
        Ok(body) => Ok(Some(body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Ok(None),
        Err(error) => Err(format!("the answer broke off: {error}")),
    }
}

/// The system's certificate authorities; none are needed for plain HTTP.
fn tls_config(settings: &RegistrySettings) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    if settings.is_tls() {
        // Single certificates that do not parse are no reason to fail; an empty store is.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(Failure::Configuration(
                "no certificate authority to verify the schema registry with: install ca-certificates, or set \
                 SSL_CERT_FILE"
                    .into(),
            ));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Internal(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// An error with its causes: the client's own text says only that it could not connect.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
