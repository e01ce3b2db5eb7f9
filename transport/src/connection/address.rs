//! Addresses, as grpc writes them.
//!
//! Source: grpc/grpc doc/naming.md.

use std::path::PathBuf;

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
