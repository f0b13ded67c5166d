import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { limits } from "@deepbot/contract";
import { createAppends, environmentKeyId } from "./floor-appends.ts";
import { readJson, sendJson } from "./http.ts";
import { createRememberingSessionCheck, createSessionCheck } from "./session.ts";
import { openStatements } from "./statements.ts";

/**
 * The practical limit of one process: the server's own statements and its session check, without a framework, validation, a
 * log, or another server to notify.
 */
const { sql, statement } = openStatements(process.env["DATABASE_URL"] ?? "", process.env["STATEMENTS"] ?? "");
const createCheck = process.env["REMEMBER_TOKENS"] === "1" ? createRememberingSessionCheck : createSessionCheck;
const checkSession = await createCheck(process.env["SECRET_KEY_JWT"] ?? "");
const serviceKey = process.env["API_KEY_AI"];

const findSession = statement("find_session");
const listDialogs = statement("list_dialogs");
const listMessages = statement("list_messages");
const insertQuestion = statement("insert_question");
const claimRuns = statement("claim_runs");
const completeRun = statement("complete_run");
const appends = createAppends(statement("insert_deltas"));

const quotas = {
  questionsPerDay: 1_000_000_000,
  questionBytesPerDay: 1_000_000_000_000,
  tokensPerDay: null,
  messagesPerDialog: 1_000_000_000,
};

/** Requests that wait for the answer of a dialog, and workers that wait for a run. */
const waiters = new Map<number, (text: string) => void>();
const workers: (() => void)[] = [];

/** Counts questions, so that a claim that found none knows whether one has arrived meanwhile. */
let asked = 0;

async function userOf(req: IncomingMessage): Promise<unknown[]> {
  const [user] = await findSession({ sessionId: await checkSession(req.headers.cookie), resolutionMs: 300_000 });
  if (user === undefined) throw new Error("No session");
  return user;
}

/** As the server stores it of a request without a language of its own. */
const metadata = JSON.stringify({ locale: "en" });

async function ask(userId: unknown, dialogId: number, text: unknown): Promise<number> {
  const values = { ...quotas, userId, dialogId, text, clientMessageId: null, deadlineMs: 120_000, maxAttempts: 3 };
  const [run] = await insertQuestion({ ...values, metadata });
  if (run === undefined) throw new Error("The dialog is busy");
  asked += 1;
  workers.shift()?.();
  return Number(run[0]);
}

async function me(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [id, , email, given_name, family_name, picture] = await userOf(req);
  sendJson(res, { server: "ok", content: [{ id: Number(id), email, given_name, family_name, picture }] });
}

async function dialogs(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [userId] = await userOf(req);
  const rows = await listDialogs({ userId });
  sendJson(res, { server: "ok", dialogs: rows.map(([id, name]) => ({ dialog_id: Number(id), dialog_name: name })) });
}

async function dialog(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [userId] = await userOf(req);
  const dialogId = Number(req.url?.slice("/dialogs/".length));
  const rows = await listMessages({ userId, dialogId, after: 0, limit: 500, maxBytes: limits.pageMaxBytes });
  const messages = rows.map(([id, isBot, partial, content, createdAt]) => ({
    role: isBot === true ? "bot" : "user",
    content,
    message_id: Number(id),
    created_at: createdAt,
    partial,
  }));
  sendJson(res, { server: "ok", dialogs: messages });
}

async function send(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [[userId], body] = await Promise.all([userOf(req), readJson(req)]);
  const dialogId = Number(body["dialog_id"]);
  const answered = new Promise<string>((resolve) => {
    waiters.set(dialogId, resolve);
    res.once("close", () => waiters.get(dialogId) === resolve && waiters.delete(dialogId));
  });
  await ask(userId, dialogId, body["text_user"]);
  sendJson(res, { server: "ok", answer_ai: await answered });
}

async function start(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [[userId], body] = await Promise.all([userOf(req), readJson(req)]);
  sendJson(res, { run_id: await ask(userId, Number(req.url?.split("/")[2]), body["text_user"]) }, 202);
}

async function claim(body: Record<string, unknown>, res: ServerResponse): Promise<void> {
  const history = { historyLimit: 100, maxBytes: 256 * 1024 };
  const lease = { leaseMs: 30_000, confirmWithinMs: null, exceptAssistantIds: [] };
  const values = { worker: body["worker"], keyId: environmentKeyId, max: body["max"], ...lease, ...history };
  for (;;) {
    const seen = asked;
    const rows = await claimRuns(values);
    if (rows.length > 0) {
      const runs = rows.map(([run_id, dialog_id, , , , , , lease_token, , , , , , messages]) => ({
        run_id: Number(run_id),
        dialog_id: Number(dialog_id),
        lease_token,
        messages,
      }));
      sendJson(res, { runs });
      return;
    }
    if (seen === asked) await new Promise<void>((resolve) => workers.push(resolve));
    // A worker that has disconnected passes its place on.
    if (res.destroyed) workers.shift()?.();
    if (res.destroyed) return;
  }
}

const leaseOf = (body: Record<string, unknown>) => ({ leaseToken: body["lease_token"], keyId: environmentKeyId });

async function complete(runId: number, body: Record<string, unknown>, res: ServerResponse): Promise<void> {
  const text = String(body["text"]);
  const [stored] = await completeRun({ runId, ...leaseOf(body), text, usage: null, metadata: null, assistantIds: [] });
  if (stored === undefined) throw new Error("The lease is lost");
  const dialogId = Number(stored[1]);
  waiters.get(dialogId)?.(text);
  waiters.delete(dialogId);
  appends.end(runId);
  sendJson(res, { run_id: runId, state: "completed" });
}

async function work(req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.headers["x-messages-key"] !== serviceKey) throw new Error("Wrong key");
  const body = await readJson(req);
  const [, , verb, runId, report] = req.url?.split("/") ?? [];
  if (verb === "claim") return claim(body, res);
  if (report === "complete") return complete(Number(runId), body, res);
  await appends.append(Number(runId), body);
  sendJson(res, { run_id: Number(runId) });
}

async function route(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { url = "" } = req;
  if (url.startsWith("/worker/")) return work(req, res);
  if (url === "/me") return me(req, res);
  if (url === "/send/message/ai") return send(req, res);
  if (url === "/dialogs") return dialogs(req, res);
  if (url === "/readyz") return sendJson(res, await sql`select 1`);
  await (url.endsWith("/runs") ? start(req, res) : url.endsWith("/events") ? watch(req, res) : dialog(req, res));
}

async function watch(req: IncomingMessage, res: ServerResponse): Promise<void> {
  await userOf(req);
  res.writeHead(200, { "Content-Type": "text/event-stream" });
  res.flushHeaders();
  appends.watch(Number(req.url?.split("/")[2]), res);
}

const server = createServer({ keepAliveTimeout: 65_000 }, (req, res) => {
  route(req, res).catch(() => sendJson(res, { code: "failed" }, 500));
});
server.listen(Number(process.env["PORT"]), "127.0.0.1");
process.once("SIGTERM", () => process.exit(0));
