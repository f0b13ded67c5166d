import { useState } from "react";
import { useAppServices } from "../../../app/app-services.ts";
import { readDraft, writeDraft, type DraftKey } from "./drafts.ts";

/** The text in the message field, which survives a reload. */
export function useDraft(key: DraftKey): [text: string, setText: (text: string) => void] {
  const { storage } = useAppServices();
  const [text, setText] = useState(() => readDraft(storage, key));
  return [
    text,
    (next) => {
      setText(next);
      writeDraft(storage, key, next);
    },
  ];
}
