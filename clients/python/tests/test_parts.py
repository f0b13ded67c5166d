from __future__ import annotations

import unittest

from deepbot import Client, DeepbotError
from deepbot.backoff import Backoff
from deepbot.sse import SseMessage, read_messages
from deepbot.worker.text import ANSWER_MAX_BYTES, TRUNCATION_NOTE, clean, fit


class Texts(unittest.TestCase):
    def test_cleaning_drops_nul_joins_pairs_and_replaces_lone_surrogates(self) -> None:
        self.assertEqual(clean("a\0b"), "ab")
        self.assertEqual(clean("é\ud83d\ude00\ud83d!"), "é\U0001f600\ufffd!")

    def test_a_text_at_the_limit_stays_as_it_is(self) -> None:
        self.assertEqual(fit("я" * (ANSWER_MAX_BYTES // 2)), "я" * (ANSWER_MAX_BYTES // 2))

    def test_a_longer_text_is_cut_between_characters_and_says_so(self) -> None:
        text = fit("a" + "я" * (ANSWER_MAX_BYTES // 2))
        self.assertTrue(text.endswith("я" + TRUNCATION_NOTE))
        self.assertLessEqual(len(text.encode()), ANSWER_MAX_BYTES)


class Pauses(unittest.TestCase):
    def test_they_double_up_to_the_longest_and_are_partly_random(self) -> None:
        backoff = Backoff(1, 4)
        for longest in (1, 2, 4, 4):
            self.assertTrue(longest / 2 <= backoff.next_s() <= longest)
        backoff.reset()
        self.assertLessEqual(backoff.next_s(), 1)

    def test_they_are_no_shorter_than_the_server_asks(self) -> None:
        self.assertGreaterEqual(Backoff(1, 4).next_s(DeepbotError("too_many_requests", 429, "", 30)), 30)


class Streams(unittest.TestCase):
    def test_fields_of_several_lines_comments_and_ids(self) -> None:
        lines = [b"retry: 800\n", b"\n", b": ping\r\n", b"\r\n", b"id: 1-2\n", b"data: a\n", b"data:b\n", b"\n", b"data\n", b"\n"]
        self.assertEqual(list(read_messages(lines)), [SseMessage("1-2", "a\nb"), SseMessage("1-2", "")])


class Errors(unittest.TestCase):
    def test_they_say_whether_to_repeat_the_call(self) -> None:
        cases = [
            ("unreachable", None, True),
            ("internal", 500, True),
            ("too_many_requests", 429, True),
            ("quota_exceeded", 429, False),
            ("invalid_input", 422, False),
            ("redirect_refused", 307, False),
        ]
        for code, status, retryable in cases:
            self.assertEqual(DeepbotError(code, status, "").retryable, retryable, code)

    def test_a_refused_piece_does_not_lose_the_lease(self) -> None:
        self.assertTrue(DeepbotError("lease_lost", 409, "").lease_lost)
        self.assertTrue(DeepbotError("run_not_found", 404, "").lease_lost)
        self.assertFalse(DeepbotError("delta_gap", 409, "").lease_lost)

    def test_an_address_without_http_is_refused_at_once(self) -> None:
        with self.assertRaisesRegex(ValueError, "http://"):
            Client("chat.example.com", "dbp_token")

    def test_a_client_has_one_kind_of_credential(self) -> None:
        with self.assertRaises(ValueError):
            Client("http://127.0.0.1", "dbp_token", cookie="access_token=x")
