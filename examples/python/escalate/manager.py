"""Tries one mechanism after the other until somebody has acknowledged, and asks before it disturbs."""

from posthaste_plugin import DURATION, Manager, ask_sender, attempt, milliseconds, note, run

LEVELS = ["accepted", "delivered", "read", "acknowledged"]


class Escalate(Manager):
    id = "escalate"
    version = "1.0.0"
    title = "Escalate until acknowledged"
    description = "Tries mechanisms in order until one brings an acknowledgement; asks the sender before some of them."
    settings_schema = {
        "type": "object",
        "properties": {
            "mechanisms": {
                "type": "array",
                "items": {"type": "string", "minLength": 1},
                "minItems": 1,
                "maxItems": 32,
                "uniqueItems": True,
                "description": "Mechanisms by name or kind, the least disturbing first",
            },
            "askBefore": {
                "type": "array",
                "items": {"type": "string", "minLength": 1},
                "uniqueItems": True,
                "description": "Those of them that the sender has to agree to",
            },
            "within": {**DURATION, "description": "How long to wait for each; 2m when left out"},
            "patience": {**DURATION, "description": "How long to wait for the sender's answer; 5m when left out"},
            "until": {"type": "string", "enum": LEVELS, "description": "What counts; `acknowledged` when left out"},
        },
        "required": ["mechanisms"],
        "additionalProperties": False,
    }

    def allows(self, settings):
        return settings["mechanisms"]

    def check(self, settings):
        for number, name in enumerate(settings.get("askBefore", [])):
            if name not in settings["mechanisms"]:
                yield f"askBefore[{number}]: {name} is not one of the mechanisms"

    def deliver(self, message, recipient, policy, settings):
        within = milliseconds(settings.get("within", "2m"))
        patience = milliseconds(settings.get("patience", "5m"))
        until = settings.get("until", "acknowledged")
        tried = []
        for mechanism in settings["mechanisms"]:
            if mechanism in settings.get("askBefore", []):
                answer = yield ask_sender(question(recipient, tried, mechanism), within=patience)
                if answer["answer"] == "no":
                    yield note(f"{mechanism} is left out, as the sender wishes")
                    continue
            result = yield attempt([mechanism], until=until, within=within)
            tried += [one["mechanism"] for one in result["results"] if "outcome" in one]


def question(recipient, tried, mechanism):
    if not tried:
        return f"Reach {recipient['name']} by {mechanism}?"
    return f"{recipient['name']} has not answered by {', '.join(tried)}. Go on with {mechanism}?"


if __name__ == "__main__":
    run(Escalate)
