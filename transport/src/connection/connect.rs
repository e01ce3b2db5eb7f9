//! Connecting: addresses, sockets and TLS. Texts hold the words of grpcio's, so that the same things are read off them.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;

use crate::connection::receive_time::Heard;

/// Where a channel goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

impl Address {
    /// Read an address: `host:port`, `[v6]:port`, `unix:path`, or one of these behind `dns:`, `ipv4:`, `ipv6:`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(path.strip_prefix("//").unwrap_or(path).into()));
        }
        let bare = ["dns:///", "dns:", "ipv4:", "ipv6:"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let bare = bare.unwrap_or(text);
        if bare.contains("://") {
            return Err(format!("address {text:?}: this scheme is not supported"));
        }
        let (host, port) = match bare.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| format!("address {text:?} has no port number"))?),
            None => (bare, 443),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Ok(Self::Tcp { host: host.into(), port })
    }

    /// Return the name that a server's certificate must bear, unless a setting says otherwise.
    pub fn host(&self) -> String {
        match self {
            Self::Tcp { host, .. } => host.clone(),
            Self::Unix(_) => "localhost".into(),
        }
    }

    /// Return what servers are told they are called, unless a setting says otherwise.
    pub fn authority(&self) -> String {
        match self {
            Self::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port } => format!("{host}:{port}"),
            Self::Unix(_) => "localhost".into(),
        }
    }
}

/// What TLS needs; PEM texts.
pub struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Tls {
    /// Make ready for TLS to the server of that name; without roots those of the system are trusted.
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
        let name = ServerName::try_from(name.to_owned()).map_err(|_| format!("{name:?} is no name of a server"))?;
        Ok(Self { config: Arc::new(config), name })
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().map_err(|_| "a certificate is no PEM".to_owned())
}

trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

/// Open a connection; an error says why there is none, as grpcio would.
pub async fn connect(address: &Address, tls: Option<&Tls>) -> Result<Wire, String> {
    let heard = Heard::default();
    let socket: Box<dyn Socket> = match address {
        Address::Tcp { host, port } => timed(connect_tcp(host, *port).await?, &heard),
        Address::Unix(path) => Box::new(
            UnixStream::connect(path).await.map_err(|error| failed(&format!("unix:{}", path.display()), &error))?,
        ),
    };
    let Some(tls) = tls else { return Ok(Wire::new(socket, heard)) };
    let connector = TlsConnector::from(Arc::clone(&tls.config));
    match connector.connect(tls.name.clone(), socket).await {
        Ok(secured) if secured.get_ref().1.alpn_protocol() == Some(b"h2") => Ok(Wire::new(Box::new(secured), heard)),
        Ok(_) => Err("Cannot check peer: missing selected ALPN property".into()),
        Err(error) => Err(handshake_text(&error)),
    }
}

/// Return a TCP connection as one that tells when it is heard, where the system knows that.
#[cfg(target_os = "linux")]
fn timed(stream: TcpStream, heard: &Heard) -> Box<dyn Socket> {
    Box::new(crate::connection::receive_time::Told::new(stream, heard.clone()))
}

#[cfg(not(target_os = "linux"))]
fn timed(stream: TcpStream, _: &Heard) -> Box<dyn Socket> {
    Box::new(stream)
}

async fn connect_tcp(host: &str, port: u16) -> Result<TcpStream, String> {
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| format!("DNS resolution failed for {host}:{port}: {error}"))?;
    let mut last = format!("DNS resolution failed for {host}:{port}: no address");
    for address in found {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Err(error) => {
                let family = if address.is_ipv4() { "ipv4" } else { "ipv6" };
                last = failed(&format!("{family}:{address}"), &error);
            }
        }
    }
    Err(last)
}

fn failed(address: &str, error: &io::Error) -> String {
    let said = error.to_string();
    let reason = said.split(" (os error").next().unwrap_or_default();
    let number = error.raw_os_error().map(|number| format!(" ({number})")).unwrap_or_default();
    format!("UNKNOWN: {address}: Failed to connect to remote host: connect: {reason}{number}")
}

/// Return what a failed handshake means, in words of OpenSSL's where people know those.
pub fn handshake_text(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(inner) = inner else {
        return format!("Tls handshake failed: Socket closed ({error})");
    };
    let known = match inner {
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
    format!("Tls handshake failed: {known} ({inner})")
}

/// A connection that tells when the peer has begun to speak HTTP/2: before that it is nobody's to use.
pub struct Wire {
    /// When it was last heard.
    pub heard: Heard,
    socket: Box<dyn Socket>,
    head: Vec<u8>,
    spoke: Option<oneshot::Sender<Result<(), String>>>,
    hears: Option<oneshot::Receiver<Result<(), String>>>,
}

const FRAME_HEAD: usize = 9;
const SETTINGS: u8 = 4;

impl Wire {
    fn new(socket: Box<dyn Socket>, heard: Heard) -> Self {
        let (spoke, hears) = oneshot::channel();
        Self { heard, socket, head: Vec::with_capacity(FRAME_HEAD), spoke: Some(spoke), hears: Some(hears) }
    }

    /// Return what resolves when the first frame has come: an error where it is none of HTTP/2's beginnings.
    pub fn first_frame(&mut self) -> oneshot::Receiver<Result<(), String>> {
        self.hears.take().expect("it is asked for once")
    }

    fn hear(&mut self, read: &[u8]) -> io::Result<()> {
        let missing = FRAME_HEAD - self.head.len();
        self.head.extend_from_slice(&read[..missing.min(read.len())]);
        if self.head.len() < FRAME_HEAD {
            return Ok(());
        }
        let length = u32::from_be_bytes([0, self.head[0], self.head[1], self.head[2]]);
        let sound = self.head[3] == SETTINGS && length < 16_384;
        let found = if sound {
            Ok(())
        } else {
            let shown = String::from_utf8_lossy(&self.head).into_owned();
            Err(format!("the peer does not speak HTTP/2: no settings frame, but {shown:?}"))
        };
        if let Some(spoke) = self.spoke.take() {
            spoke.send(found).ok();
        }
        if sound { Ok(()) } else { Err(io::Error::new(io::ErrorKind::InvalidData, "no settings frame")) }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if self.spoke.is_some() && matches!(polled, Poll::Ready(Ok(()))) {
            let read = buffer.filled()[before..].to_vec();
            self.hear(&read)?;
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.into(), port }
    }

    #[test]
    fn addresses_are_read_as_grpc_reads_them() {
        assert_eq!(Address::parse("127.0.0.1:80").unwrap(), tcp("127.0.0.1", 80));
        assert_eq!(Address::parse("dns:///bank:50051").unwrap(), tcp("bank", 50051));
        assert_eq!(Address::parse("[::1]:7").unwrap(), tcp("::1", 7));
        assert_eq!(Address::parse("bank").unwrap(), tcp("bank", 443));
        assert_eq!(Address::parse("unix:///run/bank").unwrap(), Address::Unix("/run/bank".into()));
        assert_eq!(Address::parse("unix:bank.sock").unwrap(), Address::Unix("bank.sock".into()));
        assert!(Address::parse("xds:///bank").is_err());
        assert!(Address::parse("bank:http").is_err());
    }

    #[test]
    fn a_v6_address_is_an_authority_in_brackets() {
        assert_eq!(Address::parse("[::1]:7").unwrap().authority(), "[::1]:7");
    }
}
