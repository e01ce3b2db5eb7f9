# Needs node 18 or newer, and npm.
mkdir -p ledger-client-node && cd ledger-client-node
cat > package.json <<'EOF'
{ "private": true, "type": "module", "dependencies": { "@grpc/grpc-js": "^1.13.0", "@grpc/proto-loader": "^0.8.0" } }
EOF
npm install --silent --no-audit --no-fund
cat > client.js <<'EOF'
%tls import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const { Ledger } = grpc.loadPackageDefinition(loader.loadSync("@protos@/ledger.proto")).jwtstorm.lab.v1;

let held; // one token for all calls, renewed ten seconds before its end
async function token() {
  if (!held || Date.now() >= held.until) {
    const body = new URLSearchParams({
      grant_type: "client_credentials", client_id: "@client_id@", client_secret: process.env.CLIENT_SECRET,
    });
    const answer = await fetch("@token_url@", { method: "POST", body, signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`the issuer answered ${answer.status}`);
    const told = await answer.json();
    held = { value: told.access_token, until: Date.now() + (told.expires_in - 10) * 1000 };
  }
  return held.value;
}

async function metadata() {
  const made = new grpc.Metadata();
  made.set("authorization", "Bearer " + (await token()));
  return made;
}

%tls const secure = grpc.credentials.createSsl(readFileSync("@ca@"));
%tls const perCall = grpc.credentials.createFromMetadataGenerator((_, done) => metadata().then((m) => done(null, m), done));
%tls const ledger = new Ledger("@target@", grpc.credentials.combineChannelCredentials(secure, perCall));
%plain const ledger = new Ledger("@target@", grpc.credentials.createInsecure()); // with call credentials: serve --tls
%tls const sent = new grpc.Metadata();
%plain const sent = await metadata();
ledger.GetBalance({ account: "1" }, sent, { deadline: Date.now() + 5000 }, (error, balance) => {
  console.log(error ? `failed: ${error.message}` : balance);
  process.exitCode = error ? 1 : 0;
  ledger.close();
});
EOF
%tls NODE_EXTRA_CA_CERTS=@ca@ node client.js
%plain node client.js
