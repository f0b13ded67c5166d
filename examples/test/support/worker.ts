import { fileURLToPath } from "node:url";
import { startChild, testKeys, until, type Child, type Person } from "@deepbot/testing";
import { onTestFinished } from "vitest";

const repositoryRoot = fileURLToPath(new URL("../../../", import.meta.url));

export interface WorkerOptions {
  serverUrl: string;
  key?: string;
  env?: Record<string, string>;
}

/** Starts a worker of this folder as its README says. It is killed at the end of the test unless it has exited. */
export function startWorker(
  command: string,
  args: string[],
  { serverUrl, key = testKeys.messages, env = {} }: WorkerOptions,
): Child {
  const child = startChild(command, {
    args,
    cwd: repositoryRoot,
    env: {
      DEEPBOT_URL: serverUrl,
      DEEPBOT_KEY: key,
      PYTHONPATH: "clients/python/src",
      PYTHONDONTWRITEBYTECODE: "1",
      ...env,
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
  text: string | null;
  answer: { content: string } | null;
  error: { code: string; message: string | null } | null;
}

/** Sends a message in a dialog of its own without waiting, and returns its run. */
export async function ask(person: Person, text: string): Promise<Run> {
  const dialogId = await createDialog(person);
  return (await person.call<Run>("POST", `/dialogs/${dialogId}/runs`, { text_user: text })).body;
}

/** Waits until a run is in a state, and returns it. */
export async function untilRun(person: Person, { run_id }: Run, state: string): Promise<Run> {
  return until(`run ${run_id} is ${state}`, async () => {
    const { body } = await person.call<Run>("GET", `/runs/${run_id}`);
    return body.state === state && body;
  });
}

/** Waits until a text was streamed. */
export async function untilStreamed(person: Person, { run_id }: Run, text: string): Promise<void> {
  await until(`run ${run_id} has streamed “${text}”`, async () => {
    const { body } = await person.call<Run>("GET", `/runs/${run_id}`);
    return body.text?.includes(text);
  });
}
