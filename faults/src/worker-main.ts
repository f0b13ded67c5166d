import { setTimeout as delay } from "node:timers/promises";
import { claim, piecesOf, questionOf, report, type WorkerHabits, type WorkerLink } from "./worker.ts";

const tell = (word: string): void => void process.stdout.write(`${word}\n`);

/**
 * A worker as a process of its own, which prints where it is, a word per line, so that it can be killed or paused there:
 * `claimed`, `said`, `completing`, then the status of its last report. Arguments: address, name, lease in milliseconds.
 */
async function main([url = "", name = "worker", leaseMs = "2000"]: string[]): Promise<void> {
  const link: WorkerLink = { urls: [url], pick: () => url };
  const habits: WorkerHabits = { name, leaseMs: Number(leaseMs), pieces: 3, pauseMs: 0 };
  tell("ready");
  for (;;) {
    const [run] = await claim(link, habits);
    if (run === undefined) continue;
    tell(`claimed ${run.run_id}`);
    await delay(300);
    const pieces = piecesOf(questionOf(run), habits.pieces);
    for (const [index, text] of pieces.entries()) {
      const said = await report(link, run, {
        verb: "append",
        body: { seq: index + 1, text, lease_ms: habits.leaseMs },
      });
      tell(`said ${index + 1} ${said.status}`);
      await delay(200);
    }
    tell("completing");
    const done = await report(link, run, { verb: "complete", body: { text: pieces.join("") } });
    tell(`completed ${done.status} ${(done.body as { code?: string } | null)?.code ?? ""}`);
  }
}

await main(process.argv.slice(2));
