import type { Outputs } from "@deepbot/api";

type Page = Outputs["messages"]["list"];
export type Message = Page["messages"][number];
export type MessageRun = NonNullable<Message["run"]>;
export type Run = Outputs["runs"]["get"];

/** What this page knows of a dialog: its newest messages without gaps, oldest first. */
export interface MessageLog {
  messages: readonly Message[];
  /** Where the page of older messages begins; null when there are none. */
  nextBefore: number | null;
}

export function isOpen(run: MessageRun | null): boolean {
  return run?.state === "queued" || run?.state === "running";
}

/** Of two reports on a question's run the later one, whichever arrived last: an end is final, a retry has a higher id. */
function laterRun(known: MessageRun | null, told: MessageRun | null): MessageRun | null {
  if (known === null || told === null) return told ?? known;
  if (known.run_id !== told.run_id) return known.run_id > told.run_id ? known : told;
  return !isOpen(known) && isOpen(told) ? known : told;
}

/** The told message; the known object itself where it says the same, for components to see that nothing changed. */
function reconcile(known: Message | undefined, told: Message): Message {
  if (known === undefined || known.message_id !== told.message_id) return told;
  const run = laterRun(known.run, told.run);
  const isSame =
    known.content === told.content &&
    known.partial === told.partial &&
    known.run?.run_id === run?.run_id &&
    known.run?.state === run?.state &&
    known.run?.reason === run?.reason;
  return isSame ? known : { ...told, run };
}

/** Takes in the newest page. Messages never vanish, so what goes beyond the page was stored after it was made. */
export function mergeNewest(log: MessageLog | undefined, page: Page): MessageLog {
  const [first] = page.messages;
  const last = page.messages.at(-1);
  if (log === undefined || first === undefined || last === undefined) {
    return log ?? { messages: page.messages, nextBefore: page.next_before };
  }
  const known = new Map(log.messages.map((message) => [message.seq, message]));
  const messages = page.messages.map((message) => reconcile(known.get(message.seq), message));
  const isAdjacent = log.messages.some(({ seq }) => seq >= first.seq - 1);
  if (!isAdjacent) return { messages, nextBefore: page.next_before };
  const older = log.messages.filter(({ seq }) => seq < first.seq);
  const newer = log.messages.filter(({ seq }) => seq > last.seq);
  return {
    messages: [...older, ...messages, ...newer],
    nextBefore: older.length === 0 ? page.next_before : log.nextBefore,
  };
}

/** Puts a page of older messages in front. One that does not fit any more, because the log begins elsewhere, is left. */
export function mergeOlder(log: MessageLog, before: number, page: Page): MessageLog {
  if (log.nextBefore !== before) return log;
  return { messages: [...page.messages, ...log.messages], nextBefore: page.next_before };
}

function withMessage(log: MessageLog, message: Message): MessageLog {
  const isKnown = log.messages.some(({ message_id }) => message_id === message.message_id);
  return isKnown ? log : { ...log, messages: [...log.messages, message] };
}

/** The question that a run has just been started for. */
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

/** What is known of a run now: its question's state, and its answer if there is one. */
export function applyRun(log: MessageLog, run: Run): MessageLog {
  const question = log.messages.find(({ message_id }) => message_id === run.question_id);
  if (question === undefined) return log;
  const told = { run_id: run.run_id, state: run.state, reason: run.error?.message ?? null };
  const updated = { ...question, run: laterRun(question.run, told) };
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

/** The question that awaits its answer, if there is one. It is the newest. */
export function findOpenQuestion({ messages }: MessageLog): Message | undefined {
  return messages.findLast(({ run }) => isOpen(run));
}
