// A call in a loop, for `make peers`; everything comes from the environment (benchmarks/peers/tools/k6.py).
import grpc from "k6/net/grpc";
import { Counter } from "k6/metrics";

const token = open(__ENV.PEER_TOKEN_FILE);
const perS = Number(__ENV.PEER_PER_S);
const users = Number(__ENV.PEER_USERS);
const duration = `${__ENV.PEER_FOR_S}s`;
const client = new grpc.Client();
client.load([__ENV.PEER_PROTO_FOLDER], __ENV.PEER_PROTO);

const failed = new Counter("peer_failed");
const closed = { executor: "constant-vus", vus: users, duration };
const open_ = { executor: "constant-arrival-rate", rate: perS, timeUnit: "1s", duration, preAllocatedVUs: users, maxVUs: users };
let connected = false;

export const options = {
  scenarios: { peer: perS > 0 ? open_ : closed },
  summaryTrendStats: ["med", "p(99)", "count"],
};

export default function () {
  if (!connected) {
    client.connect(__ENV.PEER_TARGET, { plaintext: true });
    connected = true;
  }
  const answer = client.invoke(__ENV.PEER_METHOD, { account: "42" }, { metadata: { authorization: `Bearer ${token}` } });
  if (answer.status !== grpc.StatusOK) failed.add(1);
}

export function handleSummary(data) {
  const times = data.metrics.grpc_req_duration.values;
  const wrong = data.metrics.peer_failed ? data.metrics.peer_failed.values.count : 0;
  const told = { calls: data.metrics.iterations.values.count, failed: wrong, p50_ms: times.med, p99_ms: times["p(99)"] };
  return { stdout: JSON.stringify(told) };
}
