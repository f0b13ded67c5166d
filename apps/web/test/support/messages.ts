import type { Message, MessageLog, Run } from "../../src/features/chat/messages/message-log.ts";

export function message(seq: number, rest: Partial<Message> = {}): Message {
  return {
    message_id: 100 + seq,
    seq,
    role: seq % 2 === 1 ? "user" : "bot",
    content: `text ${seq}`,
    created_at: "2026-01-01T00:00:00.000Z",
    partial: false,
    run: null,
    ...rest,
  };
}

export function messages(from: number, to: number): Message[] {
  return Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
}

export function log(from: number, to: number): MessageLog {
  return { messages: messages(from, to), nextBefore: from === 1 ? null : from };
}

export function run(rest: Partial<Run> = {}): Run {
  return {
    run_id: 7,
    dialog_id: 1,
    question_id: 103,
    state: "running",
    attempt: 1,
    created_at: "2026-01-01T00:00:00.000Z",
    deadline_at: "2026-01-01T00:02:00.000Z",
    ended_at: null,
    cancel_requested: false,
    text: "",
    answer: null,
    error: null,
    usage: null,
    ...rest,
  };
}
