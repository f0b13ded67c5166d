import type { TextStorage } from "../../../lib/storage.ts";

/** Drafts belong to a person and a dialog, so that the next person on this device does not see them. */
export interface DraftKey {
  userId: number;
  dialogId: number;
}

/** A message that is being sent. Stored until the server has it, and sent under the same id on every attempt. */
export interface Outgoing {
  clientMessageId: string;
  text: string;
}

const draftKey = ({ userId, dialogId }: DraftKey): string => `draft.${userId}.${dialogId}`;
const outgoingKey = ({ userId, dialogId }: DraftKey): string => `outgoing.${userId}.${dialogId}`;

export function readDraft(storage: TextStorage, key: DraftKey): string {
  return storage.read(draftKey(key)) ?? "";
}

export function writeDraft(storage: TextStorage, key: DraftKey, text: string): void {
  if (text === "") storage.remove(draftKey(key));
  else storage.write(draftKey(key), text);
}

function isOutgoing(value: unknown): value is Outgoing {
  return (
    typeof value === "object" &&
    value !== null &&
    "clientMessageId" in value &&
    typeof value.clientMessageId === "string" &&
    "text" in value &&
    typeof value.text === "string"
  );
}

export function readOutgoing(storage: TextStorage, key: DraftKey): Outgoing | null {
  const stored = storage.read(outgoingKey(key));
  if (stored === null) return null;
  try {
    const value: unknown = JSON.parse(stored);
    return isOutgoing(value) ? value : null;
  } catch {
    return null;
  }
}

export function writeOutgoing(storage: TextStorage, key: DraftKey, outgoing: Outgoing | null): void {
  if (outgoing === null) storage.remove(outgoingKey(key));
  else storage.write(outgoingKey(key), JSON.stringify(outgoing));
}

function isDraftOrOutgoing(name: string): boolean {
  return name.startsWith("draft.") || name.startsWith("outgoing.");
}

/** Removes the draft and the outgoing message of one dialog, or those of all people and dialogs. */
export function clearDrafts(storage: TextStorage, key?: DraftKey): void {
  const names = key === undefined ? storage.keys().filter(isDraftOrOutgoing) : [draftKey(key), outgoingKey(key)];
  for (const name of names) storage.remove(name);
}
