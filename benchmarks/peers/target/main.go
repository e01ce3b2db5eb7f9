// The fast target of `make peers`: a gRPC server that verifies JWTs, one process, one core if so pinned.
//
// It reads one line of JSON settings from stdin, writes {"ready":{"address":...}}, and then answers one
// line per order: {"order":"count"}, {"order":"stall","for_s":1}, and of the calls since they were last
// asked for {"order":"delays"} and {"order":"served"}. The end of stdin ends it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

type settings struct {
	JWKSURL  string    `json:"jwks_url"`
	Issuer   string    `json:"issuer"`
	Audience string    `json:"audience"`
	Reply    []byte    `json:"reply"`
	DelaysS  []float64 `json:"delays_s"`
}

type order struct {
	Order string  `json:"order"`
	ForS  float64 `json:"for_s"`
}

func main() {
	orders := bufio.NewScanner(os.Stdin)
	orders.Buffer(make([]byte, 1<<20), 1<<24)
	var given settings
	if !orders.Scan() {
		fail("no settings on stdin")
	}
	if err := json.Unmarshal(orders.Bytes(), &given); err != nil {
		fail(err.Error())
	}
	work := newWork(given.DelaysS)
	gate := newGate(given)
	server := grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}), grpc.UnaryInterceptor(
		func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			if err := gate.admit(ctx); err != nil {
				return nil, err
			}
			work.do()
			return handle(ctx, request)
		}))
	server.RegisterService(ledger(given.Reply), nil)
	grpc_health_v1.RegisterHealthServer(server, serving{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err.Error())
	}
	clock := &socketClock{Listener: listener}
	if len(given.DelaysS) > 0 { // else nobody asks what it says, and calls are to be as fast as they can
		listener = clock
	}
	go func() { fail(server.Serve(listener).Error()) }()
	say(map[string]any{"ready": map[string]any{"address": listener.Addr().String()}})
	for orders.Scan() {
		obey(orders.Bytes(), work, clock)
	}
}

func obey(line []byte, work *work, clock *socketClock) {
	var given order
	if err := json.Unmarshal(line, &given); err != nil {
		fail(err.Error())
	}
	switch given.Order {
	case "count":
		say(map[string]any{"calls": work.calls.Load()})
	case "stall":
		work.stall(time.Duration(given.ForS * float64(time.Second)))
		say(map[string]any{"stalling": true})
	case "delays":
		say(map[string]any{"delays_us": work.measured()})
	case "served":
		say(map[string]any{"served_us": clock.served()})
	default:
		fail("unknown order " + given.Order)
	}
}

type serving struct {
	grpc_health_v1.UnimplementedHealthServer
}

func (serving) Check(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_SERVING}, nil
}

func say(answer map[string]any) {
	line, err := json.Marshal(answer)
	if err != nil {
		fail(err.Error())
	}
	fmt.Println(string(line))
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "target:", why)
	os.Exit(1)
}
