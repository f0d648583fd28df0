"""Publishes to a topic of an ntfy server, ntfy.sh or one's own (https://docs.ntfy.sh/publish/)."""

import http.client
import json
import time
import urllib.parse

from posthaste_plugin import DURATION, Mechanism, accepted, failed, milliseconds, rejected, run, unknown

# https://docs.ntfy.sh/publish/#message-priority
PRIORITIES = {"low": 2, "normal": 3, "high": 4, "urgent": 5}


class Ntfy(Mechanism):
    id = "ntfy-py"
    version = "1.0.0"
    title = "ntfy (in Python)"
    description = "Publishes to a topic of an ntfy server. An example of a mechanism in Python."
    kind = "push"
    settings_schema = {
        "type": "object",
        "properties": {
            "server": {
                "type": "string",
                "pattern": "^https?://[^/?#@]+/?$",
                "description": "Where ntfy is, such as https://ntfy.sh",
            },
            "token": {"type": "string", "minLength": 1, "secret": True, "description": "Access token, where one is needed"},
            "timeout": {**DURATION, "description": "How long to wait for the server; 10s when left out"},
        },
        "required": ["server"],
        "additionalProperties": False,
    }
    address_schema = {
        "type": "object",
        "properties": {
            "topic": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]{1,64}$",
                "description": "The topic that the person's device has subscribed to",
            },
        },
        "required": ["topic"],
        "additionalProperties": False,
    }
    # What is longer ntfy shows as a file to open, which nobody woken at night should have to.
    capabilities = {"sizeLimit": 4096}

    def __init__(self, settings, host):
        super().__init__(settings, host)
        self.server = urllib.parse.urlsplit(settings["server"])
        self.timeout = milliseconds(settings.get("timeout", "10s")) / 1000
        self.calls = set()
        self.closed = False

    def send(self, attempt, call):
        message = attempt["message"]
        body = {
            "topic": attempt["address"]["topic"],
            "message": message["body"],
            "priority": PRIORITIES[message["priority"]],
            "markdown": message["format"] == "markdown",
            **({"title": message["subject"]} if message.get("subject") else {}),
        }
        left = attempt["deadline"] / 1000 - time.time()
        exchange = Exchange(self, call, min(self.timeout, max(left, 0.001)))
        try:
            status, headers, answer = exchange.run("POST", "/", body)
        except (OSError, http.client.HTTPException) as error:
            # What was not sent was certainly not delivered; of what was, nobody can say.
            return (unknown if exchange.sent else failed)(exchange.words(error))
        return result_of(status, headers, answer)

    def health(self, call):
        exchange = Exchange(self, call, self.timeout)
        try:
            status, _, answer = exchange.run("GET", "/v1/health")
        except (OSError, http.client.HTTPException) as error:
            return {"healthy": False, "detail": exchange.words(error)}
        return {"healthy": status == 200 and answer.get("healthy") is True, "detail": f"ntfy answers {status}"}

    def close(self):
        self.closed = True
        for call in list(self.calls):
            call.abort()


class Exchange:
    """One request and its answer, over a connection of its own."""

    def __init__(self, mechanism, call, timeout):
        connect = http.client.HTTPSConnection if mechanism.server.scheme == "https" else http.client.HTTPConnection
        self.mechanism = mechanism
        self.call = call
        self.connection = connect(mechanism.server.hostname, mechanism.server.port, timeout=timeout)
        self.sent = False

    def run(self, method, path, body=None):
        """Status, headers and the answer's JSON. Raises OSError or HTTPException."""
        self.mechanism.calls.add(self.call)
        try:
            self.connection.connect()
            self.call.on_abort(self.break_off)
            if self.call.aborted or self.mechanism.closed:
                raise OSError("broken off before anything was sent")
            self.sent = True
            # Half a character, which JSON lets pass, goes out as an escape and comes back as one.
            data = None if body is None else json.dumps(body).encode("ascii")
            self.connection.request(method, path, data, self.headers())
            response = self.connection.getresponse()
            return response.status, response.headers, json_of(response.read(65536))
        finally:
            self.mechanism.calls.discard(self.call)
            self.connection.close()

    def headers(self):
        token = self.mechanism.settings.get("token")
        return {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}

    def break_off(self):
        """Wakes whoever waits for the answer."""
        socket = self.connection.sock
        if socket is not None:
            try:
                socket.shutdown(2)
            except OSError:
                pass  # It is closed already.

    def words(self, error):
        name = self.mechanism.server.netloc
        why = "the call was broken off" if self.call.aborted else str(error) or type(error).__name__
        return f"{name}: {why}" if self.sent else f"{name}, nothing was sent: {why}"


def result_of(status, headers, answer):
    """What the server's answer says of the message (https://docs.ntfy.sh/publish/#limitations for 429)."""
    words = f"{status} {answer['error']}" if "error" in answer else f"{status} {http.client.responses.get(status, '')}"
    if 200 <= status < 300:
        more = {"reference": answer["id"]} if isinstance(answer.get("id"), str) else {}
        return accepted(words, **more)
    if status in (502, 504):
        # A proxy says this, which may have handed the message on.
        return unknown(words)
    if status in (401, 429) or status >= 500:
        after = headers.get("Retry-After", "")
        return failed(words, retry_after=int(after) * 1000 if after.isdigit() else None)
    return rejected(words)


def json_of(text):
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


if __name__ == "__main__":
    run(Ntfy)
