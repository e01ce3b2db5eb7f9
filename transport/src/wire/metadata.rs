//! Metadata as HTTP/2 headers. A key that ends in `-bin` holds bytes, which travel as base64.
//!
//! Source: grpc/grpc doc/PROTOCOL-HTTP2.md, Custom-Metadata.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD};
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

const BINARY_SUFFIX: &str = "-bin";

/// Peers may pad or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Tell whether a key's values are bytes.
pub fn is_binary(key: &str) -> bool {
    key.ends_with(BINARY_SUFFIX)
}

/// Return a pair of metadata as a header; None where gRPC does not allow its key or its value.
pub fn header(key: &str, value: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    if key.is_empty() || !key.bytes().all(is_allowed_in_key) {
        return None;
    }
    let name = HeaderName::from_bytes(key.as_bytes()).ok()?;
    let value = if is_binary(key) {
        HeaderValue::from_str(&STANDARD_NO_PAD.encode(value)).ok()?
    } else if value.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
        HeaderValue::from_bytes(value).ok()?
    } else {
        return None;
    };
    Some((name, value))
}

fn is_allowed_in_key(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.')
}

/// Return the values in a header of binary metadata, which commas separate; None for one that is not base64.
pub fn binary_values(value: &HeaderValue) -> impl Iterator<Item = Option<Vec<u8>>> {
    value.as_bytes().split(|byte| *byte == b',').map(|part| LENIENT.decode(part.trim_ascii()).ok())
}

/// Tell whether all binary metadata can be decoded.
pub fn is_decodable(headers: &HeaderMap) -> bool {
    let mut binary = headers.iter().filter(|(name, _)| is_binary(name.as_str()));
    binary.all(|(_, value)| binary_values(value).all(|bytes| bytes.is_some()))
}

/// Tell whether a header is the transport's own. grpcio does not show those as metadata, either.
pub fn is_reserved(name: &str) -> bool {
    matches!(name, "grpc-status" | "grpc-message" | "grpc-encoding" | "grpc-accept-encoding" | "content-type" | "te")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_lower_case_and_a_value_is_printable() {
        let (name, value) = header("x-request.id_1", b"a b~").unwrap();
        assert_eq!((name.as_str(), value.as_bytes()), ("x-request.id_1", &b"a b~"[..]));
        for key in ["", ":path", "Upper", "with space", "caf\u{e9}"] {
            assert_eq!(header(key, b"a"), None, "{key:?}");
        }
        assert_eq!(header("key", b"line\n"), None);
        assert_eq!(header("key", "caf\u{e9}".as_bytes()), None);
    }

    #[test]
    fn binary_values_survive_the_wire_padded_or_not() {
        let (_, value) = header("trace-bin", &[0, 255, 7, 8]).unwrap();
        assert_eq!(value.as_bytes(), b"AP8HCA");
        let padded = HeaderValue::from_static("AP8HCA==, AQ,!");
        let values: Vec<_> = binary_values(&padded).collect();
        assert_eq!(values, [Some(vec![0, 255, 7, 8]), Some(vec![1]), None]);
    }

    #[test]
    fn only_binary_metadata_must_be_base64() {
        let mut headers = HeaderMap::new();
        headers.insert("plain", HeaderValue::from_static("!"));
        assert!(is_decodable(&headers));
        headers.insert("trace-bin", HeaderValue::from_static("!"));
        assert!(!is_decodable(&headers));
    }
}
