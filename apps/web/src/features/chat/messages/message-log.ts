import type { Outputs } from "@deepbot/api";
import { isOpen as isOpenState, type WireRun } from "@deepbot/contract";

type Page = Outputs["messages"]["list"];
export type Message = Page["messages"][number];
export type MessageRun = NonNullable<Message["run"]>;
export type Run = WireRun;

/** The loaded messages of a dialog: its newest ones without gaps, oldest first. */
export interface MessageLog {
  messages: readonly Message[];
  /** The `before` of the next page of older messages; null when there are none. */
  nextBefore: number | null;
}

export function isOpen(run: MessageRun | null): run is MessageRun {
  return run !== null && isOpenState(run.state);
}

/**
 * The later of two states of a question's run. Responses can arrive out of order, but an end is final, and a retry has
 * a higher run id.
 */
function laterRun(current: MessageRun | null, incoming: MessageRun | null): MessageRun | null {
  if (current === null || incoming === null) return incoming ?? current;
  if (current.run_id !== incoming.run_id) return current.run_id > incoming.run_id ? current : incoming;
  return !isOpen(current) && isOpen(incoming) ? current : incoming;
}

/** The incoming message, or the current object if nothing changed, so that memoized components do not render again. */
function reconcile(current: Message | undefined, incoming: Message): Message {
  if (current === undefined || current.message_id !== incoming.message_id) return incoming;
  const run = laterRun(current.run, incoming.run);
  const isSame =
    current.content === incoming.content &&
    current.partial === incoming.partial &&
    current.run?.run_id === run?.run_id &&
    current.run?.state === run?.state &&
    current.run?.reason === run?.reason;
  return isSame ? current : { ...incoming, run };
}

/**
 * Merges the newest page into the log. Messages are never deleted one by one, so messages beyond the page were stored
 * after the server read it.
 */
export function mergeNewest(log: MessageLog | undefined, page: Page): MessageLog {
  const [first] = page.messages;
  const last = page.messages.at(-1);
  if (log === undefined || first === undefined || last === undefined) {
    return log ?? { messages: page.messages, nextBefore: page.next_before };
  }
  const current = new Map(log.messages.map((message) => [message.seq, message]));
  const messages = page.messages.map((message) => reconcile(current.get(message.seq), message));
  const isAdjacent = log.messages.some(({ seq }) => seq >= first.seq - 1);
  if (!isAdjacent) return { messages, nextBefore: page.next_before };
  const older = log.messages.filter(({ seq }) => seq < first.seq);
  const newer = log.messages.filter(({ seq }) => seq > last.seq);
  return {
    messages: [...older, ...messages, ...newer],
    nextBefore: older.length === 0 ? page.next_before : log.nextBefore,
  };
}

/** Prepends a page of older messages. Ignores it if the log has been replaced since the page was requested. */
export function mergeOlder(log: MessageLog, before: number, page: Page): MessageLog {
  if (log.nextBefore !== before) return log;
  return { messages: [...page.messages, ...log.messages], nextBefore: page.next_before };
}

function withMessage(log: MessageLog, message: Message): MessageLog {
  const isKnown = log.messages.some(({ message_id }) => message_id === message.message_id);
  return isKnown ? log : { ...log, messages: [...log.messages, message] };
}

/** Adds the question of a run that was just started. */
export function addQuestion(log: MessageLog, run: Run, text: string): MessageLog {
  const question: Message = {
    message_id: run.question_id,
    seq: (log.messages.at(-1)?.seq ?? 0) + 1,
    role: "user",
    content: text,
    created_at: run.created_at,
    partial: false,
    run: null,
  };
  return applyRun(withMessage(log, question), run);
}

/** Takes a run's state into its question and adds its answer, if there is one. */
export function applyRun(log: MessageLog, run: Run): MessageLog {
  const question = log.messages.find(({ message_id }) => message_id === run.question_id);
  if (question === undefined) return log;
  const incoming = { run_id: run.run_id, state: run.state, reason: run.error?.message ?? null };
  const updated = { ...question, run: laterRun(question.run, incoming) };
  const messages = log.messages.map((message) => (message === question ? updated : message));
  if (run.answer === null) return { ...log, messages };
  return withMessage(
    { ...log, messages },
    {
      message_id: run.answer.message_id,
      seq: (messages.at(-1)?.seq ?? 0) + 1,
      role: "bot",
      content: run.answer.content,
      created_at: run.ended_at ?? run.created_at,
      partial: run.state === "cancelled",
      run: null,
    },
  );
}

/** The question that is waiting for its answer, if there is one. */
export function findOpenQuestion({ messages }: MessageLog): Message | undefined {
  return messages.findLast(({ run }) => isOpen(run));
}
