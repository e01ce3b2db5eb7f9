package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// ledger counts how often each call, named by the first eight bytes of its message, reached the server.
type ledger struct {
	sync.Mutex
	seen map[uint64]int
}

type stats struct {
	Distinct int `json:"distinct"`
	Doubled  int `json:"doubled"`
	Total    int `json:"total"`
}

func (l *ledger) note(message []byte) {
	if len(message) >= 8 {
		l.Lock()
		l.seen[binary.BigEndian.Uint64(message)]++
		l.Unlock()
	}
}

func (l *ledger) stats() stats {
	l.Lock()
	defer l.Unlock()
	told := stats{Distinct: len(l.seen)}
	for _, times := range l.seen {
		told.Total += times
		if times > 1 {
			told.Doubled++
		}
	}
	return told
}

// handle echoes whatever comes, message by message; /peer/Stats tells what was seen, and begins anew.
func (l *ledger) handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if method == "/peer/Stats" {
			message, _ = json.Marshal(l.stats())
			l.Lock()
			l.seen = map[uint64]int{}
			l.Unlock()
		} else {
			l.note(message)
		}
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
	}
}

func serve(arguments []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address to listen on")
	cert := flags.String("cert", "", "certificate, PEM: serve TLS")
	key := flags.String("key", "", "its key, PEM")
	clientCA := flags.String("client-ca", "", "authority of the clients' certificates, PEM: demand one")
	age := flags.Duration("max-age", 0, "how old connections may become: each is then drained by GOAWAY")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	l := &ledger{seen: map[uint64]int{}}
	options := []grpc.ServerOption{grpc.UnknownServiceHandler(l.handle), grpc.ForceServerCodec(raw{}), grpc.MaxConcurrentStreams(1 << 20)}
	if *age > 0 {
		options = append(options, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: *age, MaxConnectionAgeGrace: time.Minute}))
	}
	if *cert != "" {
		config, err := serverTLS(*cert, *key, *clientCA)
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	server := grpc.NewServer(options...)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		server.Stop()
	}()
	if err := tell(map[string]string{"address": listener.Addr().String()}); err != nil {
		return err
	}
	return server.Serve(listener)
}

func serverTLS(cert, key, clientCA string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if clientCA != "" {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs, err = authorities(clientCA)
	}
	return config, err
}

func authorities(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in " + path)
	}
	return pool, nil
}
