"""A worker without a model: it counts what it was given. Put your model into `answer`."""

import os
import time
from collections.abc import Iterator

from deepbot import Run, serve


def answer(run: Run) -> Iterator[str]:
    yield "I am a sample without a model. "
    time.sleep(0.1)
    yield f"Messages read: {len(run.messages)}. "
    yield f"Words in the last one: {len(run.question.split())}."


url = os.environ.get("DEEPBOT_URL", "http://127.0.0.1:8000")
serve(url, os.environ.get("DEEPBOT_KEY", "dev-messages-key"), answer)
