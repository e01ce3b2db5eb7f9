//! gRPC on the wire: statuses, message framing and metadata. Pure functions of bytes and headers.

pub mod framing;
pub mod metadata;
pub mod status;
