# Needs jwtstorm itself, for the stubs; elsewhere make them of @protos@/ledger.proto with grpcio-tools.
mkdir -p ledger-client-python && cd ledger-client-python
cat > client.py <<'EOF'
import json, os, ssl, threading, time, urllib.parse, urllib.request

import grpc
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc

%tls TRUST = ssl.create_default_context(cafile="@ca@")
%plain TRUST = None


class Tokens(grpc.AuthMetadataPlugin):
    """One token for all calls, renewed ten seconds before its end."""

    def __init__(self):
        self.lock, self.value, self.until = threading.Lock(), "", 0.0

    def token(self):
        with self.lock:
            if time.monotonic() >= self.until:
                form = {
                    "grant_type": "client_credentials",
                    "client_id": "@client_id@",
                    "client_secret": os.environ["CLIENT_SECRET"],
                }
                data = urllib.parse.urlencode(form).encode()
                with urllib.request.urlopen("@token_url@", data, timeout=5, context=TRUST) as answer:
                    told = json.load(answer)
                self.value, self.until = told["access_token"], time.monotonic() + told["expires_in"] - 10
            return self.value

    def __call__(self, context, callback):
        try:
            callback([("authorization", "Bearer " + self.token())], None)
        except Exception as error:  # what is raised here is the call's failure
            callback([], error)


tokens = Tokens()
request = ledger_pb2.BalanceRequest(account="1")
%tls with open("@ca@", "rb") as file:
%tls     secure = grpc.ssl_channel_credentials(file.read())
%tls credentials = grpc.composite_channel_credentials(secure, grpc.metadata_call_credentials(tokens))
%tls with grpc.secure_channel("@target@", credentials) as channel:
%tls     print(ledger_pb2_grpc.LedgerStub(channel).GetBalance(request, timeout=5))
%plain with grpc.insecure_channel("@target@") as channel:  # call credentials would want TLS: serve --tls
%plain     metadata = [("authorization", "Bearer " + tokens.token())]
%plain     print(ledger_pb2_grpc.LedgerStub(channel).GetBalance(request, metadata=metadata, timeout=5))
EOF
@python@ client.py
