//! One RPC, from its request to its outcome.

pub mod control;
pub mod exchange;
pub mod outcome;
pub mod request;
pub mod response;
