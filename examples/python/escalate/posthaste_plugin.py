"""Posthaste plugins in Python: the plugin protocol (JSON-RPC 2.0 in lines on standard input and
output) with nothing but the standard library. Copy this file into your plugin's folder.

A mechanism is a class; an instance of it is made for each mechanism of the configuration:

    class Bell(Mechanism):
        id, version, title, kind = "bell", "1.0.0", "Bell", "push"
        settings_schema = {"type": "object", "properties": {}, "additionalProperties": False}
        address_schema = {"type": "object", "properties": {}, "additionalProperties": False}

        def send(self, attempt, call):
            print("\\a", end="")
            return accepted("rung")

    if __name__ == "__main__":
        run(Bell)

A manager is a class whose `deliver` is a generator of effects; see `Manager`.

What a plugin prints goes to the program's log: standard output belongs to the protocol.
"""

import functools
import json
import os
import re
import sys
import threading
import traceback

API_VERSION = 1

# Codes of errors, besides those of JSON-RPC 2.0.
METHOD_NOT_FOUND = -32601
THREW = -32000
NOT_DETERMINISTIC = -32001
API_VERSION_REFUSED = -32002
NO_INSTANCE = -32003

OPTIONAL_METHODS = ("presence", "status", "retract", "health")


class RpcError(Exception):
    """An error that the other end hears of, with its code."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def accepted(evidence, **more):
    """The other side took the message. `reference` may name it there, `level` be a receipt already."""
    return {"outcome": "accepted", "evidence": evidence, **more}


def unavailable(evidence):
    """Certainly not delivered: the person cannot be reached there now."""
    return {"outcome": "unavailable", "evidence": evidence}


def rejected(evidence):
    """Certainly not delivered, and trying the same again cannot help."""
    return {"outcome": "rejected", "evidence": evidence}


def failed(evidence, retry_after=None):
    """Certainly not delivered, and trying again may help. `retry_after` is in milliseconds."""
    wish = {} if retry_after is None else {"retryAfter": retry_after}
    return {"outcome": "failed", "evidence": evidence, **wish}


def unknown(evidence):
    """Nobody can say: the bytes left, and no answer came."""
    return {"outcome": "unknown", "evidence": evidence}


_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def milliseconds(text):
    """Milliseconds of a length of time such as `30s` or `1h30m`. Use DURATION as its schema."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a length of time")
    return round(sum(float(number) * _UNITS[unit] for number, unit in parts))


DURATION = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+$", "maxLength": 40}


class Mechanism:
    """Base of mechanisms. Methods that may take long run in threads of their own, so they overlap."""

    id = version = title = kind = None
    description = None
    settings_schema = address_schema = None
    capabilities = {}

    def __init__(self, settings, host):
        """Raises when it cannot be used; the mechanism is then inactive, with the reason."""
        self.settings = settings
        self.host = host

    def send(self, attempt, call):
        """Hands one attempt over, and answers honestly: accepted(…), failed(…), unknown(…) …"""
        raise NotImplementedError

    # Optional, and declared in `capabilities` where they are to be used:
    #   presence(address, call) -> {"state": "available", "at": milliseconds since 1970}
    #   status(attempt, call)   -> as send
    #   retract(attempt, call)  -> True when it is certain that nothing is shown any more
    #   health(call)            -> {"healthy": True, "detail": "…"}

    def close(self):
        """Releases everything."""


class Call:
    """One call under way. The program may lose its patience: then `aborted` is true."""

    def __init__(self):
        self._aborted = threading.Event()
        self._on_abort = []
        self._lock = threading.Lock()

    @property
    def aborted(self):
        return self._aborted.is_set()

    def wait(self, seconds):
        """Waits, but no longer than until the abort. Answers whether it is aborted."""
        return self._aborted.wait(seconds)

    def on_abort(self, action):
        """Runs the action at the abort, or now when that has been: such as to close a connection."""
        with self._lock:
            if not self.aborted:
                self._on_abort.append(action)
                return
        action()

    def abort(self):
        with self._lock:
            self._aborted.set()
            actions, self._on_abort = self._on_abort, []
        for action in actions:
            action()


class Storage:
    """Small durable storage of one mechanism's own. Values are JSON."""

    def __init__(self, connection, instance):
        self._ask = lambda method, **params: connection.ask(method, {"instance": instance, **params})

    def get(self, key):
        return self._ask("storage.get", key=key).get("value")

    def set(self, key, value):
        self._ask("storage.set", key=key, value=value)

    def delete(self, key):
        self._ask("storage.delete", key=key)

    def list(self, prefix=""):
        """Pairs of key and value, by key."""
        return [(entry["key"], entry["value"]) for entry in self._ask("storage.list", prefix=prefix)["entries"]]


