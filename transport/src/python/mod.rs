//! The way in from Python and the way back: the thread that makes the calls, and the classes of `_native`.

pub mod completions;
pub mod engine;

#[cfg(feature = "python")]
mod channel;
#[cfg(feature = "python")]
mod fleet;
#[cfg(feature = "python")]
mod hub;
#[cfg(feature = "python")]
mod method;
#[cfg(feature = "python")]
mod module;
#[cfg(feature = "python")]
mod pairs;
#[cfg(feature = "python")]
mod stream;
#[cfg(feature = "python")]
mod to_python;
