// Command gopeer is a real gRPC peer on either side of the gateway: a server that remembers what reached it, and a
// client that knows what it sent. Both are grpc-go as it comes, with a codec that leaves bytes alone.
//
// The server prints its address as one line of JSON and ends with its standard input. The client prints one line of
// JSON with what it measured.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	modes := map[string]func([]string) error{"serve": serve, "load": load}
	if len(os.Args) < 2 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: gopeer serve|load [flags]")
		os.Exit(2)
	}
	if err := modes[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "gopeer:", err)
		os.Exit(1)
	}
}

func tell(what any) error {
	return json.NewEncoder(os.Stdout).Encode(what)
}

// raw is a codec that sends and receives bytes as they are.
type raw struct{}

func (raw) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }

func (raw) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (raw) Name() string { return "raw" }
