import { setTimeout as delay } from "node:timers/promises";
import { callAny, callOnce, type Call, type Reply, type Retrying } from "../support/http.ts";
import type { Ledger } from "../judging/ledger.ts";
import type { Random } from "../support/random.ts";
import type { RunBody } from "../watching/watcher.ts";

/** A signed-in person. */
export interface Member {
  userId: number;
  cookie: string;
}

/** A question that is being sent. */
export interface Question {
  member: Member;
  dialogId: number;
  text: string;
  clientMessageId: string;
}

export interface PeopleDeps {
  retrying: Retrying;
  ledger: Ledger;
  random: Random;
}

async function signInAt(url: string, sub: string): Promise<string | undefined> {
  const body = { sub, email: `${sub}@example.com`, given_name: sub };
  const minted = await callOnce<{ token?: string } | null>(url, { path: "/dev/google-token", body });
  if (minted.status !== 200) return undefined;
  const response = await fetch(`${url}/create/users`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: minted.body?.token }),
  }).catch(() => undefined);
  return response?.ok === true ? response.headers.getSetCookie()[0]?.split(";")[0] : undefined;
}

/** Signs a person in at any replica that can: a new one, unless somebody is named. */
export async function signIn({ retrying, random }: PeopleDeps, name?: string): Promise<Member> {
  const sub = name ?? `person-${random.uuid()}`;
  for (let tries = 0; tries < 50; tries += 1) {
    const cookie = await signInAt(retrying.pick(retrying.urls), sub);
    if (cookie !== undefined) {
      const me = await callAny<{ content: { id: number }[] }>(retrying, { method: "GET", path: "/me", cookie });
      const userId = me.body.content[0]?.id;
      if (userId !== undefined) return { userId, cookie };
    }
    await delay(200);
  }
  throw new Error("Sign-in fails at every replica.");
}

export async function createDialog({ retrying }: PeopleDeps, { cookie }: Member, assistant?: string): Promise<number> {
  const body = { dialog_name: "fault dialog", assistant };
  const reply = await callAny<{ dialog?: number }>(retrying, { path: "/dialogs/create", body, cookie });
  if (reply.body?.dialog === undefined) throw new Error(`A dialog could not be made: ${reply.status}`);
  return reply.body.dialog;
}

export function newQuestion({ random }: PeopleDeps, member: Member, dialogId: number): Question {
  return { member, dialogId, text: `question ${random.uuid()}`, clientMessageId: random.uuid() };
}

/** The request that sends a question without waiting for its answer. */
export function sendCall({ member, dialogId, text, clientMessageId }: Question): Call {
  return {
    path: `/dialogs/${dialogId}/runs`,
    body: { text_user: text, client_message_id: clientMessageId },
    cookie: member.cookie,
  };
}

/** Records a 2xx in the ledger. */
export function enter(ledger: Ledger, question: Question, run: RunBody): void {
  const { member, dialogId, clientMessageId, text } = question;
  const ids = { runId: run.run_id, questionId: run.question_id };
  if (run.dialog_id !== dialogId) ledger.faults.push(`I4 the run of dialog ${run.dialog_id} was given to ${dialogId}`);
  ledger.receipts.push({ dialogId, userId: member.userId, clientMessageId, text, ...ids });
}

/** Sends a question until a replica accepts it. Records a refusal as a fault and returns undefined. */
export async function send(deps: PeopleDeps, question: Question): Promise<RunBody | undefined> {
  const { ledger, retrying } = deps;
  const onReply = (reply: Reply): void => {
    ledger.count(reply.status);
    retrying.onReply?.(reply);
  };
  const reply = await callAny<RunBody>({ ...retrying, onReply }, sendCall(question));
  if (reply.status === 202) {
    enter(ledger, question, reply.body);
    return reply.body;
  }
  ledger.faults.push(`a send ended with ${reply.status} ${JSON.stringify(reply.body)}`);
  return undefined;
}
