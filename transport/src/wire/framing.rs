//! Framing: messages on the wire, each with a length prefix, and compressed where that was asked for.
//!
//! Source: grpc/grpc doc/PROTOCOL-HTTP2.md, Length-Prefixed-Message.

use std::io::{Read, Write};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use http::header::HeaderName;

use crate::wire::status::{INTERNAL, RESOURCE_EXHAUSTED, Status};

/// The header that names a message's encoding.
#[allow(clippy::declare_interior_mutable_const)]
pub const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const PREFIX: usize = 5;

/// How messages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Identity,
    Deflate,
    Gzip,
}

impl Encoding {
    /// In the order of grpc's numbers.
    const ALL: [Self; 3] = [Self::Identity, Self::Deflate, Self::Gzip];

    /// Return the name that headers have for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Deflate => "deflate",
            Self::Gzip => "gzip",
        }
    }

    /// Return the encoding that a header names; None where it is not known.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name().as_bytes() == name)
    }

    /// Return the encoding by grpc's number of it.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// Frame a message of at most `limit` bytes before compression.
pub fn frame(message: &[u8], encoding: Encoding, limit: Option<usize>) -> Result<Bytes, Status> {
    if let Some(limit) = limit.filter(|limit| message.len() > *limit) {
        let text = format!("CLIENT: Sent message larger than max ({} vs. {limit})", message.len());
        return Err(Status::new(RESOURCE_EXHAUSTED, text));
    }
    let packed = match encoding {
        Encoding::Identity => None,
        Encoding::Deflate => Some(ZlibEncoder::new(Vec::new(), Compression::default()).filled(message)),
        Encoding::Gzip => Some(GzEncoder::new(Vec::new(), Compression::default()).filled(message)),
    };
    let (flag, body) = packed.as_ref().map_or((0, message), |packed| (1, packed.as_slice()));
    let length = u32::try_from(body.len()).map_err(|_| Status::new(RESOURCE_EXHAUSTED, "message of over 4 GiB"))?;
    let mut framed = BytesMut::with_capacity(PREFIX + body.len());
    framed.put_u8(flag);
    framed.put_u32(length);
    framed.put_slice(body);
    Ok(framed.freeze())
}

trait Filled: Write + Sized {
    fn finished(self) -> std::io::Result<Vec<u8>>;

    fn filled(mut self, message: &[u8]) -> Vec<u8> {
        self.write_all(message).and_then(|()| self.finished()).expect("memory takes all")
    }
}

impl Filled for ZlibEncoder<Vec<u8>> {
    fn finished(self) -> std::io::Result<Vec<u8>> {
        self.finish()
    }
}

impl Filled for GzEncoder<Vec<u8>> {
    fn finished(self) -> std::io::Result<Vec<u8>> {
        self.finish()
    }
}

/// Turns chunks of bytes into messages of at most `limit` bytes each, compressed or not.
pub struct Deframer {
    encoding: Result<Encoding, String>,
    limit: Option<usize>,
    /// What came of the next message, where that is more than one chunk.
    buffer: BytesMut,
    /// A chunk that came while the buffer was empty: its messages are not copied.
    chunk: Option<Bytes>,
}

impl Deframer {
    /// Expect messages of an encoding by its name in `grpc-encoding`; without one, plain messages.
    pub fn new(encoding: Option<&[u8]>, limit: Option<usize>) -> Self {
        let encoding = encoding.map_or(Ok(Encoding::Identity), |name| {
            Encoding::from_name(name).ok_or_else(|| String::from_utf8_lossy(name).into_owned())
        });
        Self { encoding, limit, buffer: BytesMut::new(), chunk: None }
    }

    pub fn push(&mut self, chunk: Bytes) {
        if self.buffer.is_empty() && self.chunk.is_none() {
            self.chunk = Some(chunk);
            return;
        }
        self.spill();
        self.buffer.extend_from_slice(&chunk);
    }

    /// Return the next whole message; None where more bytes are needed.
    pub fn next_message(&mut self) -> Result<Option<Bytes>, Status> {
        let held: &[u8] = self.chunk.as_deref().unwrap_or(&self.buffer);
        if held.len() < PREFIX {
            self.spill();
            return Ok(None);
        }
        let flag = held[0];
        let length = u32::from_be_bytes([held[1], held[2], held[3], held[4]]) as usize;
        self.check_length(length)?;
        if held.len() < PREFIX + length {
            self.spill();
            self.buffer.reserve((PREFIX + length).saturating_sub(self.buffer.len()).min(1 << 20));
            return Ok(None);
        }
        let body = self.take(length);
        match flag {
            0 => Ok(Some(body)),
            1 => self.unpack(&body).map(Some),
            _ => Err(Status::new(INTERNAL, format!("invalid compressed flag {flag} in a message's prefix"))),
        }
    }

