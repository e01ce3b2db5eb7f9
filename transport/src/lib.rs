//! The native transport of jwtstorm: gRPC over HTTP/2 on a thread of its own, for Python under gevent.
//!
//! A call comes in through [`python::engine`], goes out on the connection of its channel, and its outcome goes back
//! through [`python::completions`]. The parts, from the ground up:
//!
//! 1. [`clock`]: the system's clocks.
//! 2. [`wire`]: gRPC as bytes and headers: statuses, framing, metadata.
//! 3. [`connection`]: one connection to one address, from the socket to the channel.
//! 4. [`call`]: one RPC, from its request to its outcome.
//! 5. [`fleet`]: declared calls, made without Python from their arrival to their row.
//! 6. [`python`]: the way in from Python and the way back.
//!
//! A part uses those before it in this list and no other, and no two files use each other, however far around.
//! `transport/tests/test_layout.py` reads this list and holds the sources to it.

pub mod call;
pub mod clock;
pub mod connection;
pub mod fleet;
pub mod python;
pub mod wire;
