import { limits } from "@deepbot/contract";
import type { DialogKey, NumberedMessage, Statements } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { Pages } from "../shared/json-stream.ts";

/** Rows in one statement: few enough to keep it short, many enough to need few of them. */
const pageSize = { limit: 500, maxBytes: limits.pageMaxBytes };

type ListMessages = Pick<Statements, "listMessages">;

/**
 * Reads the messages of a dialog in short statements without a lock, oldest first. It ends with the message that is the
 * newest at the first page. Undefined when the user has no such dialog.
 *
 * @throws {AppError} `dialog_not_found` from a later page, when the dialog was deleted meanwhile
 */
export async function readHistory(
  { listMessages }: ListMessages,
  dialog: DialogKey,
): Promise<Pages<NumberedMessage> | undefined> {
  const first = await listMessages({ ...dialog, ...pageSize, after: 0 });
  if (first === undefined) return undefined;
  const { lastSeq } = first;

  async function* read(messages: NumberedMessage[]): AsyncGenerator<NumberedMessage[], void, undefined> {
    for (let page = messages; ;) {
      yield page;
      const seq = page.at(-1)?.seq ?? lastSeq;
      if (seq >= lastSeq) return;
      const next = await listMessages({ ...dialog, ...pageSize, after: seq });
      if (next === undefined) throw new AppError("dialog_not_found");
      page = next.messages;
    }
  }
  return read(first.messages);
}
