package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// report is what a client knows of its calls. Crossed: answers that belong to another call. Reordered: messages of a
// stream that came back in another order than they went.
type report struct {
	Calls     int            `json:"calls"`
	OK        int            `json:"ok"`
	Codes     map[string]int `json:"codes"`
	Crossed   int            `json:"crossed"`
	Reordered int            `json:"reordered"`
	Seconds   float64        `json:"seconds"`
	P50       float64        `json:"p50_ms"`
	P99       float64        `json:"p99_ms"`
	Held      int            `json:"held"`
	Server    stats          `json:"server"`
}

type client struct {
	connection *grpc.ClientConn
	context    context.Context
	next       atomic.Uint64
	padding    []byte
	mutex      sync.Mutex
	report     report
	latencies  []float64
}

func load(arguments []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	address := flags.String("addr", "", "address to call")
	calls := flags.Int("n", 1000, "how many calls")
	flight := flags.Int("c", 50, "how many at once")
	rate := flags.Float64("rate", 0, "calls per second; 0: as fast as answers come")
	held := flags.Int("held", 0, "streams to hold open beside them")
	echoes := flags.Int("echoes", 0, "messages to send along one stream beside them")
	size := flags.Int("size", 32, "bytes of a message")
	token := flags.Int("token", 600, "bytes of the token")
	direct := flags.String("stats", "", "address of the server itself, to ask what it saw")
	ca := flags.String("ca", "", "authority of the server's certificate, PEM: use TLS")
	pause := flags.Bool("pause", false, "before and behind the calls, tell so and wait for a line on the standard input")
	name := flags.String("server-name", "", "name in the server's certificate")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	connection, err := connect(*address, *ca, *name)
	if err != nil {
		return err
	}
	defer connection.Close()
	bearer := "Bearer " + strings.Repeat("x", *token)
	c := &client{connection: connection, padding: make([]byte, max(*size-8, 0)), report: report{Codes: map[string]int{}}}
	c.context = metadata.AppendToOutgoingContext(context.Background(), "authorization", bearer)
	// Serial numbers of no other client: several may ask one server.
	c.next.Store(uint64(rand.Uint32()) << 32)
	if *calls > 0 {
		c.unary() // connects
	}
	streams := c.hold(*held)
	c.report, c.latencies = report{Codes: map[string]int{}, Held: len(streams)}, nil
	var beside sync.WaitGroup
	beside.Go(func() { c.echo(*echoes) })
	wait(*pause)
	start := time.Now()
	if *rate > 0 {
		c.paced(*calls, *rate)
	} else {
		c.closed(*calls, *flight)
	}
	c.report.Seconds = time.Since(start).Seconds()
	wait(*pause)
	beside.Wait()
	for _, stream := range streams {
		c.release(stream)
	}
	slices.Sort(c.latencies)
	if n := len(c.latencies); n > 0 {
		c.report.P50, c.report.P99 = c.latencies[n/2], c.latencies[n*99/100]
	}
	if *direct != "" {
		if err := c.ask(*direct); err != nil {
			return err
		}
	}
	return tell(c.report)
}

// wait lets whoever measures look at the clock of another process.
func wait(pause bool) {
	if pause {
		fmt.Println("{}")
		_, _ = os.Stdin.Read(make([]byte, 1))
	}
}

func connect(address, ca, name string) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if ca != "" {
		pool, err := authorities(ca)
		if err != nil {
			return nil, err
		}
		creds = credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS12})
	}
	return grpc.NewClient(address, grpc.WithTransportCredentials(creds), grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})))
}

func (c *client) message() []byte {
	return append(binary.BigEndian.AppendUint64(nil, c.next.Add(1)), c.padding...)
}

func (c *client) unary() {
	sent := c.message()
	var answer []byte
	start := time.Now()
	err := c.connection.Invoke(c.context, "/peer/Echo", &sent, &answer)
	took := time.Since(start).Seconds() * 1e3
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.report.Calls++
	c.latencies = append(c.latencies, took)
	if err != nil {
		c.report.Codes[status.Code(err).String()]++
		return
	}
	c.report.OK++
	if !bytes.Equal(sent, answer) {
		c.report.Crossed++
	}
}

func (c *client) closed(calls, flight int) {
	var left atomic.Int64
	left.Store(int64(calls))
	var callers sync.WaitGroup
	for range flight {
		callers.Go(func() {
			for left.Add(-1) >= 0 {
				c.unary()
			}
		})
	}
	callers.Wait()
}

func (c *client) paced(calls int, rate float64) {
	var callers sync.WaitGroup
	start := time.Now()
	for nth := range calls {
		time.Sleep(time.Until(start.Add(time.Duration(float64(nth) / rate * 1e9))))
		callers.Go(c.unary)
	}
	callers.Wait()
}

func (c *client) open() (grpc.ClientStream, error) {
	description := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	return c.connection.NewStream(c.context, description, "/peer/Hold")
}

// hold opens streams, each of which has had one answer, and keeps them open.
func (c *client) hold(count int) []grpc.ClientStream {
	var streams []grpc.ClientStream
	for range count {
		if stream, err := c.open(); err == nil && c.round(stream) {
			streams = append(streams, stream)
		}
	}
	return streams
}

func (c *client) round(stream grpc.ClientStream) bool {
	sent := c.message()
	var answer []byte
	return stream.SendMsg(&sent) == nil && stream.RecvMsg(&answer) == nil && bytes.Equal(sent, answer)
}

// release ends a held stream, which must still answer.
func (c *client) release(stream grpc.ClientStream) {
	good := c.round(stream) && stream.CloseSend() == nil
	var more []byte
	if !good || stream.RecvMsg(&more) != io.EOF {
		c.report.Held--
	}
}

// echo sends messages along one stream while their echoes come back.
func (c *client) echo(count int) {
	if count == 0 {
		return
	}
	stream, err := c.open()
	if err != nil {
		return
	}
	first := c.next.Add(uint64(count)) - uint64(count)
	go func() {
		for nth := range count {
			sent := append(binary.BigEndian.AppendUint64(nil, first+uint64(nth)+1), c.padding...)
			if stream.SendMsg(&sent) != nil {
				return
			}
		}
		_ = stream.CloseSend()
	}()
	for nth := range count {
		var answer []byte
		if stream.RecvMsg(&answer) != nil || binary.BigEndian.Uint64(answer) != first+uint64(nth)+1 {
			c.mutex.Lock()
			c.report.Reordered += count - nth
			c.mutex.Unlock()
			return
		}
	}
}

// ask asks the server itself what reached it.
func (c *client) ask(address string) error {
	connection, err := connect(address, "", "")
	if err != nil {
		return err
	}
	defer connection.Close()
	question, answer := []byte{}, []byte{}
	if err := connection.Invoke(context.Background(), "/peer/Stats", &question, &answer); err != nil {
		return err
	}
	return json.Unmarshal(answer, &c.report.Server)
}
