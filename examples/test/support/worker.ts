import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild, testKeys, until, type Child, type Person } from "@deepbot/testing";
import { onTestFinished } from "vitest";

const folder = fileURLToPath(new URL("../../python-worker/", import.meta.url));
const ownModel = fileURLToPath(new URL("own-model.py", import.meta.url));

type Mode = "original" | "runs";

/** What `own-model.py` offers in place of the sample's own model. */
type Model = "waits_for_gate" | "thinks_past_its_lease" | "breaks_once" | "says_too_much";

/** A file whose existence a model waits for or remembers by. */
export interface Gate {
  path: string;
  open: () => Promise<void>;
}

/** Makes a gate, closed. It goes away with the test. */
export async function createGate(): Promise<Gate> {
  const parent = await mkdtemp(join(tmpdir(), "deepbot-gate-"));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const path = join(parent, "gate");
  return { path, open: () => writeFile(path, "") };
}

export interface WorkerOptions {
  serverUrl: string;
  mode?: Mode;
  key?: string;
  /** Another model than the sample's own, with what it needs. */
  model?: { name: Model; gate: Gate; leaseMs?: number };
}

/** Starts the sample worker. It is killed with the test unless it has ended by then. */
export function startWorker({ serverUrl, mode = "runs", key = testKeys.messages, model }: WorkerOptions): Child {
  const child = startChild("python3", {
    args: [model === undefined ? join(folder, "worker.py") : ownModel, mode],
    env: {
      DEEPBOT_URL: serverUrl,
      API_KEY_AI: key,
      PYTHONPATH: folder,
      PYTHONDONTWRITEBYTECODE: "1",
      ...(model && { MODEL: model.name, GATE: model.gate.path }),
      ...(model?.leaseMs && { LEASE_MS: String(model.leaseMs) }),
    },
  });
  onTestFinished(() => child.kill());
  return child;
}

/** Waits until a worker has said something. */
export async function untilSaid(worker: Child, text: string | RegExp): Promise<void> {
  const said = (): boolean => new RegExp(text).test(worker.output());
  await until(`the worker says ${String(text)}`, said).catch((error: unknown) => {
    throw new Error(`The worker said:\n${worker.output()}`, { cause: error });
  });
}

export async function createDialog(person: Person, name = "a dialog"): Promise<number> {
  const { body } = await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: name });
  return body.dialog;
}

/** Sends a message the way that waits, and returns the answer. */
export async function askAndWait(person: Person, dialogId: number, text: string): Promise<unknown> {
  const { body } = await person.call("POST", "/send/message/ai", { dialog_id: dialogId, text_user: text });
  return body;
}

export interface Run {
  run_id: number;
  state: string;
  attempt: number;
  answer: { content: string } | null;
  error: { code: string } | null;
}

/** Sends a message without waiting, and returns its run. */
export async function ask(person: Person, dialogId: number, text: string): Promise<Run> {
  return (await person.call<Run>("POST", `/dialogs/${dialogId}/runs`, { text_user: text })).body;
}

export async function readRun(person: Person, { run_id }: Run): Promise<Run> {
  return (await person.call<Run>("GET", `/runs/${run_id}`)).body;
}

/** Waits until a run is in a state, and returns it. */
export async function untilRun(person: Person, run: Run, state: string): Promise<Run> {
  return until(`run ${run.run_id} is ${state}`, async () => {
    const now = await readRun(person, run);
    return now.state === state && now;
  });
}
