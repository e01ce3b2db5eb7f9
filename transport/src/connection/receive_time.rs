//! When a connection was last heard, by the kernel: what passes between the bytes' arrival and the moment at which a
//! busy thread reads them is this process's own, and no part of a call's latency.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::now_ns;

/// When a connection's last bytes came; its socket notes it, its calls read it.
#[derive(Clone, Default)]
pub struct Heard(Arc<AtomicI64>);

impl Heard {
    /// Return when the last bytes came, in nanoseconds of the monotonic clock: the present where no socket tells.
    pub fn ns(&self) -> i64 {
        match self.0.load(Ordering::Relaxed) {
            0 => now_ns(),
            at => at,
        }
    }
}

#[cfg(target_os = "linux")]
mod told {
    use std::io::{self, IoSliceMut};
    use std::os::fd::{AsRawFd, RawFd};
    use std::pin::Pin;
    use std::sync::atomic::Ordering;
    use std::task::{Context, Poll, ready};

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
    use nix::sys::time::{TimeSpec, TimeValLike};
    use nix::time::ClockId;
    use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
    use tokio::net::TcpStream;

    use super::Heard;
    use crate::clock::{now_ns, read_ns};

    /// A TCP connection that notes when the kernel took in what is read (`SO_TIMESTAMPNS`).
    ///
    /// The kernel tells the wall clock's time, which somebody may set meanwhile. So a time is believed only between
    /// the last look that found nothing and the present.
    pub struct Told {
        stream: TcpStream,
        heard: Heard,
        nothing_ns: i64,
        control: Vec<u8>,
    }

    impl Told {
        pub fn new(stream: TcpStream, heard: Heard) -> Self {
            // Where it is refused nothing is told, and reading tells the time.
            setsockopt(&stream, sockopt::ReceiveTimestampns, &true).ok();
            Self { stream, heard, nothing_ns: now_ns(), control: nix::cmsg_space!(TimeSpec) }
        }

        fn note(&self, came: Option<TimeSpec>) {
            let (now, wall_ns) = (now_ns(), read_ns(ClockId::CLOCK_REALTIME));
            let age_ns = came.map_or(0, |came| wall_ns.saturating_sub(came.num_nanoseconds()));
            self.heard.0.store(moment(age_ns, self.nothing_ns, now), Ordering::Relaxed);
        }
    }

    /// Return when bytes of that age came, as far as that can be.
    fn moment(age_ns: i64, nothing_ns: i64, now: i64) -> i64 {
        now.saturating_sub(age_ns).clamp(nothing_ns.min(now), now)
    }

    /// Read what is there; return how much, and when the last of it came.
    fn receive(socket: RawFd, room: &mut [u8], control: &mut [u8]) -> io::Result<(usize, Option<TimeSpec>)> {
        let mut room = [IoSliceMut::new(room)];
        let read = recvmsg::<()>(socket, &mut room, Some(control), MsgFlags::empty())?;
        let came = read.cmsgs()?.find_map(|one| match one {
            ControlMessageOwned::ScmTimestampns(came) => Some(came),
            _ => None,
        });
        Ok((read.bytes, came))
    }

    impl AsyncRead for Told {
        fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let me = self.get_mut();
            loop {
                ready!(me.stream.poll_read_ready(cx))?;
                let (socket, room) = (me.stream.as_raw_fd(), buffer.initialize_unfilled());
                match me.stream.try_io(Interest::READABLE, || receive(socket, room, &mut me.control)) {
                    Ok((read, came)) => {
                        buffer.advance(read);
                        me.note(came);
                        return Poll::Ready(Ok(()));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => me.nothing_ns = now_ns(),
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        }
    }

    impl AsyncWrite for Told {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.stream).poll_write(cx, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            slices: &[io::IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
        }

        fn is_write_vectored(&self) -> bool {
            self.stream.is_write_vectored()
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_age_is_believed_as_far_as_it_can_be() {
            assert_eq!(moment(30, 900, 1000), 970);
            assert_eq!(moment(0, 900, 1000), 1000);
            assert_eq!(moment(5000, 900, 1000), 900, "the wall clock was put forward meanwhile");
            assert_eq!(moment(-5000, 900, 1000), 1000, "it was put back");
            assert_eq!(moment(i64::MIN, 900, 1000), 1000);
        }

        #[tokio::test]
        async fn bytes_that_are_read_late_came_before_that() {
            use std::time::Duration;
            use tokio::io::{AsyncReadExt, AsyncWriteExt};

            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (mut peer, _) = listener.accept().await.unwrap();
            let heard = Heard::default();
            let mut told = Told::new(stream, heard.clone());
            // The kernel begins to stamp packets a while after the first socket of the host asks for it.
            for _ in 0..200 {
                let sent = now_ns();
                peer.write_all(b"late").await.unwrap();
                std::thread::sleep(Duration::from_millis(5));
                let looked = now_ns();
                told.read_exact(&mut [0; 4]).await.unwrap();
                if heard.ns() < looked {
                    assert!(heard.ns() >= sent);
                    return;
                }
            }
            panic!("no packet bore a time of the kernel's");
        }
    }
}

#[cfg(target_os = "linux")]
pub use told::Told;