class Host:
    """What a mechanism may call back, from whatever thread."""

    def __init__(self, connection, instance, name):
        self.name = name
        self.storage = Storage(connection, instance)
        self._connection = connection
        self._instance = instance

    def log(self, level, text, **fields):
        self._tell("log", level=level, text=text, fields=fields)

    def receipt(self, attempt, level, evidence=None):
        """Later evidence: `delivered`, `read` or `acknowledged`. Returns when it is on disk."""
        words = {} if evidence is None else {"evidence": evidence}
        self._connection.ask("receipt", {"instance": self._instance, "attempt": attempt, "level": level, **words})

    def reply(self, attempt, body):
        """The recipient wrote back."""
        self._connection.ask("reply", {"instance": self._instance, "attempt": attempt, "body": body})

    def presence(self, address, state):
        self._tell("presence.changed", address=address, state=state)

    def health(self, healthy, detail=None):
        """The mechanism as a whole came up or went down."""
        words = {} if detail is None else {"detail": detail}
        self._tell("health.changed", health={"healthy": healthy, **words})

    def _tell(self, method, **params):
        self._connection.tell(method, {"instance": self._instance, **params})


class Manager:
    """Base of managers. `deliver` is a generator that yields effects and is handed their results:

        def deliver(self, message, recipient, policy, settings):
            tried = yield attempt(["im"], until="read", within=60_000)
            answer = yield ask_sender("Send a page?")
            if answer["answer"] == "yes":
                yield attempt(["pager"])

    Returning means that nothing is left to try. It has to decide from what it is handed alone: no
    clock, no randomness, no files. It is run again from the beginning for each step, over what came
    before, and has to yield the same again.
    """

    id = version = title = None
    description = None
    settings_schema = None

    def allows(self, settings):
        """The mechanisms and kinds that the settings name, or `"all"`."""
        raise NotImplementedError

    def check(self, settings):
        """What the schema cannot say is wrong, as `path: complaint`."""
        return []

    def deliver(self, message, recipient, policy, settings):
        raise NotImplementedError


def attempt(mechanisms, mode="serial", until="accepted", within=60_000):
    """Tries mechanisms, by name or kind; resumed with {"results": […]} only when none brought what was asked."""
    return {"effect": "attempt", "mechanisms": mechanisms, "mode": mode, "until": until, "within": _whole(within)}


def ask_sender(question, within=300_000, otherwise="no"):
    """Asks the sender; resumed with {"answer": "yes" | "no", "by": …}."""
    return {"effect": "ask", "question": question, "within": _whole(within), "otherwise": otherwise}


def wait(duration):
    """Lets time pass."""
    return {"effect": "wait", "duration": _whole(duration)}


def note(text):
    """Writes a sentence into the journal."""
    return {"effect": "note", "text": text}


def _whole(length):
    """As the program rounds, so that what it hands back is what was yielded."""
    return int(length + 0.5)


def next_effect(manager, context, past):
    """What the manager wants after all that came before, worked out from these alone."""
    course = manager.deliver(context["message"], context["recipient"], context["policy"], context["settings"])
    result = None
    for number, before in enumerate(past, start=1):
        effect = _resume(course, result)
        if effect != before["effect"]:
            was, now = json.dumps(before["effect"]), json.dumps(effect)
            raise RpcError(NOT_DETERMINISTIC, f"effect {number} was {was}, and is now {now}")
        result = before.get("result")
    return _resume(course, result)


def _resume(course, result):
    try:
        return course.send(result)
    except StopIteration:
        return None


class Connection:
    """The program at the other end: messages are lines of JSON."""

    def __init__(self, incoming, outgoing):
        self._incoming = incoming
        self._outgoing = outgoing
        self._writing = threading.Lock()
        self._asking = threading.Lock()
        self._asked = 0
        self._waiting = {}

    def messages(self):
        """Everything that comes in but answers, which go to whoever asked; ends with the program."""
        for line in self._incoming:
            message = json.loads(line)
            if "method" in message:
                yield message
            else:
                waiting = self._waiting.pop(message.get("id"), None)
                if waiting is not None:
                    waiting["message"] = message
                    waiting["here"].set()

    def ask(self, method, params):
        """Asks the program, and waits. Not for the thread that reads: nobody would hand it the answer."""
        waiting = {"here": threading.Event()}
        with self._asking:
            self._asked += 1
            number = self._asked
            self._waiting[number] = waiting
        self._write({"id": number, "method": method, "params": params})
        waiting["here"].wait()
        message = waiting["message"]
        if "error" in message:
            raise RpcError(message["error"]["code"], message["error"]["message"])
        return message["result"]

    def tell(self, method, params):
        self._write({"method": method, "params": params})

    def answer(self, number, work):
        """Answers a request with what the work brings. What it raises goes back as an error."""
        try:
            outcome = {"result": work()}
        except RpcError as error:
            outcome = {"error": {"code": error.code, "message": str(error)}}
        except Exception as error:  # Whatever a plugin raises is the plugin's own.
            traceback.print_exc()
            outcome = {"error": {"code": THREW, "message": f"{type(error).__name__}: {error}"}}
        if number is not None:
            self._write({"id": number, **outcome})

    def _write(self, message):
        line = json.dumps({"jsonrpc": "2.0", **message}) + "\n"
        with self._writing:
            self._outgoing.write(line.encode("ascii"))
            self._outgoing.flush()


