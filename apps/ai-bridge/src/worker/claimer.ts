import type { WorkerConfig } from "../config.ts";
import type { Log } from "@deepbot/runtime";
import { callSignal, type ClaimedRun, type Platform } from "../platform/client.ts";
import { troubleOf, type Trouble } from "../platform/trouble.ts";
import { createBackoff } from "./backoff.ts";
import { pause } from "./pause.ts";

/** The longest the platform keeps a claim waiting. */
const waitMs = 25_000;

/** After trouble a first claim waits only this long: its answer tells soon that the platform is back. */
const probeMs = 500;

/** How long an answer may take beyond the wait that was asked for. */
const marginMs = 10_000;

/**
 * Takes up to `max` runs, waiting for the first. Never throws: when the platform is away it pauses and returns an empty
 * list. Runs that were on their way in the very moment of the stop stay leased until their lease runs out.
 */
export type Claimer = (max: number, stop: AbortSignal) => Promise<ClaimedRun[]>;

interface ClaimerDeps {
  platform: Platform;
  worker: WorkerConfig;
  log: Log;
}

/** Tells the log when the way to the platform opens or closes, not at each try. */
function createContact(log: Log): { lost: (trouble: Trouble) => void; made: () => void; isMade: () => boolean } {
  let state = "unknown";
  return {
    lost: ({ kind, code }) => {
      if (state === code) return;
      state = code;
      const fields = { event: "platform_away", reason: code };
      if (kind === "away") log.warn(fields, `The platform is away (${code}); waiting for it`);
      else log.error(fields, `The platform refuses to give work (${code}); check API_KEY_AI and the settings`);
    },
    made: () => {
      if (state === "made") return;
      state = "made";
      log.info({ event: "platform_there" }, "The platform is there; waiting for questions");
    },
    isMade: () => state === "made",
  };
}

/** One long poll; undefined when the server sent it away before its time. */
async function poll(
  max: number,
  { platform, worker }: ClaimerDeps,
  { ms, stop }: { ms: number; stop: AbortSignal },
): Promise<ClaimedRun[] | undefined> {
  const startedAt = performance.now();
  const { runs } = await platform.worker.claim.mutate(
    { worker: worker.name, max, wait_ms: ms, lease_ms: worker.leaseMs, history_limit: worker.historyLimit },
    { signal: callSignal(ms + marginMs, stop) },
  );
  return runs.length === 0 && performance.now() - startedAt < ms / 2 ? undefined : runs;
}

/** Claims by long polls. */
export function createClaimer(deps: ClaimerDeps): Claimer {
  const backoff = createBackoff({ minMs: 100, maxMs: 5_000 });
  const contact = createContact(deps.log);

  return async (max, stop) => {
    try {
      const runs = await poll(max, deps, { ms: contact.isMade() ? waitMs : probeMs, stop });
      // A server that is about to stop sends waiters away early: asking it again at once would be a busy loop.
      if (runs !== undefined) {
        contact.made();
        backoff.reset();
        return runs;
      }
    } catch (error) {
      if (stop.aborted) return [];
      contact.lost(troubleOf(error));
    }
    await pause(backoff.nextMs(), stop);
    return [];
  };
}
