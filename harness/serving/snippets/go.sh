# Needs go and protoc.
mkdir -p ledger-client-go && cd ledger-client-go
cat > main.go <<'EOF'
package main

import (
	"context"
%tls 	"crypto/tls"
%tls 	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"google.golang.org/grpc"
%tls 	"google.golang.org/grpc/credentials"
%tls 	"google.golang.org/grpc/credentials/oauth"
%plain 	"google.golang.org/grpc/credentials/insecure"
%plain 	"google.golang.org/grpc/metadata"

	"ledger-client/pb"
)

func main() {
	patient := &http.Client{Timeout: 5 * time.Second}
%tls 	authority, err := os.ReadFile("@ca@")
%tls 	if err != nil {
%tls 		log.Fatal(err)
%tls 	}
%tls 	roots := x509.NewCertPool()
%tls 	roots.AppendCertsFromPEM(authority)
%tls 	trust := &tls.Config{RootCAs: roots}
%tls 	patient.Transport = &http.Transport{TLSClientConfig: trust}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, patient)
	issuer := clientcredentials.Config{
		ClientID:     "@client_id@",
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		TokenURL:     "@token_url@",
	}
	tokens := issuer.TokenSource(ctx) // one token for all calls, renewed ten seconds before its end
%tls 	conn, err := grpc.NewClient("@target@",
%tls 		grpc.WithTransportCredentials(credentials.NewTLS(trust)),
%tls 		grpc.WithPerRPCCredentials(oauth.TokenSource{TokenSource: tokens}))
%plain 	// oauth.TokenSource would want TLS: serve --tls
%plain 	conn, err := grpc.NewClient("@target@", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	call, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
%plain 	token, err := tokens.Token()
%plain 	if err != nil {
%plain 		log.Fatal(err)
%plain 	}
%plain 	call = metadata.AppendToOutgoingContext(call, "authorization", "Bearer "+token.AccessToken)
	balance, err := pb.NewLedgerClient(conn).GetBalance(call, &pb.BalanceRequest{Account: "1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(balance)
}
EOF
[ -f go.mod ] || go mod init ledger-client
export GOBIN="$PWD/bin"
go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0
PATH="$GOBIN:$PATH" protoc -I @protos@ --go_out=. --go-grpc_out=. --go_opt=module=ledger-client \
  --go-grpc_opt=module=ledger-client --go_opt=Mledger.proto=ledger-client/pb --go-grpc_opt=Mledger.proto=ledger-client/pb ledger.proto
go get google.golang.org/grpc@v1.85.0 golang.org/x/oauth2@v0.38.0
go mod tidy
go run .
