//! gRPC on the wire: statuses, message framing and metadata. Pure functions of bytes and headers.

pub mod binary;
pub mod framing;
pub mod status;
