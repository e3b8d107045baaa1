//! TLS for those who have no proxy in front.
use std::{path::Path, sync::Arc};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    },
};

/// Why the files cannot serve. No text of theirs is part of it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("the certificate: {0}")]
    Certificate(pem::Error),
    #[error("the certificate: the file holds none")]
    NoCertificate,
    #[error("the key: {0}")]
    Key(pem::Error),
    #[error("certificate and key do not serve: {0}")]
    Unfit(#[from] tokio_rustls::rustls::Error),
}

/// Reads a PEM chain, the server's own certificate first, and its PEM key.
pub fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(TlsError::Certificate)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(TlsError::Key)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
