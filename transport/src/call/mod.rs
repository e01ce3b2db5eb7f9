//! One RPC, from its request to its outcome.

pub mod control;
pub mod exchange;
pub mod response;
