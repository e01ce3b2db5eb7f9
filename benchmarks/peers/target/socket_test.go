package main

import (
	"bytes"
	"encoding/binary"
	"net"
	"slices"
	"testing"
	"time"
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

const kindData = 0x0

func frame(kind, flags byte, stream uint32, payload int) []byte {
	head := []byte{byte(payload >> 16), byte(payload >> 8), byte(payload), kind, flags}
	head = binary.BigEndian.AppendUint32(head, stream)
	// A payload of what looks like the head of an answer's end: whoever loses its place finds calls in it.
	return append(head, bytes.Repeat([]byte{0, 0, 0, kindHeaders, endStream, 0, 0, 0, 1}, payload/headBytes+1)[:payload]...)
}

func accepted() *timedConn {
	near, far := net.Pipe()
	_ = far.Close()
	clock := &socketClock{Listener: one{near}}
	conn, _ := clock.Accept()
	return conn.(*timedConn)
}

// one is a listener with one connection.
type one struct{ conn net.Conn }

func (o one) Accept() (net.Conn, error) { return o.conn, nil }
func (o one) Close() error              { return nil }
func (o one) Addr() net.Addr            { return nil }

func at(us int) time.Time { return time.Unix(100, 0).Add(time.Duration(us) * time.Microsecond) }

func expect(t *testing.T, conn *timedConn, took ...int64) {
	t.Helper()
	if got := conn.clock.served(); !slices.Equal(got, took) {
		t.Errorf("served %v, not %v", got, took)
	}
	if len(conn.began) > 0 {
		t.Errorf("it still keeps %v", conn.began)
	}
}

func asks() []byte {
	return slices.Concat([]byte(preface), frame(0x4, 0, 0, 18), frame(kindHeaders, 0, 1, 700), frame(kindData, endStream, 1, 9),
		frame(kindHeaders, 0, 3, 0), frame(kindData, endStream, 3, 70_000))
}

func answers() []byte {
	return slices.Concat(frame(0x4, 0, 0, 0), frame(kindHeaders, 0, 3, 20), frame(kindData, 0, 3, 14),
		frame(kindHeaders, endStream, 3, 30), frame(kindHeaders, endStream, 1, 30))
}

func TestSeveralFramesInOneRead(t *testing.T) {
	conn := accepted()
	conn.hear(asks(), at(0))
	conn.tell(answers(), at(250))
	expect(t, conn, 250, 250)
	expect(t, conn) // what was told is forgotten
}

func TestFramesCutAnywhere(t *testing.T) {
	for _, size := range []int{1, 2, 5, 8, 9, 10, 23, 25, 4096} {
		conn := accepted()
		for part := range slices.Chunk(asks(), size) {
			conn.hear(part, at(0))
		}
		for part := range slices.Chunk(answers(), size) {
			conn.tell(part, at(40))
		}
		expect(t, conn, 40, 40)
	}
}

func TestACallBeginsWithTheReadThatCompletesItsHead(t *testing.T) {
	conn := accepted()
	ask := slices.Concat([]byte(preface), frame(kindHeaders, 0, 1, 700))
	conn.hear(ask[:prefaceBytes+4], at(0))
	conn.hear(ask[prefaceBytes+4:prefaceBytes+50], at(10))
	conn.hear(ask[prefaceBytes+50:], at(20))
	conn.tell(frame(kindHeaders, 0, 1, 9), at(30)) // the answer's first HEADERS do not end it
	conn.tell(frame(kindHeaders, endStream, 1, 9), at(100))
	expect(t, conn, 90)
}

func TestTrailersOfTheClientBeginNothing(t *testing.T) {
	conn := accepted()
	conn.hear(slices.Concat([]byte(preface), frame(kindHeaders, 0, 1, 9)), at(0))
	conn.hear(frame(kindHeaders, endStream, 1, 9), at(50))
	conn.tell(frame(kindHeaders, endStream, 1, 9), at(70))
	conn.hear(frame(kindHeaders, endStream, 1, 9), at(80))
	expect(t, conn, 70)
}

func TestAResetCallIsNotServed(t *testing.T) {
	conn := accepted()
	conn.hear(slices.Concat([]byte(preface), frame(kindHeaders, 0, 1, 9), frame(kindHeaders, 0, 3, 9)), at(0))
	conn.hear(frame(kindReset, 0, 1, 4), at(5))
	conn.tell(slices.Concat(frame(kindReset, 0, 3, 4), frame(kindHeaders, endStream, 1, 9)), at(9))
	expect(t, conn)
}

func TestItAllocatesNothingPerFrame(t *testing.T) {
	conn := accepted()
	conn.hear([]byte(preface), at(0))
	conn.clock.tookUS = make([]int64, 0, 4096)
	ask, answer, stream := frame(kindHeaders, 0, 1, 600), frame(kindHeaders, endStream, 1, 30), uint32(1)
	allocated := testing.AllocsPerRun(1000, func() {
		binary.BigEndian.PutUint32(ask[5:], stream)
		binary.BigEndian.PutUint32(answer[5:], stream)
		conn.hear(ask, at(0))
		conn.tell(answer, at(1))
		stream += 2
	})
	if allocated > 0 || len(conn.clock.served()) != 1001 {
		t.Errorf("%v allocations for every call", allocated)
	}
}
