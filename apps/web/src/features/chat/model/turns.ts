import type { Message } from "./message-log.ts";

/** A question and what was said to it. A bot that speaks unasked has a turn without a question. */
export interface Turn {
  /** Stays the same while answers come. */
  key: number;
  question: Message | null;
  /** More than one when the question was asked again after a part of an answer, or the bot went on unasked. */
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

/** Whether two turns show the same. Messages that say the same are the same objects. */
export function isSameTurn(a: Pick<Turn, "question" | "answers">, b: Pick<Turn, "question" | "answers">): boolean {
  return (
    a.question === b.question &&
    a.answers.length === b.answers.length &&
    a.answers.every((answer, index) => answer === b.answers[index])
  );
}
