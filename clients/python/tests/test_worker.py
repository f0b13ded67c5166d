from __future__ import annotations

import asyncio
import threading
import time
import unittest
from collections.abc import AsyncIterator, Iterator

from deepbot import AnswerError, Client, Run
from deepbot.worker.text import ANSWER_MAX_BYTES, TRUNCATION_NOTE

from .support import URL, answer_of, ask_new, call_as, sign_in, until, until_state, working


def count(run: Run) -> Iterator[str]:
    yield f"{len(run.messages)} messages, "
    yield f"{len(run.question)} characters"


class Answers(unittest.TestCase):
    def setUp(self) -> None:
        self.person = Client(URL, cookie=sign_in(self.id().rpartition(".")[2]))
        self.addCleanup(self.person.close)

    def test_a_generator_answers_from_the_whole_dialog(self) -> None:
        dialog_id = self.person.create_dialog("a dialog")
        with working(count):
            first = until_state(self.person, self.person.ask(dialog_id, "курс"), "completed")
            second = until_state(self.person, self.person.ask(dialog_id, "and tomorrow"), "completed")
        self.assertEqual(answer_of(first), "1 messages, 4 characters")
        self.assertEqual(answer_of(second), "3 messages, 12 characters")

    def test_a_function_may_return_a_text(self) -> None:
        with working(lambda run: run.question.upper()):
            run = until_state(self.person, ask_new(self.person, "loud"), "completed")
        self.assertEqual(answer_of(run), "LOUD")

    def test_a_worker_answers_for_the_assistants_that_it_names(self) -> None:
        call_as(sign_in("operator"), "POST", "/operator/assistants", {"slug": "poet", "name": "The poet"})
        other = ask_new(self.person, "for anybody else")
        for_poet = self.person.create_dialog("verses", assistant="poet")

        def name(run: Run) -> str:
            return run.assistant["slug"] if run.assistant else "none"

        with working(name, assistants=["poet"]):
            run = until_state(self.person, self.person.ask(for_poet, "who are you?"), "completed")
        self.assertEqual(answer_of(run), "poet")
        self.assertEqual(self.person.run(other["run_id"])["state"], "queued")
        self.person.cancel(other["run_id"])

    def test_asynchronous_answers_share_one_event_loop(self) -> None:
        both = threading.Barrier(2)
        loops = []

        async def answer(run: Run) -> AsyncIterator[str]:
            loops.append(asyncio.get_running_loop())
            yield "a"
            await asyncio.to_thread(both.wait, 20)
            yield "b"

        with working(answer):
            runs = [ask_new(self.person, "a question") for _ in range(2)]
            texts = [answer_of(until_state(self.person, run, "completed")) for run in runs]
        self.assertEqual(texts, ["ab", "ab"])
        self.assertIs(loops[0], loops[1])

    def test_pieces_are_gathered_and_streamed_before_the_answer_ends(self) -> None:
        go_on = threading.Event()

        def answer(run: Run) -> Iterator[str]:
            yield from ["one ", "two ", "three "]
            go_on.wait(20)
            yield "four"

        with working(answer):
            run = ask_new(self.person, "count")
            seen: list[tuple[str, str]] = []
            for event in self.person.watch(run["run_id"]):
                seen.append((event["type"], event.get("text", "")))
                if seen[-1][1].endswith("three "):
                    go_on.set()
        texts = [text for kind, text in seen if kind in ("snapshot", "delta") and text]
        self.assertEqual("".join(texts).removesuffix("four"), "one two three ")
        self.assertLessEqual(len(texts), 4)
        self.assertEqual(answer_of(self.person.run(run["run_id"])), "one two three four")

    def test_two_workers_share_questions_and_answer_each_once(self) -> None:
        def answer(run: Run) -> Iterator[str]:
            time.sleep(0.05)
            yield str(run.attempt)

        with working(answer, concurrency=2), working(answer, concurrency=2):
            runs = [ask_new(self.person, "a question") for _ in range(10)]
            ended = [until_state(self.person, run, "completed") for run in runs]
        self.assertEqual([(answer_of(run), run["attempt"]) for run in ended], [("1", 1)] * 10)
        for run in ended:
            self.assertEqual(len(list(self.person.messages(run["dialog_id"]))), 2)

    def test_an_answer_may_take_longer_than_the_lease(self) -> None:
        def answer(run: Run) -> Iterator[str]:
            time.sleep(3)
            yield "late"

        with working(answer, lease_ms=1000):
            run = until_state(self.person, ask_new(self.person, "think"), "completed", "failed")
        self.assertEqual((answer_of(run), run["attempt"]), ("late", 1))

    def test_usage_is_stored_with_the_answer(self) -> None:
        def answer(run: Run) -> Iterator[str]:
            yield "text"
            run.usage = {"model": "m", "input_tokens": 3, "output_tokens": 5}

        with working(answer):
            run = until_state(self.person, ask_new(self.person, "how much"), "completed")
        self.assertEqual(run["usage"], {"model": "m", "input_tokens": 3, "output_tokens": 5})

    def test_texts_are_made_storable_and_cut_at_the_limit(self) -> None:
        def answer(run: Run) -> Iterator[str]:
            yield "\0\ud800"
            while True:
                yield "я" * 1000

        with working(answer):
            run = until_state(self.person, ask_new(self.person, "endless"), "completed")
        self.assertTrue(answer_of(run).startswith("\ufffdя"))
        self.assertTrue(answer_of(run).endswith(TRUNCATION_NOTE))
        self.assertLessEqual(len(answer_of(run).encode()), ANSWER_MAX_BYTES)


