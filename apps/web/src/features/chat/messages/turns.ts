import type { Message } from "./message-log.ts";

/** A question and its answers. A message that the bot sent unasked is a turn without a question. */
export interface Turn {
  /** React key. Does not change when answers are added. */
  key: number;
  question: Message | null;
  /** More than one if a stopped question was asked again, or the bot sent another message unasked. */
  answers: readonly Message[];
}

export function turnsOf(messages: readonly Message[]): Turn[] {
  const turns: (Turn & { answers: Message[] })[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (message.role === "user") turns.push({ key: message.message_id, question: message, answers: [] });
    else if (last !== undefined) last.answers.push(message);
    else turns.push({ key: message.message_id, question: null, answers: [message] });
  }
  return turns;
}

/** Whether two turns look the same. Unchanged messages keep their objects. */
export function isSameTurn(a: Pick<Turn, "question" | "answers">, b: Pick<Turn, "question" | "answers">): boolean {
  return (
    a.question === b.question &&
    a.answers.length === b.answers.length &&
    a.answers.every((answer, index) => answer === b.answers[index])
  );
}
