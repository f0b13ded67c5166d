from __future__ import annotations

import time
import unittest
from collections.abc import Iterator

from deepbot import Client, Run

from .proxy import proxied
from .support import URL, answer_of, ask_new, sign_in, until, until_state, working


def answer(run: Run) -> Iterator[str]:
    yield "one "
    time.sleep(0.15)
    yield "two"


class Outages(unittest.TestCase):
    def setUp(self) -> None:
        self.person = Client(URL, cookie=sign_in(self.id().rpartition(".")[2]))
        self.addCleanup(self.person.close)

    def test_a_refused_key_is_tried_again(self) -> None:
        with proxied() as proxy, self.assertLogs("deepbot", "ERROR") as logged:
            proxy.spoil("/worker/claim", "refuse", times=2, status=401)
            with working(answer, url=proxy.url, key="a-key-that-is-in-no-log"):
                until("the refusal is logged", lambda: logged.output)
        self.assertIn("check the key", logged.output[0])
        self.assertNotIn("a-key-that-is-in-no-log", "".join(logged.output))

    def test_an_answer_outlives_a_key_that_is_refused_for_a_moment(self) -> None:
        for status in (401, 403):
            with self.subTest(status), proxied() as proxy, working(answer, url=proxy.url):
                refused = proxy.spoil("/complete", "refuse", times=2, status=status)
                run = until_state(self.person, ask_new(self.person, "a question"), "completed", "failed")
                self.assertEqual((answer_of(run), run["attempt"]), ("one two", 1))
                self.assertEqual(len(refused.seen), 2)

    def test_redirects_are_not_followed(self) -> None:
        with proxied() as proxy, self.assertLogs("deepbot", "ERROR") as logged:
            proxy.spoil("^/worker/claim", "redirect", times=2)
            elsewhere = proxy.spoil("^/elsewhere", "refuse", times=1)
            with working(answer, url=proxy.url):
                run = until_state(self.person, ask_new(self.person, "a question"), "completed")
        self.assertEqual(answer_of(run), "one two")
        self.assertIn("redirect_refused", logged.output[0])
        self.assertEqual(elsewhere.seen, [])

    def test_a_piece_whose_response_was_lost_is_sent_again_under_its_number(self) -> None:
        with proxied() as proxy, working(answer, url=proxy.url):
            lost = proxy.spoil("/append", "drop response")
            run = ask_new(self.person, "a question")
            events = list(self.person.watch(run["run_id"]))
            self.assertEqual(len(lost.seen), 1)
        streamed = "".join(event.get("text", "") for event in events)
        self.assertIn(streamed, ("one ", "one two"))
        self.assertEqual(answer_of(self.person.run(run["run_id"])), "one two")

    def test_a_run_whose_claim_was_lost_comes_back_within_seconds_as_the_first_attempt(self) -> None:
        with proxied() as proxy:
            lost = proxy.spoil("/worker/claim", "drop response")
            asked_at = time.monotonic()
            run = ask_new(self.person, "a question")
            with working(answer, url=proxy.url):
                ended = until_state(self.person, run, "completed")
        self.assertEqual((len(lost.seen), ended["attempt"]), (1, 1))
        self.assertLess(time.monotonic() - asked_at, 12)
