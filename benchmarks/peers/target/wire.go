package main

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that this one hands messages on to
	"google.golang.org/grpc/mem"
)

// raw is a message in its wire format, which nobody here reads.
type raw []byte

// rawCodec hands raw messages on as they are, and all others to protobuf's codec.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(message any) (mem.BufferSlice, error) {
	if bytes, ok := message.(raw); ok {
		return mem.BufferSlice{mem.SliceBuffer(bytes)}, nil
	}
	return encoding.GetCodecV2("proto").Marshal(message)
}

func (rawCodec) Unmarshal(data mem.BufferSlice, message any) error {
	if bytes, ok := message.(*raw); ok {
		*bytes = data.Materialize()
		return nil
	}
	return encoding.GetCodecV2("proto").Unmarshal(data, message)
}

// ledger describes the lab's service, as far as it is served here: GetBalance, with one reply for all.
func ledger(reply []byte) *grpc.ServiceDesc {
	answer := func(_ context.Context, request any) (any, error) {
		if len(*request.(*raw)) == 0 {
			return nil, fmt.Errorf("the request names no account")
		}
		return raw(reply), nil
	}
	handle := func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		request := new(raw)
		if err := decode(request); err != nil {
			return nil, err
		}
		return intercept(ctx, request, &grpc.UnaryServerInfo{FullMethod: "/jwtstorm.lab.v1.Ledger/GetBalance"}, answer)
	}
	return &grpc.ServiceDesc{
		ServiceName: "jwtstorm.lab.v1.Ledger",
		Methods:     []grpc.MethodDesc{{MethodName: "GetBalance", Handler: handle}},
	}
}
