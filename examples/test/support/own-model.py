"""The sample worker with another model in place of its own, chosen by MODEL."""

import os
import pathlib
import time

import worker

sample = worker.answer
worker.LEASE_MS = int(os.environ.get("LEASE_MS", worker.LEASE_MS))
gate = pathlib.Path(os.environ["GATE"])


def waits_for_gate(messages: list[worker.Message]) -> str:
    while not gate.exists():
        time.sleep(0.02)
    return sample(messages)


def thinks_past_its_lease(messages: list[worker.Message]) -> str:
    time.sleep(worker.LEASE_MS / 1000 * 2.5)
    return sample(messages)


def breaks_once(messages: list[worker.Message]) -> str:
    if not gate.exists():
        gate.touch()
        raise RuntimeError(messages[-1]["content"])
    return sample(messages)


def answers_too_long(messages: list[worker.Message]) -> str:
    return "a" * (int(os.environ["ANSWER_MAX_BYTES"]) + 1)


worker.answer = globals()[os.environ["MODEL"]]
raise SystemExit(worker.main())
