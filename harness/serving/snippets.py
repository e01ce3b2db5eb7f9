"""Clients of a served lab to copy: Python that runs as it is, and the heart of one in Go and Java.

No snippet holds the secret: each reads it from the variable ``CLIENT_SECRET``.
"""

_PYTHON = """\
# CLIENT_SECRET=… python client.py
import json, os, urllib.parse, urllib.request
import grpc
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc

form = {{"grant_type": "client_credentials", "client_id": "{client}", "client_secret": os.environ["CLIENT_SECRET"]}}
answer = urllib.request.urlopen("{token_url}", urllib.parse.urlencode(form).encode(), timeout=5)
token = json.load(answer)["access_token"]
with grpc.insecure_channel("{target}") as channel:
    stub = ledger_pb2_grpc.LedgerStub(channel)
    metadata = [("authorization", "Bearer " + token)]
    print(stub.GetBalance(ledger_pb2.BalanceRequest(account="1"), metadata=metadata, timeout=5))
"""

_GO = """\
// import "golang.org/x/oauth2/clientcredentials", "google.golang.org/grpc", ".../credentials/insecure", ".../metadata";
// pb is made from ledger.proto by protoc-gen-go-grpc.
secret := os.Getenv("CLIENT_SECRET")
issuer := clientcredentials.Config{{ClientID: "{client}", ClientSecret: secret, TokenURL: "{token_url}"}}
token, err := issuer.Token(ctx)
if err != nil {{ log.Fatal(err) }}
conn, err := grpc.NewClient("{target}", grpc.WithTransportCredentials(insecure.NewCredentials()))
if err != nil {{ log.Fatal(err) }}
ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token.AccessToken)
balance, err := pb.NewLedgerClient(conn).GetBalance(ctx, &pb.BalanceRequest{{Account: "1"}})
"""

_JAVA = """\
// LedgerGrpc is made from ledger.proto by protoc-gen-grpc-java; the JSON is read with the library of your choice.
String form = "grant_type=client_credentials&client_id={client}&client_secret=" + System.getenv("CLIENT_SECRET");
HttpRequest ask = HttpRequest.newBuilder(URI.create("{token_url}"))
    .header("content-type", "application/x-www-form-urlencoded").POST(BodyPublishers.ofString(form)).build();
String token = json(HttpClient.newHttpClient().send(ask, BodyHandlers.ofString()).body()).get("access_token");
Metadata metadata = new Metadata();
metadata.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
ManagedChannel channel = ManagedChannelBuilder.forTarget("{target}").usePlaintext().build();
LedgerGrpc.newBlockingStub(channel).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata))
    .getBalance(BalanceRequest.newBuilder().setAccount("1").build());
"""


def snippet(language: str, target: str, token_url: str, client: str) -> str:
    """Return a client in one of `harness.serving.options.LANGUAGES`."""
    text = {"python": _PYTHON, "go": _GO, "java": _JAVA}[language]
    return text.format(target=target, token_url=token_url, client=client)
