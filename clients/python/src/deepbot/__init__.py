"""Deepbot from Python: programs that answer questions (`serve`), and programs that act for a person (`Client`)."""

from .client import Client, Dialog, PersonRun, RunEvent, StoredMessage
from .errors import AnswerError, DeepbotError
from .worker.run import Assistant, Message, Run, Usage
from .worker.serve import serve, serve_async

__all__ = [
    "AnswerError",
    "Assistant",
    "Client",
    "DeepbotError",
    "Dialog",
    "Message",
    "PersonRun",
    "Run",
    "RunEvent",
    "StoredMessage",
    "Usage",
    "serve",
    "serve_async",
]
