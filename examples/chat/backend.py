"""The rules of a chat for several tenants. Switchboard holds the sockets."""

import hashlib, hmac, json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

KEYS = {"acme": "blue", "globex": "red"}
SECRET = os.environ["CHAT_SECRET"].encode()


class Chat(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps the connection

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if not self.is_genuine(body):
            return self.answer(401, "not signed")
        event = json.loads(body)
        room = f"{event['tenant']}/{event['room']}"
        name, text = event.get("name", "somebody"), event["text"]
        if (event["tenant"], event.get("key")) not in KEYS.items():
            return self.answer(403, "wrong key")
        match self.headers["ce-type"]:
            case "switchboard.connection":
                return self.answer(200, {"to": room, "text": f"{name} came"}, {"switchboard-groups": quote(room)})
            case "switchboard.closed":
                return self.answer(200, {"to": room, "text": f"{name} left"})
        if text == "/bye":
            return self.answer(200, {"reply": "see you"}, {"switchboard-close": "1000 bye"})
        if len(text) > 200:
            return self.answer(422, "too long")
        self.answer(200, {"to": room, "text": f"{name}: {text}"})

    def is_genuine(self, body):
        parts = dict(part.split("=", 1) for part in self.headers["switchboard-signature"].split(","))
        signed = b".".join([parts["t"].encode(), self.headers["ce-id"].encode(), body])
        expected = hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, parts["v1"]) and abs(time.time() - int(parts["t"])) < 300

    def answer(self, status, what, headers={}):
        body = (what if isinstance(what, str) else json.dumps(what)).encode()
        kind = "text/plain" if isinstance(what, str) else "application/json"
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": len(body), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", 8000), Chat).serve_forever()
