//! Binary metadata: values whose key says so are base64 on the wire. Source: grpc/grpc doc/PROTOCOL-HTTP2.md.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD};

/// How keys of binary metadata end.
pub const BINARY: &str = "-bin";

/// Peers may pad or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Return bytes as they are sent.
pub fn encode(raw: &[u8]) -> String {
    STANDARD_NO_PAD.encode(raw)
}

/// Return the bytes of a value; None where it is no base64.
pub fn decode(value: &[u8]) -> Option<Vec<u8>> {
    LENIENT.decode(value.trim_ascii()).ok()
}
