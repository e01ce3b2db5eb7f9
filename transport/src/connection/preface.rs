//! The server's preface: HTTP/2 begins with a SETTINGS frame, and before that no connection is ready for calls.
//!
//! Source: RFC 9113, section 3.4.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::oneshot;

use crate::connection::inspected::Inspector;

const FRAME_HEAD: usize = 9;
const SETTINGS: u8 = 4;

/// Whether a peer began as HTTP/2 does, or what it said instead.
pub type Verdict = Result<(), String>;

/// Looks at the first frame of a stream.
pub struct PrefaceCheck {
    head: Vec<u8>,
    verdict: Option<oneshot::Sender<Verdict>>,
}

impl PrefaceCheck {
    /// Return a check, and what resolves when the first frame has come.
    pub fn new() -> (Self, oneshot::Receiver<Verdict>) {
        let (verdict, receiver) = oneshot::channel();
        (Self { head: Vec::with_capacity(FRAME_HEAD), verdict: Some(verdict) }, receiver)
    }

    fn check(&mut self, read: &[u8]) -> io::Result<()> {
        let missing = FRAME_HEAD - self.head.len();
        self.head.extend_from_slice(&read[..missing.min(read.len())]);
        if self.head.len() < FRAME_HEAD {
            return Ok(());
        }
        let length = u32::from_be_bytes([0, self.head[0], self.head[1], self.head[2]]);
        let is_preface = self.head[3] == SETTINGS && length < 16_384;
        let verdict = if is_preface {
            Ok(())
        } else {
            let shown = String::from_utf8_lossy(&self.head).into_owned();
            Err(format!("the peer does not speak HTTP/2: no settings frame, but {shown:?}"))
        };
        if let Some(sender) = self.verdict.take() {
            sender.send(verdict).ok();
        }
        if is_preface { Ok(()) } else { Err(io::Error::new(io::ErrorKind::InvalidData, "no settings frame")) }
    }
}

impl<S: AsyncRead + Unpin> Inspector<S> for PrefaceCheck {
    fn poll_read(&mut self, stream: &mut S, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(stream).poll_read(cx, buffer);
        if self.verdict.is_some() && matches!(polled, Poll::Ready(Ok(()))) {
            if let Err(error) = self.check(&buffer.filled()[before..]) {
                buffer.set_filled(before); // an error means that nothing was read
                return Poll::Ready(Err(error));
            }
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::connection::inspected::Inspected;

    async fn judged(peer: &[u8]) -> (io::Result<usize>, Option<Verdict>) {
        let (check, mut verdict) = PrefaceCheck::new();
        let mut stream = Inspected::new(peer, check);
        let read = stream.read_to_end(&mut Vec::new()).await;
        (read, verdict.try_recv().ok())
    }

    #[tokio::test]
    async fn a_settings_frame_is_a_preface_and_all_is_handed_on() {
        let (read, verdict) = judged(b"\0\0\0\x04\0\0\0\0\0and more").await;
        assert_eq!((read.unwrap(), verdict), (17, Some(Ok(()))));
    }

    #[tokio::test]
    async fn another_protocol_is_told_by_its_first_words() {
        let (read, verdict) = judged(b"HTTP/1.1 400 Bad Request").await;
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert!(verdict.unwrap().unwrap_err().contains("HTTP/1.1"));
    }

    #[tokio::test]
    async fn less_than_a_frame_is_no_verdict() {
        let (read, verdict) = judged(b"\0\0\0\x04").await;
        assert_eq!((read.unwrap(), verdict), (4, None));
    }
}
