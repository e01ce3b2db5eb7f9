//! When a connection last received bytes, by the kernel. What passes until a busy thread reads them is this process's
//! own, and no part of a call's latency.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::now_ns;

/// When a connection's last bytes came; its socket writes it, its calls read it.
#[derive(Clone, Default)]
pub struct LastReceived(Arc<AtomicI64>);

impl LastReceived {
    /// Return when the last bytes came (monotonic): now, where the socket does not say.
    pub fn ns(&self) -> i64 {
        match self.0.load(Ordering::Relaxed) {
            0 => now_ns(),
            at_ns => at_ns,
        }
    }
}

#[cfg(target_os = "linux")]
mod stamped {
    use std::io::{self, IoSliceMut};
    use std::os::fd::{AsRawFd, RawFd};
    use std::sync::atomic::Ordering;
    use std::task::{Context, Poll, ready};

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
    use nix::sys::time::{TimeSpec, TimeValLike};
    use nix::time::ClockId;
    use tokio::io::{Interest, ReadBuf};
    use tokio::net::TcpStream;

    use super::LastReceived;
    use crate::clock::{now_ns, read_ns};
    use crate::connection::inspected::{Inspected, Inspector};

    /// Return a connection that notes when the kernel received what is read (`SO_TIMESTAMPNS`).
    pub fn stamped(stream: TcpStream, last_received: &LastReceived) -> Inspected<TcpStream, Stamps> {
        // Where the kernel refuses, bytes count as received when they are read.
        setsockopt(&stream, sockopt::ReceiveTimestampns, &true).ok();
        let (last_received, control) = (last_received.clone(), nix::cmsg_space!(TimeSpec));
        Inspected::new(stream, Stamps { last_received, empty_ns: now_ns(), control })
    }

    /// Reads a socket with the kernel's stamps.
    ///
    /// A stamp is a time of the wall clock, which may be set meanwhile. So it is believed only as far as it lies
    /// between the last look that found the socket empty and now.
    pub struct Stamps {
        last_received: LastReceived,
        empty_ns: i64,
        control: Vec<u8>,
    }

    impl Stamps {
        fn note(&self, stamp: Option<TimeSpec>) {
            let (now_ns, wall_ns) = (now_ns(), read_ns(ClockId::CLOCK_REALTIME));
            let age_ns = stamp.map_or(0, |stamp| wall_ns.saturating_sub(stamp.num_nanoseconds()));
            self.last_received.0.store(received_ns(age_ns, self.empty_ns, now_ns), Ordering::Relaxed);
        }
    }

    /// Return when bytes of an age were received, as far as that is possible.
    fn received_ns(age_ns: i64, empty_ns: i64, now_ns: i64) -> i64 {
        now_ns.saturating_sub(age_ns).clamp(empty_ns.min(now_ns), now_ns)
    }

    /// Read what is there; return how much, and the stamp of its last byte.
    fn receive(socket: RawFd, room: &mut [u8], control: &mut [u8]) -> io::Result<(usize, Option<TimeSpec>)> {
        let mut room = [IoSliceMut::new(room)];
        let read = recvmsg::<()>(socket, &mut room, Some(control), MsgFlags::empty())?;
        let stamp = read.cmsgs()?.find_map(|message| match message {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp),
            _ => None,
        });
        Ok((read.bytes, stamp))
    }

    impl Inspector<TcpStream> for Stamps {
        fn poll_read(
            &mut self,
            stream: &mut TcpStream,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            loop {
                ready!(stream.poll_read_ready(cx))?;
                let (socket, room) = (stream.as_raw_fd(), buffer.initialize_unfilled());
                match stream.try_io(Interest::READABLE, || receive(socket, room, &mut self.control)) {
                    Ok((read, stamp)) => {
                        buffer.advance(read);
                        self.note(stamp);
                        return Poll::Ready(Ok(()));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.empty_ns = now_ns(),
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use std::time::Duration;

        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        use tokio::net::TcpListener;

        use super::*;

        #[test]
        fn an_age_is_believed_as_far_as_it_is_possible() {
            assert_eq!(received_ns(30, 900, 1000), 970);
            assert_eq!(received_ns(0, 900, 1000), 1000);
            assert_eq!(received_ns(5000, 900, 1000), 900, "the wall clock was put forward meanwhile");
            assert_eq!(received_ns(-5000, 900, 1000), 1000, "it was put back");
            assert_eq!(received_ns(i64::MIN, 900, 1000), 1000);
        }

        #[tokio::test]
        async fn bytes_that_are_read_late_came_before_that() {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (mut peer, _) = listener.accept().await.unwrap();
            let last_received = LastReceived::default();
            let mut stream = stamped(stream, &last_received);
            // The kernel begins to stamp packets a while after the first socket of the host asks for it.
            for _ in 0..200 {
                let sent = now_ns();
                peer.write_all(b"late").await.unwrap();
                std::thread::sleep(Duration::from_millis(5));
                let looked = now_ns();
                stream.read_exact(&mut [0; 4]).await.unwrap();
                if last_received.ns() < looked {
                    assert!(last_received.ns() >= sent);
                    return;
                }
            }
            panic!("the kernel stamped no packet");
        }
    }
}

#[cfg(target_os = "linux")]
pub use stamped::stamped;

/// Return the connection as it is: only Linux says when bytes came.
#[cfg(not(target_os = "linux"))]
pub fn stamped(stream: tokio::net::TcpStream, _: &LastReceived) -> tokio::net::TcpStream {
    stream
}
