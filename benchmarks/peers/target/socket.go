package main

import (
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// What is read here of HTTP/2's frames. Source: RFC 9113, sections 3.4, 4.1, 6.2 and 6.4.
const (
	prefaceBytes = 24
	headBytes    = 9
	kindHeaders  = 0x1
	kindReset    = 0x3
	endStream    = 0x1
)

// socketClock times every answered call at the target's socket: from the return of the read that completes
// the head of its first HEADERS frame until just before the write of the head of the HEADERS frame that ends
// it. A client cannot see less, for it sends before that read and receives after that write begins.
type socketClock struct {
	net.Listener
	mutex  sync.Mutex // guards all below, and what every connection keeps
	tookUS []int64
}

func (s *socketClock) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &timedConn{Conn: conn, clock: s, asked: frames{skip: prefaceBytes}, began: map[uint32]time.Time{}}, nil
}

// served returns how long the calls took since it was last asked, in microseconds, and forgets them.
func (s *socketClock) served() []int64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	took := s.tookUS
	s.tookUS = nil
	return took
}

// timedConn follows the frames of one connection in both directions.
type timedConn struct {
	net.Conn
	clock    *socketClock
	asked    frames
	answered frames
	began    map[uint32]time.Time
	newest   uint32
}

func (c *timedConn) Read(into []byte) (int, error) {
	count, err := c.Conn.Read(into)
	c.hear(into[:count], time.Now())
	return count, err
}

func (c *timedConn) Write(data []byte) (int, error) {
	c.tell(data, time.Now())
	return c.Conn.Write(data)
}

func (c *timedConn) hear(data []byte, now time.Time) {
	c.clock.mutex.Lock()
	defer c.clock.mutex.Unlock()
	for rest, whole := c.asked.next(data); whole; rest, whole = c.asked.next(rest) {
		stream := c.asked.stream()
		switch kind := c.asked.kind(); {
		case kind == kindHeaders && stream > c.newest: // the number of a new stream is above all before
			c.newest = stream
			c.began[stream] = now
		case kind == kindReset:
			delete(c.began, stream)
		}
	}
}

func (c *timedConn) tell(data []byte, now time.Time) {
	c.clock.mutex.Lock()
	defer c.clock.mutex.Unlock()
	for rest, whole := c.answered.next(data); whole; rest, whole = c.answered.next(rest) {
		stream := c.answered.stream()
		switch kind := c.answered.kind(); {
		case kind == kindHeaders && c.answered.flags()&endStream != 0:
			if began, known := c.began[stream]; known {
				c.clock.tookUS = append(c.clock.tookUS, now.Sub(began).Microseconds())
				delete(c.began, stream)
			}
		case kind == kindReset:
			delete(c.began, stream)
		}
	}
}

// frames finds the heads of frames in a stream of bytes, wherever that is cut.
type frames struct {
	head [headBytes]byte
	have int // bytes of head that are there
	skip int // bytes until the next head
}

// next goes on to the next head; it returns the bytes after that, or false where data ends before.
func (f *frames) next(data []byte) ([]byte, bool) {
	if f.skip >= len(data) {
		f.skip -= len(data)
		return nil, false
	}
	data = data[f.skip:]
	f.skip = 0
	count := copy(f.head[f.have:], data)
	f.have += count
	if f.have < headBytes {
		return nil, false
	}
	f.have = 0
	f.skip = int(f.head[0])<<16 | int(f.head[1])<<8 | int(f.head[2])
	return data[count:], true
}

func (f *frames) kind() byte { return f.head[3] }

func (f *frames) flags() byte { return f.head[4] }

func (f *frames) stream() uint32 { return binary.BigEndian.Uint32(f.head[5:]) &^ (1 << 31) }
