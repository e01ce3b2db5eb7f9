//! One connection to one address: how it is made, lost and made again, and the settings it takes.

pub mod channel;
pub mod connect;
pub mod receive_time;
pub mod settings;
