"""A model with tools behind Chat Completions, as OpenAI and most model servers speak it. Put your tools into TOOLS."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

from deepbot import AnswerError, Run, serve

BASE_URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1").rstrip("/")
API_KEY = os.environ.get("OPENAI_API_KEY", "")
MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")

TIMEOUT_S = 60.0  # longest silence of the model
ROUNDS_MAX = 5  # how often the model may use tools for one answer


def count_letter(word: str, letter: str) -> int:
    return word.lower().count(letter.lower())


TOOLS: dict[str, Callable[..., Any]] = {"count_letter": count_letter}
DESCRIPTIONS = [
    {
        "type": "function",
        "function": {
            "name": "count_letter",
            "description": "Counts how often a letter is in a word.",
            "parameters": {
                "type": "object",
                "properties": {"word": {"type": "string"}, "letter": {"type": "string"}},
                "required": ["word", "letter"],
            },
        },
    }
]


def answer(run: Run) -> Iterator[str]:
    roles = {"user": "user", "bot": "assistant"}
    messages: list[dict[str, Any]] = [{"role": roles[m["role"]], "content": m["content"]} for m in run.messages]
    for _ in range(ROUNDS_MAX):
        calls: dict[int, dict[str, Any]] = {}
        for chunk in stream(messages):
            for choice in chunk.get("choices", []):
                delta = choice["delta"]
                if delta.get("content"):
                    yield delta["content"]
                collect_calls(calls, delta.get("tool_calls") or [])
        if not calls:
            return
        messages.append({"role": "assistant", "content": None, "tool_calls": list(calls.values())})
        messages += [
            {"role": "tool", "tool_call_id": call["id"], "content": use_tool(call["function"])}
            for call in calls.values()
        ]
    raise AnswerError("too_many_tool_calls", "The model did not come to an end. Please try again.", retry=True)


def stream(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The chunks of one completion."""
    body = {"model": MODEL, "messages": messages, "tools": DESCRIPTIONS, "stream": True}
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{BASE_URL}/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            for line in response:
                data = line.decode().removeprefix("data:").strip()
                if data == "[DONE]":
                    return
                if line.startswith(b"data:"):
                    yield json.loads(data)
    except urllib.error.HTTPError as error:
        if error.code < 500 and error.code != 429:
            raise AnswerError("model_refused", "The model refuses this question.", retry=False) from None
        raise AnswerError("model_unavailable", "The model is busy. Please try again later.", retry=True) from None
    except (OSError, ValueError):
        raise AnswerError("model_unavailable", "The model cannot be reached. Please try again.", retry=True) from None
    raise AnswerError("model_cut", "The model stopped in the middle. Please try again.", retry=True)


def collect_calls(calls: dict[int, dict[str, Any]], deltas: list[dict[str, Any]]) -> None:
    """Adds pieces of calls of tools: the first of a call has its id and name, the arguments come bit by bit."""
    for delta in deltas:
        call = calls.setdefault(
            delta["index"], {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
        )
        call["id"] += delta.get("id") or ""
        for name in ("name", "arguments"):
            call["function"][name] += delta.get("function", {}).get(name) or ""


def use_tool(function: dict[str, str]) -> str:
    """The result for the model. It may ask for what does not exist: then it is told so, and can do better."""
    try:
        return json.dumps(TOOLS[function["name"]](**json.loads(function["arguments"])))
    except Exception as error:
        return json.dumps({"error": f"The call failed: {type(error).__name__}"})


url = os.environ.get("DEEPBOT_URL", "http://127.0.0.1:8000")
serve(url, os.environ.get("DEEPBOT_KEY", "dev-messages-key"), answer)
