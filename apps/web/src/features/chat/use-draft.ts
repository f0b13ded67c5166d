import { useState } from "react";
import { useServices } from "../../app/services.ts";
import { readDraft, writeDraft, type TextKey } from "./kept-texts.ts";

/** What is being written in a dialog: it is there again after a reload. */
export function useDraft(key: TextKey): [text: string, setText: (text: string) => void] {
  const { storage } = useServices();
  const [text, setText] = useState(() => readDraft(storage, key));
  return [
    text,
    (next) => {
      setText(next);
      writeDraft(storage, key, next);
    },
  ];
}
