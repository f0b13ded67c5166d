from __future__ import annotations

import time
import unittest
from collections.abc import Callable, Iterator

from deepbot import Client, DeepbotError, Run

from .proxy import proxied
from .support import URL, answer_of, ask_new, call_as, sign_in, until_state, working


def slow_words(run: Run) -> Iterator[str]:
    for number in range(20):
        yield f"{number} "
        time.sleep(0.03)


class Persons(unittest.TestCase):
    def setUp(self) -> None:
        self.cookie = sign_in(self.id().rpartition(".")[2])
        self.person = Client(URL, cookie=self.cookie)
        self.addCleanup(self.person.close)

    def test_dialogs_are_created_renamed_listed_and_deleted(self) -> None:
        dialog_id = self.person.create_dialog("first name")
        self.person.rename_dialog(dialog_id, "second name")
        self.assertEqual(self.person.dialogs(), [{"dialog_id": dialog_id, "dialog_name": "second name"}])
        self.person.delete_dialog(dialog_id)
        self.assertEqual(self.person.dialogs(), [])

    def test_a_personal_token_acts_for_its_person_until_it_is_ended(self) -> None:
        made = call_as(self.cookie, "POST", "/me/tokens", {"name": "Python"})
        program = Client(URL, made["token"])
        self.addCleanup(program.close)
        with working(lambda run: "yes"):
            run = ask_new(program, "is it me?")
            events = list(program.watch(run["run_id"]))
        self.assertEqual(answer_of(events[-1]["run"]), "yes")
        self.assertEqual(self.person.dialogs(), program.dialogs())
        call_as(self.cookie, "DELETE", f"/me/tokens/{made['token_id']}")
        with self.assertRaises(DeepbotError) as caught:
            program.dialogs()
        self.assertEqual(caught.exception.code, "token_invalid")

    def test_messages_come_newest_first_over_all_pages(self) -> None:
        dialog_id = self.person.create_dialog("a dialog")
        with working(lambda run: "yes"):
            for number in range(26):
                until_state(self.person, self.person.ask(dialog_id, f"question {number}"), "completed")
        messages = list(self.person.messages(dialog_id))
        self.assertEqual([message["seq"] for message in messages], list(range(52, 0, -1)))
        self.assertEqual(messages[-1]["content"], "question 0")

    def test_a_stream_that_breaks_is_resumed_where_it_broke(self) -> None:
        with proxied() as proxy, working(slow_words):
            cut = proxy.spoil("/events", "cut stream", times=2)
            watcher = Client(proxy.url, cookie=self.cookie)
            self.addCleanup(watcher.close)
            run = ask_new(self.person, "count")
            text = ""
            for event in watcher.watch(run["run_id"]):
                if event["type"] == "snapshot":
                    text = event["text"]
                elif event["type"] == "delta":
                    text += event["text"]
        self.assertEqual(len(cut.seen), 2)
        self.assertEqual(event["type"], "end")
        self.assertTrue(answer_of(event["run"]).startswith(text.rstrip() + " "))
        self.assertIn("Last-Event-ID", cut.seen[1])

    def test_a_question_whose_response_was_lost_is_stored_once(self) -> None:
        with proxied() as proxy:
            lost = proxy.spoil("/runs$", "drop response")
            asker = Client(proxy.url, cookie=self.cookie)
            self.addCleanup(asker.close)
            dialog_id = self.person.create_dialog("a dialog")
            run = asker.ask(dialog_id, "once")
        self.assertEqual(len(lost.seen), 1)
        self.assertEqual([message["content"] for message in self.person.messages(dialog_id)], ["once"])
        self.person.cancel(run["run_id"])

    def test_a_cancelled_question_is_asked_again(self) -> None:
        run = ask_new(self.person, "a question")
        self.person.cancel(run["run_id"])
        until_state(self.person, run, "cancelled")
        again = self.person.retry(run["run_id"])
        with working(lambda run: "yes"):
            self.assertEqual(answer_of(until_state(self.person, again, "completed")), "yes")

    def test_refusals_name_their_code(self) -> None:
        cases: list[tuple[Callable[[], object], str, int]] = [
            (lambda: self.person.run(2**40), "run_not_found", 404),
            (lambda: self.person.create_dialog("ab"), "invalid_input", 422),
            (lambda: Client(URL, cookie="access_token=no").dialogs(), "session_invalid", 401),
        ]
        for call, code, status in cases:
            with self.subTest(code), self.assertRaises(DeepbotError) as caught:
                call()
            error = caught.exception
            self.assertEqual((error.code, error.status, error.retryable), (code, status, False))

    def test_a_server_that_is_away_may_be_called_again(self) -> None:
        with self.assertRaises(DeepbotError) as caught:
            Client("http://127.0.0.1:9", cookie=self.cookie).dialogs()
        error = caught.exception
        self.assertEqual((error.code, error.status, error.retryable), ("unreachable", None, True))
