import { sql } from "@deepbot/db/testing";
import { callOnce, type Reply } from "../support/http.ts";
import { createDialog, signIn, type Member } from "../people/people.ts";
import type { Scene } from "../scene.ts";
import { findReplyFault, findStoredFault } from "./compare.ts";
import type { LiveWatch } from "./live-watch.ts";
import { addDialog, createModel, type Assistant, type Model } from "./model.ts";
import { callOf, longestMs, longMs, slugs, type Request } from "./requests.ts";
import { step } from "./steps.ts";

const maxAttempts = 2;

/** The real servers, as one person and the workers use them. */
export interface World {
  scene: Scene;
  member: Member;
  watches: Map<number, LiveWatch>;
  call: (request: Request, replica: number) => Promise<Reply>;
  /** On the clock of `performance`. Cases that would start later count as passed, so that a search ends. */
  limitAt: number;
  /** Number of cases that ran. */
  tried: number;
}

/** Restarts the servers, which have seen no worker then, with intervals that are longer than a run of the model. */
export async function startSlowServers({ cluster }: Scene): Promise<void> {
  const env = {
    RUN_MAX_ATTEMPTS: String(maxAttempts),
    RETRY_BACKOFF_MS: String(longMs),
    CANCEL_GRACE_MS: String(longMs),
    ANSWER_DEADLINE_MS: String(longMs),
    ANSWER_MAX_MS: String(longestMs),
  };
  await Promise.all(cluster.replicas.map((replica) => replica.stop()));
  // Workers of other scenarios would count for half a minute.
  await cluster.inspector.rows(sql`delete from workers`);
  await Promise.all(cluster.replicas.map((replica) => replica.start(env)));
}

export async function openWorld(scene: Scene): Promise<World> {
  const member = await signIn(scene);
  return {
    scene,
    member,
    watches: new Map(),
    limitAt: Infinity,
    tried: 0,
    call: (request, replica) =>
      callOnce(scene.cluster.urls[replica % scene.cluster.urls.length] ?? "", callOf(request, member.cookie)),
  };
}

/** Creates a dialog with each of the assistants. */
export async function openDialogs(
  { scene, member }: World,
  model: Model,
  assistants: readonly Assistant[],
): Promise<void> {
  const opening = assistants.map(async (assistant) => ({
    assistant,
    dialogId: await createDialog(scene, member, slugs[assistant]),
  }));
  for (const { dialogId, assistant } of await Promise.all(opening)) addDialog(model, dialogId, assistant);
}

/** Sends one request and applies it to the model. @throws when the reply differs from the model's */
export async function checkRequest(
  world: World,
  model: Model,
  { request, replica }: { request: Request; replica: number },
): Promise<void> {
  const reply = await world.call(request, replica);
  const fault = findReplyFault(model, step(model, request, reply), reply);
  if (fault !== undefined) throw new Error(`${JSON.stringify(request)} ${fault}`);
}

/** @throws when a watcher lacks events, or the database differs from the model */
export async function checkEnd(world: World, model: Model): Promise<void> {
  for (const [runId, watch] of world.watches) {
    const fault = await watch.catchUp(model.runs.get(runId));
    if (fault !== undefined) throw new Error(`At the end ${fault}`);
  }
  const fault = await findStoredFault(world.scene.cluster.inspector, [model]);
  if (fault !== undefined) throw new Error(`At the end ${fault}`);
}

async function clearWorld(world: World, model: Model): Promise<void> {
  await Promise.all(Array.from(world.watches.values(), (watch) => watch.drop()));
  world.watches.clear();
  await Promise.all(model.dialogIds.map((dialogId) => world.call({ kind: "delete", dialogId }, 0)));
}

/** Runs one case in dialogs of its own, and deletes them. */
export async function tryCase(
  world: World,
  assistants: readonly Assistant[],
  work: (model: Model) => Promise<void>,
): Promise<void> {
  if (performance.now() > world.limitAt) return;
  world.tried += 1;
  const model = createModel(maxAttempts);
  await openDialogs(world, model, assistants);
  try {
    await work(model);
  } finally {
    await clearWorld(world, model);
  }
}
