import { setTimeout as delay } from "node:timers/promises";
import { claim, piecesOf, questionOf, report, type WorkerHabits, type WorkerLink } from "./worker.ts";

const print = (word: string): void => void process.stdout.write(`${word}\n`);

/**
 * A worker as a process of its own. It prints its progress, one line for each step, so that a scenario can kill or pause it
 * there: `claimed`, `appended`, `completing`, `completed` with the status. Arguments: address, name, lease and pause between
 * two steps, both in milliseconds, and its service key, if it has one of its own.
 */
async function main([url = "", name = "worker", leaseMs = "2000", pauseMs = "200", key]: string[]): Promise<void> {
  const link: WorkerLink = { urls: [url], pick: () => url, key };
  const habits: WorkerHabits = { name, leaseMs: Number(leaseMs), pieces: 3, pauseMs: 0 };
  print("ready");
  for (;;) {
    const [run] = await claim(link, habits);
    if (run === undefined) continue;
    print(`claimed ${run.run_id}`);
    await delay(Number(pauseMs));
    const pieces = piecesOf(questionOf(run), habits.pieces);
    for (const [index, text] of pieces.entries()) {
      const reply = await report(link, run, {
        verb: "append",
        body: { seq: index + 1, text, lease_ms: habits.leaseMs },
      });
      print(`appended ${index + 1} ${reply.status}`);
      await delay(Number(pauseMs));
    }
    print("completing");
    const done = await report(link, run, { verb: "complete", body: { text: pieces.join("") } });
    print(`completed ${done.status} ${(done.body as { code?: string } | null)?.code ?? ""}`);
  }
}

await main(process.argv.slice(2));
