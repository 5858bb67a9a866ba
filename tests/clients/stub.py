"""A service in trouble: never answers `/rank`, and answers a batch of events with 503 when it comes for the first time.

Prints its address; takes a batch of events only when the same bytes come again.
"""

import http.server
import json
import time

seen: set[bytes] = set()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/rank":
            time.sleep(3)
            self.close_connection = True
        elif body in seen:
            self.answer(200, {"accepted": len(json.loads(body)), "rejected_count": 0, "rejected": []})
        else:
            seen.add(body)
            self.answer(503, {"title": "busy"})

    def answer(self, status: int, value: object) -> None:
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        if status == 503:
            self.send_header("retry-after", "1")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
