import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { limits } from "@deepbot/contract";
import { startChild, testKeys, until, type Child, type Person } from "@deepbot/testing";
import { onTestFinished } from "vitest";

const folder = fileURLToPath(new URL("../../python-worker/", import.meta.url));
const ownModel = fileURLToPath(new URL("own-model.py", import.meta.url));

type Mode = "original" | "runs";

/** The models of `own-model.py`. */
type Model = "waits_for_gate" | "thinks_past_its_lease" | "breaks_once" | "answers_too_long";

/** A file that a model waits for, or remembers something by. */
export interface Gate {
  path: string;
  open: () => Promise<void>;
}

/** Makes a closed gate, which is removed at the end of the test. */
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

/** Starts the sample worker. It is killed at the end of the test unless it has exited. */
export function startWorker({ serverUrl, mode = "runs", key = testKeys.messages, model }: WorkerOptions): Child {
  const child = startChild("python3", {
    args: [model === undefined ? join(folder, "worker.py") : ownModel, mode],
    env: {
      DEEPBOT_URL: serverUrl,
      API_KEY_AI: key,
      PYTHONPATH: folder,
      PYTHONDONTWRITEBYTECODE: "1",
      ...(model && { MODEL: model.name, GATE: model.gate.path, ANSWER_MAX_BYTES: String(limits.answerMaxBytes) }),
      ...(model?.leaseMs && { LEASE_MS: String(model.leaseMs) }),
    },
  });
  onTestFinished(() => child.kill());
  return child;
}

/** Waits until a worker has printed something. */
export async function untilPrinted(worker: Child, text: string | RegExp): Promise<void> {
  const hasPrinted = (): boolean => new RegExp(text).test(worker.output());
  await until(`the worker prints ${String(text)}`, hasPrinted).catch((error: unknown) => {
    throw new Error(`The worker printed:\n${worker.output()}`, { cause: error });
  });
}

export async function createDialog(person: Person, name = "a dialog"): Promise<number> {
  const { body } = await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: name });
  return body.dialog;
}

/** Sends a message, waits, and returns the response with the answer. */
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
