import { errorMessage, isOpen } from "@deepbot/contract";
import type { ChatTransport, UIMessage, UIMessageChunk } from "ai";
import { subscribeRun } from "../subscribe-run.ts";
import type { Client, WireRun } from "../wire.ts";

function textOf(message: UIMessage | undefined): string {
  return (message?.parts ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
}

function dialogIdOf(chatId: string): number {
  if (/^\d+$/.test(chatId)) return Number(chatId);
  throw new TypeError("The id of the chat must be the id of a dialog.");
}

/** The newest run of a dialog. */
async function findRun(client: Client, chatId: string): Promise<Pick<WireRun, "run_id" | "state"> | null> {
  const { messages } = await client.messages.list.query({ dialog_id: dialogIdOf(chatId), limit: 3 });
  return messages.findLast(({ run }) => run !== null)?.run ?? null;
}

function endOf({ state, error }: WireRun): UIMessageChunk {
  if (state === "completed") return { type: "finish", finishReason: "stop" };
  if (state === "cancelled") return { type: "abort" };
  const code = state === "expired" ? "answer_deadline" : "answer_failed";
  return { type: "error", errorText: error?.message ?? errorMessage(code, "en") };
}

/** The answer of a run from its beginning. A reader that cancels the stream leaves the run as it is. */
function streamRun(client: Client, runId: number, onEnd: () => void): ReadableStream<UIMessageChunk> {
  const reading = new AbortController();
  let part = 0;
  let shown = "";
  const start = async (controller: ReadableStreamDefaultController<UIMessageChunk>): Promise<void> => {
    const show = (text: string): void => {
      // Another attempt began anew. Text that a message has shown cannot be taken back, so the new text becomes a part of its own.
      if (!text.startsWith(shown)) endPart();
      if (text === shown) return;
      if (shown === "") controller.enqueue({ type: "text-start", id: String((part += 1)) });
      controller.enqueue({ type: "text-delta", id: String(part), delta: text.slice(shown.length) });
      shown = text;
    };
    const endPart = (): void => {
      if (shown !== "") controller.enqueue({ type: "text-end", id: String(part) });
      shown = "";
    };
    controller.enqueue({ type: "start", messageId: `run-${runId}` });
    const { signal } = reading;
    const run = await subscribeRun(client, { runId, signal, onProgress: ({ text }) => show(text) });
    onEnd();
    show(run.answer?.content ?? shown);
    endPart();
    controller.enqueue(endOf(run));
    controller.close();
  };
  return new ReadableStream({ start, cancel: () => reading.abort() });
}

/**
 * Connects `useChat` of the AI SDK with a dialog; the id of the chat is the id of the dialog. `stop` cancels the run, `resume`
 * shows an answer that is being written from its beginning, `regenerate` asks the last question again if it has no answer.
 */
export function createChatTransport(client: Client): ChatTransport<UIMessage> {
  /** Of each chat, the signal of its newest request. */
  const newest = new Map<string, AbortSignal | undefined>();

  const open = (chatId: string, runId: number, signal?: AbortSignal): ReadableStream<UIMessageChunk> => {
    const cancel = (): void => {
      // A component that is mounted twice aborts its first request as it makes the second.
      if (newest.get(chatId) !== signal) return;
      // Without it the answer is written to its end, and found in the dialog.
      client.runs.cancel.mutate({ run_id: runId }).catch(() => undefined);
    };
    const abort = (): void => void setTimeout(cancel, 0);
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    return streamRun(client, runId, () => signal?.removeEventListener("abort", abort));
  };

  return {
    resumeStreamIsReplay: true,
    sendMessages: async ({ trigger, chatId, messages, abortSignal: signal }) => {
      newest.set(chatId, signal);
      const dialog_id = dialogIdOf(chatId);
      const earlier = trigger === "regenerate-message" ? await findRun(client, chatId) : null;
      const { run_id } =
        earlier === null
          ? await client.runs.start.mutate({ dialog_id, text_user: textOf(messages.at(-1)) })
          : await client.runs.retry.mutate({ run_id: earlier.run_id });
      return open(chatId, run_id, signal);
    },
    reconnectToStream: async ({ chatId, abortSignal: signal }) => {
      newest.set(chatId, signal);
      const run = await findRun(client, chatId);
      return run === null || !isOpen(run.state) ? null : open(chatId, run.run_id, signal);
    },
  };
}
