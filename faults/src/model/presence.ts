import { setTimeout as delay } from "node:timers/promises";
import { until } from "@deepbot/testing";
import { operatorName } from "../cluster/cluster.ts";
import { createDialog, newQuestion, send, signIn, type Member } from "../people/people.ts";
import type { Scene } from "../scene.ts";
import { callOnce, type Reply } from "../support/http.ts";
import type { RunBody } from "../watching/watcher.ts";
import type { ClaimedRun } from "../workers/worker.ts";
import { longMs, slugs } from "./requests.ts";

/** Within which all servers know of a worker that came or left. */
const knownWithinMs = 15_000;
/** A worker that holds a run counts for 25 seconds after each report, at whatever server. */
const heartbeatMs = 1_000;

/** An assistant whose workers come and go, while the model's requests are sent. */
const seldom = "seldom";

async function claimAt(url: string, assistant: string, habits: object): Promise<ClaimedRun | undefined> {
  const body = { max: 1, wait_ms: 0, lease_ms: longMs, assistants: [assistant], ...habits };
  const reply: Reply<{ runs: ClaimedRun[] }> = await callOnce(url, { path: "/worker/claim", asWorker: true, body });
  if (reply.status !== 200) throw new Error(`A claim got ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body.runs[0];
}

async function report(
  url: string,
  run: ClaimedRun,
  { verb, fields = {} }: { verb: string; fields?: object },
): Promise<void> {
  const body = { lease_token: run.lease_token, ...fields };
  const reply = await callOnce(url, { path: `/worker/runs/${run.run_id}/${verb}`, asWorker: true, body });
  if (reply.status !== 200) throw new Error(`${verb} got ${reply.status} ${JSON.stringify(reply.body)}`);
}

/** Whether a fallback worker gets a run. It gives the run back. */
async function isGivenToFallback(url: string, assistant: string): Promise<boolean> {
  const run = await claimAt(url, assistant, { worker: "presence-fallback", fallback: true });
  if (run !== undefined) await report(url, run, { verb: "release" });
  return run !== undefined;
}

/** @param isGiven what every server is to come to */
async function awaitFallback(urls: readonly string[], assistant: string, isGiven: boolean): Promise<void> {
  const isReached = async (url: string): Promise<boolean> => (await isGivenToFallback(url, assistant)) === isGiven;
  const what = isGiven ? "fallback workers get runs" : "fallback workers get no run";
  for (const url of urls) await until(`${what} of ${assistant} at ${url}`, () => isReached(url), knownWithinMs);
}

async function ask(scene: Scene, member: Member, assistant: string): Promise<RunBody | undefined> {
  return send(scene, newQuestion(scene, member, await createDialog(scene, member, assistant)));
}

/** Makes the assistants of the model. */
export async function createAssistants(scene: Scene): Promise<void> {
  const { cookie } = await signIn(scene, operatorName);
  for (const slug of [slugs.unserved, slugs.offline, seldom]) {
    const body = { slug, name: slug };
    const reply = await callOnce(scene.cluster.urls[0] ?? "", { path: "/operator/assistants", body, cookie });
    if (reply.status >= 300) throw new Error(`Assistant ${slug} could not be made: ${reply.status}`);
  }
}

/** A worker that holds a run and gives signs of life, so that its assistant is served. */
export interface BusyWorker {
  stop: () => Promise<void>;
}

/** Starts a worker, and waits until no server gives the runs of its assistant to fallback workers. */
export async function startBusyWorker(scene: Scene, assistant: string): Promise<BusyWorker> {
  const { urls } = scene.cluster;
  const member = await signIn(scene);
  await ask(scene, member, assistant);
  const run = await claimAt(urls[0] ?? "", assistant, { worker: `busy-${assistant}` });
  if (run === undefined) throw new Error(`The worker of ${assistant} got nothing.`);
  const stopping = new AbortController();
  const beat = async (): Promise<void> => {
    for (let beats = 0; !stopping.signal.aborted; beats += 1) {
      await report(urls[beats % urls.length] ?? "", run, { verb: "heartbeat", fields: { lease_ms: longMs } });
      await delay(heartbeatMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const beating = beat().catch((error: unknown) => scene.fault(`F23 the busy worker: ${String(error)}`));
  const stop = async (): Promise<void> => {
    stopping.abort();
    await beating;
    await report(urls[0] ?? "", run, { verb: "complete", fields: { text: "done" } });
  };
  try {
    const probe = await ask(scene, member, assistant);
    await awaitFallback(urls, assistant, false);
    await callOnce(urls[0] ?? "", { path: `/runs/${probe?.run_id}/cancel`, cookie: member.cookie });
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** A fallback worker gets runs at every server before another worker came, and after it has left. */
export async function tryComeAndGo(scene: Scene): Promise<void> {
  const { urls } = scene.cluster;
  await ask(scene, await signIn(scene), seldom);
  for (const url of urls) {
    if (!(await isGivenToFallback(url, seldom))) scene.fault(`F23 a fallback worker alone got nothing at ${url}`);
  }
  const worker = await startBusyWorker(scene, seldom);
  await worker.stop();
  await awaitFallback(urls, seldom, true);
}
