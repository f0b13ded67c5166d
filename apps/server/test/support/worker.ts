import type { Api, Person } from "./api.ts";
import { createDialog, startRun } from "./dialogs.ts";
import type { Reply } from "./http.ts";

export interface ClaimedRun {
  run_id: number;
  dialog_id: number;
  user_id: number;
  attempt: number;
  max_attempts: number;
  lease_token: string;
  lease_until: string;
  deadline_at: string;
  messages: { message_id: number; role: string; content: string }[];
}

/** Claims whatever there is; the options are the operation's own. */
export async function claimRuns(api: Api, options: Record<string, unknown> = {}): Promise<ClaimedRun[]> {
  const json = { worker: "a worker", wait_ms: 20_000, ...options };
  const answer = await api.asWorker<{ runs: ClaimedRun[] }>("POST /worker/claim", { json });
  if (answer.status !== 200) throw new Error(`The claim was refused: ${answer.text}`);
  return answer.body.runs;
}

/** Claims the next run, waiting for it. */
export async function claimRun(api: Api, options: Record<string, unknown> = {}): Promise<ClaimedRun> {
  const [run] = await claimRuns(api, options);
  if (run === undefined) throw new Error("There was no run to claim.");
  return run;
}

/** A person's run that a worker holds. */
export async function startHeldRun(api: Api): Promise<{ person: Person; dialogId: number; run: ClaimedRun }> {
  const person = await api.signIn();
  const dialogId = await createDialog(person);
  await startRun(person, dialogId);
  return { person, dialogId, run: await claimRun(api) };
}

export type Report = "heartbeat" | "append" | "complete" | "fail" | "release";

/** A worker's report on a run, with the lease that its claim gave. */
export function report(
  api: Api,
  { run_id: runId, lease_token }: Pick<ClaimedRun, "run_id" | "lease_token">,
  { kind, ...facts }: { kind: Report } & Record<string, unknown>,
): Promise<Reply<{ state?: string }>> {
  return api.asWorker(`POST /worker/runs/${runId}/${kind}`, { json: { lease_token, ...facts } });
}

/** Answers in the way of the original protocol. */
export function reply(
  api: Api,
  { userId, dialogId, text }: { userId: number; dialogId: number; text: string },
): Promise<Reply> {
  return api.asWorker("POST /send/message/user", { json: { user_id: userId, dialog_id: dialogId, text_user: text } });
}
