//! One connection to one address: how it is made, lost and made again, and the settings it takes.

pub mod address;
pub mod backoff;
pub mod channel;
pub mod http2;
pub mod inspected;
pub mod preface;
pub mod receive_time;
pub mod settings;
pub mod socket;
pub mod tls;
