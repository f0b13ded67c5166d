import type { Inputs, Outputs } from "@deepbot/api";
import type { Client } from "./client.ts";

export type Run = Outputs["runs"]["get"];

/** Shows an answer while it is made, and calls `onWords` after each piece with how many words there are. */
export async function showAnswer(
  client: Client,
  question: Inputs["runs"]["start"],
  { write, onWords }: { write: (text: string) => void; onWords: (words: number, runId: number) => void },
): Promise<Run> {
  const { run_id: runId } = await client.runs.start.mutate(question);
  let text = "";
  const grow = (piece: string): void => {
    text += piece;
    write(piece.replaceAll(/\n+/g, " "));
    onWords(text.split(/\s+/).length, runId);
  };
  return new Promise((resolve, reject) => {
    const subscription = client.runs.watch.subscribe(
      { run_id: runId },
      {
        onError: reject,
        onData: ({ data }) => {
          if (data.type === "delta" || data.type === "snapshot") grow(data.text);
          if (data.type === "reset" && text !== "") {
            text = "";
            write("\n       … another worker begins anew:\n       ");
          }
          if (data.type !== "end") return;
          subscription.unsubscribe();
          resolve(data.run);
        },
      },
    );
  });
}
