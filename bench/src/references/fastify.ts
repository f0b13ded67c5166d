import { fastify, type FastifyRequest } from "fastify";
import postgres from "postgres";
import { z } from "zod";
import { createRememberingSessionCheck } from "./session.ts";

/**
 * The same operations written by hand: Fastify, zod for the input, a transaction where rows belong together. It remembers
 * verified tokens, as the server does. It is one process without notifications, and its leases do not expire.
 */
const sql = postgres(process.env["DATABASE_URL"] ?? "", { max: 10, onnotice: () => {} });
const checkSession = await createRememberingSessionCheck(process.env["SECRET_KEY_JWT"] ?? "");
const app = fastify();

const sendInput = z.object({ dialog_id: z.int(), text_user: z.string().min(1).max(2000) });
const claimInput = z.object({ worker: z.string(), max: z.int().min(1).max(50), wait_ms: z.int() });
const completeInput = z.object({ lease_token: z.uuid(), text: z.string() });
const idParam = z.object({ id: z.coerce.number().int() });

interface User {
  user_id: string;
  mail: string;
  given_name: string;
  family_name: string;
  picture: string;
}

const waiters = new Map<number, (text: string) => void>();
const workers: (() => void)[] = [];

/** Counts questions, so that a claim that found none knows whether one has arrived meanwhile. */
let asked = 0;

async function userOf(request: FastifyRequest): Promise<User> {
  const sessionId = await checkSession(request.headers.cookie);
  const [user] = await sql<User[]>`
    select users.user_id, mail, given_name, family_name, picture
    from sessions join users using (user_id)
    where session_id = ${sessionId} and revoked_at is null and expires_at > now()`;
  if (user === undefined) throw new Error("No session");
  return user;
}

function checkKey(request: FastifyRequest): void {
  if (request.headers["x-messages-key"] !== process.env["API_KEY_AI"]) throw new Error("Wrong key");
}

async function insertQuestion(userId: string, dialogId: number, text: string): Promise<void> {
  await sql.begin(async (tx) => {
    const [dialog] = await tx<{ last_seq: number }[]>`
      update dialogs set status_flag = true, last_seq = last_seq + 1
      where dialog_id = ${dialogId} and user_id = ${userId} and not status_flag
      returning last_seq`;
    if (dialog === undefined) throw new Error("The dialog is busy");
    const [message] = await tx<{ message_id: string }[]>`
      insert into messages (dialog_id, user_id, content, seq)
      values (${dialogId}, ${userId}, ${text}, ${dialog.last_seq})
      returning message_id`;
    await tx`
      insert into runs (dialog_id, question_id, max_attempts, deadline_at)
      values (${dialogId}, ${message?.message_id ?? 0}, 3, now() + interval '120 seconds')`;
  });
}

async function claimRuns(worker: string, max: number): Promise<object[]> {
  const runs = await sql<{ run_id: string; dialog_id: string; lease_token: string }[]>`
    update runs set state = 'running', attempt = attempt + 1, epoch = epoch + 1, worker = ${worker},
      lease_token = gen_random_uuid(), lease_until = now() + interval '30 seconds', started_at = now()
    where run_id in (
      select run_id from runs where state = 'queued' order by available_at, run_id limit ${max} for update skip locked
    )
    returning run_id, dialog_id, lease_token`;
  return Promise.all(
    runs.map(async (run) => {
      const messages = await sql`
        select message_id, user_id, content from messages
        where dialog_id = ${run.dialog_id} order by seq desc limit 100`;
      return { ...run, run_id: Number(run.run_id), messages: messages.toReversed() };
    }),
  );
}

async function completeRun(runId: number, leaseToken: string, text: string): Promise<number> {
  return sql.begin(async (tx) => {
    const [run] = await tx<{ dialog_id: string }[]>`
      select dialog_id from runs where run_id = ${runId} and lease_token = ${leaseToken} and state = 'running' for update`;
    if (run === undefined) throw new Error("The lease is lost");
    const [dialog] = await tx<{ last_seq: number }[]>`
      update dialogs set status_flag = false, last_seq = last_seq + 1 where dialog_id = ${run.dialog_id}
      returning last_seq`;
    const [answer] = await tx<{ message_id: string }[]>`
      insert into messages (dialog_id, user_id, content, seq) values (${run.dialog_id}, 1, ${text}, ${dialog?.last_seq ?? 0})
      returning message_id`;
    await tx`
      update runs set state = 'completed', answer_id = ${answer?.message_id ?? 0}, lease_until = null, ended_at = now()
      where run_id = ${runId}`;
    return Number(run.dialog_id);
  });
}

app.get("/readyz", async () => sql`select 1`);

app.get("/me", async (request) => {
  const { user_id, mail, ...names } = await userOf(request);
  return { server: "ok", content: [{ id: Number(user_id), email: mail, ...names }] };
});

app.post("/dialogs", async (request) => {
  const { user_id } = await userOf(request);
  const rows = await sql<{ dialog_id: string; dialog_name: string }[]>`
    select dialog_id, dialog_name from dialogs where user_id = ${user_id} order by dialog_id`;
  return { server: "ok", dialogs: rows.map((row) => ({ ...row, dialog_id: Number(row.dialog_id) })) };
});

app.get("/dialogs/:id", async (request) => {
  const { user_id } = await userOf(request);
  const { id } = idParam.parse(request.params);
  const rows = await sql<
    { message_id: string; user_id: string; content: string; created_at: Date; partial: boolean }[]
  >`
    select message_id, messages.user_id, content, messages.created_at, partial
    from messages join dialogs using (dialog_id)
    where dialog_id = ${id} and dialogs.user_id = ${user_id} order by seq`;
  const messages = rows.map(({ message_id, user_id: author, ...row }) => ({
    ...row,
    message_id: Number(message_id),
    role: author === "1" ? "bot" : "user",
  }));
  return { server: "ok", dialogs: messages };
});

app.post("/send/message/ai", async (request) => {
  const { user_id } = await userOf(request);
  const { dialog_id, text_user } = sendInput.parse(request.body);
  const answered = new Promise<string>((resolve) => waiters.set(dialog_id, resolve));
  await insertQuestion(user_id, dialog_id, text_user);
  asked += 1;
  workers.shift()?.();
  return { server: "ok", answer_ai: await answered };
});

app.post("/worker/claim", async (request, reply) => {
  checkKey(request);
  const { worker, max } = claimInput.parse(request.body);
  for (;;) {
    const seen = asked;
    const runs = await claimRuns(worker, max);
    if (runs.length > 0) return { runs };
    if (seen === asked) await new Promise<void>((resolve) => workers.push(resolve));
    // A worker that has disconnected passes its place on.
    if (reply.raw.destroyed) workers.shift()?.();
    if (reply.raw.destroyed) return reply;
  }
});

app.post("/worker/runs/:id/complete", async (request) => {
  checkKey(request);
  const { id } = idParam.parse(request.params);
  const { lease_token, text } = completeInput.parse(request.body);
  const dialogId = await completeRun(id, lease_token, text);
  waiters.get(dialogId)?.(text);
  waiters.delete(dialogId);
  return { run_id: id, state: "completed" };
});

await app.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1" });
process.once("SIGTERM", () => process.exit(0));
