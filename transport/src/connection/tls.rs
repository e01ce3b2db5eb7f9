//! TLS: keys and certificates from PEM, the handshake, and what a failed one is called.

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How a channel secures its connections.
pub struct Tls {
    config: Arc<ClientConfig>,
    server_name: ServerName<'static>,
}

impl Tls {
    /// Read PEM texts for connections to the server of that name; without roots, those of the system are trusted.
    pub fn new(roots: Option<&[u8]>, key: Option<&[u8]>, chain: Option<&[u8]>, name: &str) -> Result<Self, String> {
        let mut store = RootCertStore::empty();
        match roots {
            Some(pem) => {
                for certificate in certificates(pem)? {
                    store.add(certificate).map_err(|error| format!("a root certificate cannot be used: {error}"))?;
                }
            }
            None => {
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(store);
        let mut config = match (key, chain) {
            (Some(key), Some(chain)) => {
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| "the key holds no PEM private key")?;
                builder
                    .with_client_auth_cert(certificates(chain)?, key)
                    .map_err(|error| format!("certificate and key do not belong together ({error})"))?
            }
            _ => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let server_name =
            ServerName::try_from(name.to_owned()).map_err(|_| format!("{name:?} is no name of a server"))?;
        Ok(Self { config: Arc::new(config), server_name })
    }

    /// Secure a stream; an error says what failed.
    pub async fn secure<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Result<TlsStream<S>, String> {
        let connector = TlsConnector::from(Arc::clone(&self.config));
        match connector.connect(self.server_name.clone(), stream).await {
            Ok(secured) if secured.get_ref().1.alpn_protocol() == Some(b"h2") => Ok(secured),
            Ok(_) => Err("Cannot check peer: missing selected ALPN property".into()),
            Err(error) => Err(handshake_text(&error)),
        }
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().map_err(|_| "a certificate is no PEM".to_owned())
}

/// Return what a failed handshake is called, in OpenSSL's words where people know those.
pub fn handshake_text(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(inner) = inner else {
        return format!("Tls handshake failed: Socket closed ({error})");
    };
    let words = match inner {
        rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. } => "WRONG_VERSION_NUMBER",
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "Hostname Verification Check failed",
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "CERTIFICATE_VERIFY_FAILED: certificate has expired"
        }
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate"
        }
        rustls::Error::InvalidCertificate(_) => "CERTIFICATE_VERIFY_FAILED",
        rustls::Error::AlertReceived(AlertDescription::UnknownCA) => "TLSV1_ALERT_UNKNOWN_CA",
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => "CERTIFICATE_REQUIRED",
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => "HANDSHAKE_FAILURE",
        _ => "",
    };
    format!("Tls handshake failed: {words} ({inner})")
}
