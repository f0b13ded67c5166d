"""A graph of steps in place of one call of a model: plan -> tool -> plan -> … -> answer.

A node reads and changes the state and yields what the person sees at once. An edge says which node comes next. Each node is
where a model, a search or a database of yours would be; this sample calculates.
"""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from deepbot import AnswerError, Run, serve

STEPS_MAX = 20  # nodes that one answer may take: a graph with a loop needs an end
OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul}


@dataclass
class State:
    question: str
    open: list[tuple[str, str, str]] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    planned: bool = False


def plan(state: State) -> Iterator[str]:
    if not state.planned:
        state.planned = True
        state.open = re.findall(r"(\d{1,9}) *([-+*]) *(\d{1,9})", state.question)
        yield f"Plan: {len(state.open)} to calculate.\n"


def tool(state: State) -> Iterator[str]:
    left, sign, right = state.open.pop(0)
    state.results.append(OPERATORS[sign](int(left), int(right)))
    yield f"{left} {sign} {right} = {state.results[-1]}\n"


def answer(state: State) -> Iterator[str]:
    yield "Answer: "
    yield " and ".join(map(str, state.results)) or "there is nothing to calculate"
    yield "."


NODES: dict[str, Callable[[State], Iterator[str]]] = {"plan": plan, "tool": tool, "answer": answer}
EDGES: dict[str, Callable[[State], str | None]] = {
    "plan": lambda state: "tool" if state.open else "answer",
    "tool": lambda state: "plan",
    "answer": lambda state: None,
}


def walk(run: Run) -> Iterator[str]:
    """The answer of the graph. When the person presses Stop, it ends at the `yield` that it has reached."""
    state = State(run.question)
    node: str | None = "plan"
    for _ in range(STEPS_MAX):
        if node is None:
            return
        yield from NODES[node](state)
        node = EDGES[node](state)
    raise AnswerError("too_many_steps", "This takes too many steps. Please ask for less at once.", retry=False)


url = os.environ.get("DEEPBOT_URL", "http://127.0.0.1:8000")
serve(url, os.environ.get("DEEPBOT_KEY", "dev-messages-key"), walk)
