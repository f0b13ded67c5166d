import type { TextStorage } from "../../lib/storage.ts";

/** Whose text, in which dialog: the next person on this device gets nothing of it. */
export interface TextKey {
  userId: number;
  dialogId: number;
}

/** A message on its way: kept until the platform has taken it, and sent under one id however often. */
export interface Outgoing {
  clientMessageId: string;
  text: string;
}

const draftKey = ({ userId, dialogId }: TextKey): string => `draft.${userId}.${dialogId}`;
const outgoingKey = ({ userId, dialogId }: TextKey): string => `outgoing.${userId}.${dialogId}`;

export function readDraft(storage: TextStorage, key: TextKey): string {
  return storage.read(draftKey(key)) ?? "";
}

export function writeDraft(storage: TextStorage, key: TextKey, text: string): void {
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

export function readOutgoing(storage: TextStorage, key: TextKey): Outgoing | null {
  const stored = storage.read(outgoingKey(key));
  if (stored === null) return null;
  try {
    const value: unknown = JSON.parse(stored);
    return isOutgoing(value) ? value : null;
  } catch {
    return null;
  }
}

export function writeOutgoing(storage: TextStorage, key: TextKey, outgoing: Outgoing | null): void {
  if (outgoing === null) storage.remove(outgoingKey(key));
  else storage.write(outgoingKey(key), JSON.stringify(outgoing));
}

function isText(name: string): boolean {
  return name.startsWith("draft.") || name.startsWith("outgoing.");
}

/** Forgets the texts of one dialog, or of all. */
export function forgetTexts(storage: TextStorage, key?: TextKey): void {
  const names = key === undefined ? storage.keys().filter(isText) : [draftKey(key), outgoingKey(key)];
  for (const name of names) storage.remove(name);
}
