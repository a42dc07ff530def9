//! From options and kubeconfig to a client.

use crate::error::{Error, chain};
use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::path::PathBuf;
use std::time::Duration;

/// How to connect; the names are those of kubectl's flags.
#[derive(Clone, Debug, Default)]
pub struct Connect {
    /// The kubeconfig; otherwise those of `KUBECONFIG`, `~/.kube/config`, or the pod's own account.
    pub kubeconfig: Option<PathBuf>,
    /// The context.
    pub context: Option<String>,
    /// The cluster, instead of the context's.
    pub cluster: Option<String>,
    /// The user, instead of the context's.
    pub user: Option<String>,
    /// The user to act as.
    pub impersonate: Option<String>,
    /// The groups to act as.
    pub impersonate_groups: Vec<String>,
    /// The uid to act as.
    pub impersonate_uid: Option<String>,
    /// The API server's address.
    pub server: Option<String>,
    /// A bearer token.
    pub token: Option<String>,
    /// A file with the authority that signs the server's certificate.
    pub certificate_authority: Option<PathBuf>,
    /// Whether any certificate is taken.
    pub insecure: bool,
    /// The name that the server's certificate has to be for.
    pub tls_server_name: Option<String>,
    /// How long reading may take altogether; none for as long as it takes.
    pub deadline: Option<Duration>,
    /// Whether nodes are asked for their journals.
    pub node_logs: bool,
    /// Whether registries are asked for their tags.
    pub registry: bool,
}

/// Who reads, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The context, where a kubeconfig was used.
    pub context: Option<String>,
    /// The context's namespace, or `default`.
    pub namespace: String,
    /// The API server's address, without anything that is nobody's business.
    pub server: String,
}

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);

/// Makes a client.
pub(crate) async fn client(options: &Connect) -> Result<(kube::Client, Identity), Error> {
    let (mut config, context) = config(options).await?;
    config.connect_timeout = Some(options.deadline.map_or(CONNECT, |deadline| deadline.min(CONNECT)));
    // What is tried again, when and how often, the session decides.
    config.default_retry = false;
    let agent = concat!("coroner/", env!("CARGO_PKG_VERSION"));
    config.headers.push((http::header::USER_AGENT, http::HeaderValue::from_static(agent)));
    let server = server(&config);
    let identity = Identity { context, namespace: config.default_namespace.clone(), server };
    let client = kube::Client::try_from(config).map_err(|error| match &error {
        kube::Error::Auth(auth) => Error::Plugin(chain(auth)),
        error => Error::Config(chain(error)),
    })?;
    Ok((client, identity))
}

/// The configuration and the name of its context.
async fn config(options: &Connect) -> Result<(Config, Option<String>), Error> {
    let read = match &options.kubeconfig {
        Some(path) => Kubeconfig::read_from(path).map(Some),
        None => found(Kubeconfig::read()),
    };
    let kubeconfig = read.map_err(|error| Error::Config(chain(&error)))?;
    let (mut config, context) = match kubeconfig {
        Some(kubeconfig)
            if options.server.is_some()
                && kubeconfig.current_context.is_none()
                && options.context.is_none() =>
        {
            (bare(options)?, None)
        }
        Some(kubeconfig) => of_kubeconfig(kubeconfig, options).await?,
        None if options.context.is_some() || options.cluster.is_some() || options.user.is_some() => {
            return Err(Error::NoConfig("there is no kubeconfig".into()));
        }
        None if options.server.is_some() => (bare(options)?, None),
        None => {
            let own = Config::incluster().map_err(|_| {
                Error::NoConfig("there is no kubeconfig, and this is no pod with an account".into())
            })?;
            (own, None)
        }
    };
    apply(options, &mut config)?;
    Ok((config, context))
}

/// A kubeconfig that is not there is no error: then this may be a pod.
fn found(read: Result<Kubeconfig, KubeconfigError>) -> Result<Option<Kubeconfig>, KubeconfigError> {
    match read {
        Ok(kubeconfig) => Ok(Some(kubeconfig)),
        Err(KubeconfigError::FindPath) => Ok(None),
        Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn bare(options: &Connect) -> Result<Config, Error> {
    options.server.as_deref().unwrap_or_default().parse().map(Config::new).map_err(bad_address)
}

fn bad_address(error: http::uri::InvalidUri) -> Error {
    Error::Config(format!("the server's address is none: {error}"))
}

async fn of_kubeconfig(kubeconfig: Kubeconfig, options: &Connect) -> Result<(Config, Option<String>), Error> {
    let names = |what: &'static str, name: &Option<String>, known: Vec<String>| match name {
        Some(name) if !known.contains(name) => Err(Error::Unknown { what, name: name.clone(), known }),
        _ => Ok(()),
    };
    let context = options.context.clone().or_else(|| kubeconfig.current_context.clone());
    names("context", &context, kubeconfig.contexts.iter().map(|it| it.name.clone()).collect())?;
    names("cluster", &options.cluster, kubeconfig.clusters.iter().map(|it| it.name.clone()).collect())?;
    names("user", &options.user, kubeconfig.auth_infos.iter().map(|it| it.name.clone()).collect())?;
    let options = KubeConfigOptions {
        context: options.context.clone(),
        cluster: options.cluster.clone(),
        user: options.user.clone(),
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let config = config.map_err(|error| match error {
        KubeconfigError::CurrentContextNotSet => {
            Error::Config("it sets no current context; name one with --context".into())
        }
        error => Error::Config(chain(&error)),
    })?;
    Ok((config, context))
}

/// Flags win over files.
fn apply(options: &Connect, config: &mut Config) -> Result<(), Error> {
    if let Some(server) = &options.server {
        config.cluster_url = server.parse().map_err(bad_address)?;
    }
    if let Some(token) = &options.token {
        let token = serde_json::json!({ "token": token });
        let given: kube::config::AuthInfo =
            serde_json::from_value(token).map_err(|error| Error::Config(error.to_string()))?;
        // A token that was given stands for all that the file says of the user.
        let from_file = std::mem::replace(&mut config.auth_info, given);
        config.auth_info.impersonate = from_file.impersonate;
        config.auth_info.impersonate_groups = from_file.impersonate_groups;
        config.auth_info.impersonate_uid = from_file.impersonate_uid;
    }
    if let Some(path) = &options.certificate_authority {
        if let Err(error) = std::fs::metadata(path) {
            return Err(Error::Config(format!("{}: {error}", path.display())));
        }
        config.root_cert_file = Some(path.clone());
    }
    if options.insecure {
        config.accept_invalid_certs = true;
    }
    if options.tls_server_name.is_some() {
        config.tls_server_name = options.tls_server_name.clone();
    }
    if options.impersonate.is_some() {
        config.auth_info.impersonate = options.impersonate.clone();
    }
    if !options.impersonate_groups.is_empty() {
        config.auth_info.impersonate_groups = Some(options.impersonate_groups.clone());
    }
    if options.impersonate_uid.is_some() {
        config.auth_info.impersonate_uid = options.impersonate_uid.clone();
    }
    Ok(())
}

/// The address without name and password.
fn server(config: &Config) -> String {
    let url = &config.cluster_url;
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{}://{host}", url.scheme_str().unwrap_or("https"))
}
