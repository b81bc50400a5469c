#!/usr/bin/env bash
# The whole way of `quickstart.sess`: data, check, graph, compile, serve by a real Triton, query. `make demo` runs it.
# Usage: specs/demo.sh DIR, with SESS the command and PYTHON its interpreter; ROWS and EPOCHS change the size.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:?usage: specs/demo.sh DIR}
sess=${SESS:-sess}
python=${PYTHON:-python3}
rows=${ROWS:-50000}
epochs=${EPOCHS:-3}
patience=${PATIENCE:-180}  # seconds until the server must be ready

bold= plain=
if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() { printf '\n%s$ %s%s\n' "$bold" "$*" "$plain" >&2; }
run() { say "$@"; "$@"; }

mkdir -p "$out"
rm -f "$out/data/quickstart.sess"  # `synth` writes into no folder that holds what it didn't write
run "$sess" synth "$here/shop.pbtxt" -o "$out/data" --rows "$rows"
cp "$here/quickstart.sess" "$out/data/"
spec="$out/data/quickstart.sess"

run "$sess" check "$spec"
run "$sess" graph "$spec" -o "$out/graph.svg"
run "$sess" graph "$spec"
run "$sess" compile "$spec" -o "$out/quickstart" --epochs "$epochs"

# Two free ports, and a session of real ids that training never saw.
read -r http grpc < <("$python" - <<'PY'
import socket

sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(each.getsockname()[1] for each in sockets))
PY
)
session=$("$python" - "$out/data/valid" <<'PY'
import sys

import pyarrow.parquet as parquet

rows = parquet.read_table(sys.argv[1], columns=["session_id", "timestamp", "item_id"]).to_pylist()
sessions = {}
for row in sorted(rows, key=lambda row: (row["session_id"], row["timestamp"])):
    sessions.setdefault(row["session_id"], []).append(str(row["item_id"]))
print(",".join(next(items for items in sessions.values() if len(items) >= 4)[:-1]))
PY
)

say "$sess" serve "$out/quickstart" --http-port "$http" --grpc-port "$grpc" "&"
"$sess" serve "$out/quickstart" --http-port "$http" --grpc-port "$grpc" 2>"$out/serve.log" &
server=$!
stop() { kill -TERM "$server" 2>/dev/null && wait "$server" || true; }
trap stop EXIT

for ((second = 0; ; second++)); do
  kill -0 "$server" 2>/dev/null || { echo "demo: the server ended before it was ready:" >&2; tail -n 20 "$out/serve.log" >&2; exit 4; }
  "$python" - "$http" >/dev/null 2>&1 <<'PY' && break
import sys
import urllib.request

urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/v2/health/ready", timeout=1)
PY
  ((second < patience)) || { echo "demo: the server was not ready after $patience s:" >&2; tail -n 20 "$out/serve.log" >&2; exit 4; }
  sleep 1
done

run "$sess" query "http://127.0.0.1:$http" --session "$session" -k 5
run "$sess" query "grpc://127.0.0.1:$grpc" --session "$session" -k 5

echo >&2
echo "demo: the graph is $out/graph.svg, the artifact $out/quickstart; the server is stopped" >&2