class _Plugin:
    """Answers for a plugin. Methods in `quick` are answered by the thread that reads."""

    def __init__(self, plugin, connection):
        self.plugin = plugin
        self.connection = connection
        self.quick = {"initialize": self.initialize, "ping": lambda: {}}
        self.slow = {}

    def initialize(self, program, managerApiVersion, mechanismApiVersion, **_):
        spoken = managerApiVersion if self.type == "manager" else mechanismApiVersion
        if spoken != API_VERSION:
            words = f"{self.plugin.id} speaks version {API_VERSION} of the contract; this program speaks {spoken}"
            raise RpcError(API_VERSION_REFUSED, words)
        described = {name.removesuffix("_schema"): getattr(self.plugin, name) for name in self.describes}
        return {
            "type": self.type,
            "apiVersion": API_VERSION,
            **{name: value for name, value in described.items() if value is not None},
        }

    def begin(self, method, params):
        """Runs before a slow method's thread, in the order in which messages come."""

    def serve(self):
        for message in self.connection.messages():
            method, number = message["method"], message.get("id")
            params = message.get("params") or {}
            if method in self.slow:
                self.begin(method, params)
                work = functools.partial(self.slow[method], **params)
                threading.Thread(target=self.connection.answer, args=(number, work), daemon=True).start()
            else:
                work = self.quick.get(method, _no_such_method)
                self.connection.answer(number, functools.partial(work, **params))


def _no_such_method(**_):
    raise RpcError(METHOD_NOT_FOUND, "Method not found")


class _ManagerPlugin(_Plugin):
    type = "manager"
    describes = ("id", "version", "title", "description", "settings_schema")

    def __init__(self, plugin, connection):
        super().__init__(plugin, connection)
        manager = plugin()
        self.quick["judge"] = lambda settings: {
            "allows": manager.allows(settings),
            "complaints": list(manager.check(settings)),
        }
        self.quick["next"] = lambda delivery, context, past: {"effect": next_effect(manager, context, past)}


class _MechanismPlugin(_Plugin):
    type = "mechanism"
    describes = ("id", "version", "title", "description", "kind", "settings_schema", "address_schema", "capabilities")

    def __init__(self, plugin, connection):
        super().__init__(plugin, connection)
        self.instances = {}
        self.calls = {}
        self.quick["abort"] = self.abort
        self.slow = {
            "create": self.create,
            "close": self.close,
            "send": lambda instance, call, attempt: self.run(instance, call, "send", attempt),
            "status": lambda instance, call, attempt: self.run(instance, call, "status", attempt),
            "presence": lambda instance, call, address: self.run(instance, call, "presence", address),
            "retract": lambda instance, call, attempt: {
                "retracted": bool(self.run(instance, call, "retract", attempt))
            },
            "health": lambda instance, call: self.run(instance, call, "health"),
        }

    def begin(self, method, params):
        """An abort may come right behind its call, so the call is known before its thread begins."""
        if "call" in params:
            self.calls[params["call"]] = Call()

    def create(self, instance, name, settings):
        self.instances[instance] = self.plugin(settings, Host(self.connection, instance, name))
        return {"methods": [method for method in OPTIONAL_METHODS if hasattr(self.plugin, method)]}

    def run(self, instance, call, method, *arguments):
        under_way = self.calls[call]
        try:
            mechanism = self.instances.get(instance)
            if mechanism is None:
                raise RpcError(NO_INSTANCE, f"there is no instance {instance}")
            return getattr(mechanism, method)(*arguments, under_way)
        finally:
            del self.calls[call]

    def abort(self, call):
        under_way = self.calls.get(call)
        if under_way is not None:
            under_way.abort()

    def close(self, instance):
        mechanism = self.instances.pop(instance, None)
        if mechanism is not None:
            mechanism.close()
        return {}


def run(plugin):
    """Serves a subclass of Mechanism or Manager until the program closes standard input."""
    outgoing = os.fdopen(os.dup(1), "wb")
    # Whatever prints, here or in a library, must not break into the protocol.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    connection = Connection(sys.stdin.buffer, outgoing)
    kind = _ManagerPlugin if issubclass(plugin, Manager) else _MechanismPlugin
    try:
        kind(plugin, connection).serve()
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # The program is gone.