    /// Tell whether all that came were whole messages.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.chunk.as_ref().is_none_or(Bytes::is_empty)
    }

    fn take(&mut self, length: usize) -> Bytes {
        if let Some(chunk) = &mut self.chunk {
            chunk.advance(PREFIX);
            let body = chunk.split_to(length);
            if chunk.is_empty() {
                self.chunk = None;
            }
            return body;
        }
        self.buffer.advance(PREFIX);
        self.buffer.split_to(length).freeze()
    }

    /// Move a chunk that does not hold a whole message to the buffer.
    fn spill(&mut self) {
        if let Some(chunk) = self.chunk.take() {
            self.buffer.extend_from_slice(&chunk);
        }
    }

    fn check_length(&self, length: usize) -> Result<(), Status> {
        match self.limit {
            Some(limit) if length > limit => Err(too_large(length, limit)),
            _ => Ok(()),
        }
    }

    fn unpack(&self, body: &[u8]) -> Result<Bytes, Status> {
        let most = self.limit.map_or(u64::MAX, |limit| limit as u64 + 1);
        let mut unpacked = Vec::new();
        let read = match &self.encoding {
            Err(name) => {
                let text = format!("Stream with unsupported compression algorithm {name:?}");
                return Err(Status::new(INTERNAL, text));
            }
            Ok(Encoding::Identity) => {
                return Err(Status::new(INTERNAL, "compressed message in a stream without grpc-encoding"));
            }
            Ok(Encoding::Gzip) => GzDecoder::new(body).take(most).read_to_end(&mut unpacked),
            Ok(Encoding::Deflate) => ZlibDecoder::new(body).take(most).read_to_end(&mut unpacked),
        };
        read.map_err(|error| Status::new(INTERNAL, format!("Decompression error: {error}")))?;
        match self.limit {
            Some(limit) if unpacked.len() > limit => Err(too_large(unpacked.len(), limit)),
            _ => Ok(unpacked.into()),
        }
    }
}

fn too_large(length: usize, limit: usize) -> Status {
    Status::new(RESOURCE_EXHAUSTED, format!("CLIENT: Received message larger than max ({length} vs. {limit})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(deframer: &mut Deframer) -> Vec<Bytes> {
        std::iter::from_fn(|| deframer.next_message().unwrap()).collect()
    }

    #[test]
    fn messages_survive_every_cut() {
        let wire: Vec<u8> = [&b"one"[..], b"", b"three"]
            .iter()
            .flat_map(|message| frame(message, Encoding::Identity, None).unwrap())
            .collect();
        for size in 1..=wire.len() {
            let mut deframer = Deframer::new(None, None);
            let mut messages = Vec::new();
            for chunk in wire.chunks(size) {
                deframer.push(Bytes::copy_from_slice(chunk));
                messages.extend(all(&mut deframer));
            }
            assert_eq!(messages, [&b"one"[..], b"", b"three"]);
            assert!(deframer.is_empty());
        }
    }

    #[test]
    fn compressed_messages_come_back() {
        for encoding in [Encoding::Gzip, Encoding::Deflate] {
            let message = vec![7u8; 100_000];
            let framed = frame(&message, encoding, None).unwrap();
            assert!(framed.len() < 1000);
            let mut deframer = Deframer::new(Some(encoding.name().as_bytes()), None);
            deframer.push(framed);
            assert_eq!(all(&mut deframer), [Bytes::from(message)]);
        }
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let framed = frame(&vec![0u8; 1_000_000], Encoding::Gzip, None).unwrap();
        let mut deframer = Deframer::new(Some(b"gzip"), Some(10_000));
        deframer.push(framed);
        assert_eq!(deframer.next_message().unwrap_err().code, RESOURCE_EXHAUSTED);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let mut huge = Deframer::new(None, Some(4));
        huge.push(Bytes::from_static(&[0, 255, 255, 255, 255]));
        assert_eq!(huge.next_message().unwrap_err().code, RESOURCE_EXHAUSTED);
        let mut odd = Deframer::new(None, None);
        odd.push(Bytes::from_static(&[2, 0, 0, 0, 0]));
        assert_eq!(odd.next_message().unwrap_err().code, INTERNAL);
        let mut unnamed = Deframer::new(None, None);
        unnamed.push(Bytes::from_static(&[1, 0, 0, 0, 1, 9]));
        assert_eq!(unnamed.next_message().unwrap_err().code, INTERNAL);
        let mut bad = Deframer::new(Some(b"gzip"), None);
        bad.push(Bytes::from_static(&[1, 0, 0, 0, 1, 9]));
        assert_eq!(bad.next_message().unwrap_err().code, INTERNAL);
    }
}
