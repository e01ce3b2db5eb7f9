//! Sockets: opening one to an address. Failures are told in grpcio's words, so that the same things are read off them.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::sync::oneshot;

use crate::connection::address::Address;
use crate::connection::inspected::Inspected;
use crate::connection::preface::{PrefaceCheck, Verdict};
use crate::connection::receive_time::{LastReceived, stamped};
use crate::connection::tls::Tls;

/// A stream of bytes to a peer, whatever carries it.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A stream whose first frame is checked.
pub type SocketStream = Inspected<Box<dyn Stream>, PrefaceCheck>;

/// An open socket, secured where that was asked for.
pub struct Socket {
    pub stream: SocketStream,
    /// Resolves when the peer's first frame has come.
    pub preface: oneshot::Receiver<Verdict>,
    pub last_received: LastReceived,
}

/// Open a socket; an error says why there is none.
pub async fn open(address: &Address, tls: Option<&Tls>) -> Result<Socket, String> {
    let last_received = LastReceived::default();
    let plain: Box<dyn Stream> = match address {
        Address::Tcp { host, port } => Box::new(stamped(connect_tcp(host, *port).await?, &last_received)),
        Address::Unix(path) => Box::new(
            UnixStream::connect(path)
                .await
                .map_err(|error| failure_text(&format!("unix:{}", path.display()), &error))?,
        ),
    };
    let stream: Box<dyn Stream> = match tls {
        None => plain,
        Some(tls) => Box::new(tls.secure(plain).await?),
    };
    let (check, preface) = PrefaceCheck::new();
    Ok(Socket { stream: Inspected::new(stream, check), preface, last_received })
}

async fn connect_tcp(host: &str, port: u16) -> Result<TcpStream, String> {
    let addresses =
        lookup_host((host, port)).await.map_err(|error| format!("DNS resolution failed for {host}:{port}: {error}"))?;
    let mut last = format!("DNS resolution failed for {host}:{port}: no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Err(error) => {
                let family = if address.is_ipv4() { "ipv4" } else { "ipv6" };
                last = failure_text(&format!("{family}:{address}"), &error);
            }
        }
    }
    Err(last)
}

fn failure_text(address: &str, error: &io::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" (os error").next().unwrap_or_default();
    let number = error.raw_os_error().map(|number| format!(" ({number})")).unwrap_or_default();
    format!("UNKNOWN: {address}: Failed to connect to remote host: connect: {reason}{number}")
}
