use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::WarehouseError;

/// A TLS connector that verifies certificate and host name, against the given authority or the system's.
pub(crate) fn verifying_connector(
    authority_file: Option<&Path>,
) -> Result<MakeRustlsConnect, WarehouseError> {
    let mut roots = RootCertStore::empty();
    match authority_file {
        Some(path) => add_file(&mut roots, path)?,
        None => {
            // Single certificates of a system's store that do not parse are no reason to fail; an empty store is.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(WarehouseError::Configuration(
            "no certificate authority to verify PostgreSQL's TLS certificate with: install \
             ca-certificates, or set DATABASE_CA_FILE"
                .into(),
        ));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| WarehouseError::Configuration(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), WarehouseError> {
    let unusable = |why: String| {
        WarehouseError::Configuration(format!("DATABASE_CA_FILE {}: {why}", path.display()))
    };
    for certificate in
        CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?
    {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    Ok(())
}
