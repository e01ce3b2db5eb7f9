//! When a connection was last heard, by the kernel: what passes between the bytes' arrival and the moment at which a
//! busy thread reads them is this process's own, and no part of a call's latency.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::alarm::now_ns;

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
    use crate::alarm::{now_ns, read_ns};

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
            self.heard.0.store((now - age_ns).clamp(self.nothing_ns.min(now), now), Ordering::Relaxed);
        }
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
}

#[cfg(target_os = "linux")]
pub use told::Told;