class Failures(unittest.TestCase):
    def setUp(self) -> None:
        self.person = Client(URL, cookie=sign_in(self.id().rpartition(".")[2]))
        self.addCleanup(self.person.close)

    def test_an_exception_asks_for_another_attempt_and_its_text_is_not_logged(self) -> None:
        def answer(run: Run) -> Iterator[str]:
            if run.attempt == 1:
                raise RuntimeError(run.question)
            yield "better"

        with self.assertLogs("deepbot", "INFO") as logged, working(answer):
            run = until_state(self.person, ask_new(self.person, "a secret"), "completed", "failed")
        self.assertEqual((answer_of(run), run["attempt"]), ("better", 2))
        self.assertIn("RuntimeError", "".join(logged.output))
        self.assertNotIn("a secret", "".join(logged.output))

    def test_an_answer_error_says_why_and_whether_to_try_again(self) -> None:
        def answer(run: Run) -> Iterator[str]:
            yield "half"
            raise AnswerError("model_refused", "The model does not like this.", retry=False)

        with working(answer):
            run = until_state(self.person, ask_new(self.person, "bad words"), "completed", "failed")
        self.assertEqual(run["error"], {"code": "model_refused", "message": "The model does not like this."})
        self.assertEqual(run["attempt"], 1)

    def test_an_empty_answer_is_a_failure(self) -> None:
        def answer(run: Run) -> Iterator[str]:
            yield " \n" if run.attempt == 1 else "text"

        with working(answer):
            run = until_state(self.person, ask_new(self.person, "say nothing"), "completed", "failed")
        self.assertEqual((answer_of(run), run["attempt"]), ("text", 2))

    def test_pieces_that_are_no_texts_are_a_failure(self) -> None:
        with self.assertLogs("deepbot", "ERROR") as logged:
            with working(lambda run: [1] if run.attempt == 1 else "text"):  # type: ignore[list-item]
                until_state(self.person, ask_new(self.person, "numbers"), "completed", "failed")
        self.assertIn("TypeError", "".join(logged.output))


class Endings(unittest.TestCase):
    def setUp(self) -> None:
        self.person = Client(URL, cookie=sign_in(self.id().rpartition(".")[2]))
        self.addCleanup(self.person.close)

    def _cancel_when_running(self, begun: threading.Event) -> None:
        run = ask_new(self.person, "stop me")
        self.assertTrue(begun.wait(20))
        self.person.cancel(run["run_id"])
        until_state(self.person, run, "cancelled")

    def test_stop_closes_a_generator(self) -> None:
        begun, closed = threading.Event(), threading.Event()

        def answer(run: Run) -> Iterator[str]:
            try:
                while True:
                    yield "word "
                    begun.set()
                    time.sleep(0.01)
            except GeneratorExit:
                closed.set()
                raise

        with working(answer):
            self._cancel_when_running(begun)
            self.assertTrue(closed.wait(20))

    def test_stop_cancels_an_asynchronous_generator_where_it_awaits(self) -> None:
        begun, cancelled = threading.Event(), threading.Event()

        async def answer(run: Run) -> AsyncIterator[str]:
            yield "word"
            begun.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.set()
                raise

        with working(answer, lease_ms=3000):
            self._cancel_when_running(begun)
            self.assertTrue(cancelled.wait(20))

    def test_stop_sets_the_event_of_a_function_that_computes(self) -> None:
        begun, seen = threading.Event(), threading.Event()

        def answer(run: Run) -> Iterator[str]:
            begun.set()
            if run.cancelled.wait(20):
                seen.set()
            yield "nobody reads this"

        with working(answer, lease_ms=3000):
            self._cancel_when_running(begun)
            self.assertTrue(seen.wait(20))

    def test_a_worker_that_stops_lets_its_runs_finish(self) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def answer(run: Run) -> Iterator[str]:
            begun.set()
            go_on.wait(20)
            yield "done"

        with working(answer, stop_grace_ms=20_000) as worker:
            run = ask_new(self.person, "a question")
            self.assertTrue(begun.wait(20))
            threading.Timer(0.3, go_on.set).start()
            worker.stop()
        self.assertEqual(answer_of(self.person.run(run["run_id"])), "done")

    def test_after_the_grace_period_runs_go_to_the_next_worker_without_losing_an_attempt(self) -> None:
        begun = threading.Event()

        def answer(run: Run) -> Iterator[str]:
            begun.set()
            run.cancelled.wait(20)
            yield "late"

        with working(answer) as worker:
            run = ask_new(self.person, "a question")
            self.assertTrue(begun.wait(20))
            worker.stop()
        until_state(self.person, run, "queued")
        with working(count):
            self.assertEqual(until_state(self.person, run, "completed")["attempt"], 1)

    def test_a_function_that_never_returns_does_not_hold_up_the_end(self) -> None:
        begun, for_ever = threading.Event(), threading.Event()

        def answer(run: Run) -> Iterator[str]:
            begun.set()
            for_ever.wait()
            yield "never"

        with working(answer) as worker:
            run = ask_new(self.person, "a question")
            self.assertTrue(begun.wait(20))
            started = time.monotonic()
            worker.stop()
        self.assertLess(time.monotonic() - started, 6)
        until_state(self.person, run, "queued")
        self.person.cancel(run["run_id"])
        until_state(self.person, run, "cancelled")

    def test_a_worker_that_waits_stops_at_once(self) -> None:
        with self.assertLogs("deepbot", "INFO") as logged, working(count) as worker:
            until("it is connected", lambda: "connected" in "".join(logged.output))
            time.sleep(0.6)  # its next claim waits for 25 seconds
            started = time.monotonic()
            worker.stop()
            self.assertLess(time.monotonic() - started, 2)
