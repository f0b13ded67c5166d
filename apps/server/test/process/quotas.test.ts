import { describePostgres, sql } from "@deepbot/db/testing";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { readRows } from "../guard/support/guarded-app.ts";
import { countOutcomes } from "./support/call-forms.ts";
import { callCount, startThreeServers, type Headers, type ThreeServers } from "./support/three-servers.ts";

const limits = { questions: 9, bytes: 100, messages: 6, tokens: 91 };

const env = {
  QUESTIONS_PER_DAY: String(limits.questions),
  QUESTION_BYTES_PER_DAY: String(limits.bytes),
  MESSAGES_PER_DIALOG: String(limits.messages),
  TOKENS_PER_DAY: String(limits.tokens),
};

type Counts = Record<string, number>;

interface Lease {
  run_id: number;
  lease_token: string;
}

interface Asking {
  name?: "runs.start" | "messages.send";
  dialogs: readonly number[];
  text?: string;
}

/** A person who asks at all servers, in all forms. */
interface Asker {
  userId: number;
  /** Asks once in each of the dialogs, at one moment, and counts what comes of it. */
  ask: (asking: Asking) => Promise<Counts>;
  /** Dialogs of theirs, each with so many messages of the bot. */
  makeDialogs: (count: number, messages?: number) => Promise<number[]>;
  /** What each server says that they have used. */
  usage: () => Promise<unknown[]>;
}

const repeat = <Item>(item: Item, count = callCount): Item[] => Array.from({ length: count }, () => item);

describePostgres("three servers, asked in all forms at once", () => {
  let servers: ThreeServers;
  let worker: Headers;

  beforeAll(async () => {
    servers = await startThreeServers(env);
    worker = await servers.makeKey();
  });
  afterEach(async () => {
    await servers.database.db.execute(sql`delete from dialogs`);
  });
  afterAll(() => servers.stop());

  async function createAsker(name: string): Promise<Asker> {
    const { cookie, call } = await servers.signIn(name);
    const userId = (await call<{ content: { id: number }[] }>("GET", "/me")).body.content[0]?.id ?? 0;
    const headers = { cookie };
    return {
      userId,
      ask: async ({ name: procedure = "runs.start", dialogs, text = "question" }) => {
        const questions = dialogs.map((dialog_id) => ({ dialog_id, text_user: text }));
        return countOutcomes((await servers.callEverywhere({ name: procedure, headers }, questions)).flat());
      },
      makeDialogs: async (count, messages = 0) => {
        const rows = await readRows(
          servers.database,
          `with made as (
            insert into dialogs (user_id, dialog_name, last_seq)
            select ${userId}, 'talk', ${messages} from generate_series(1, ${count}) returning dialog_id
          ), filled as (
            insert into messages (dialog_id, user_id, content, seq)
            select dialog_id, 1, 'text', seq from made, generate_series(1, ${messages}) as seq
          )
          select dialog_id from made`,
        );
        return rows.map(({ dialog_id }) => Number(dialog_id));
      },
      usage: () => Promise.all(servers.urls.map(async (url) => (await fetch(`${url}/me/usage`, { headers })).json())),
    };
  }

  /** How many calls of the servers together were refused with the code. */
  const countRefused = async (code: string): Promise<number> =>
    (await servers.readMetric(`deepbot_refusals_total{code="${code}"}`)).reduce((sum, count) => sum + count);

  /** Sends so many different texts of the bot to one dialog. */
  const reply = async (dialog: { user_id: number; dialog_id: number }, text: string): Promise<Counts> => {
    const replies = repeat(dialog).map((named, index) => ({ ...named, text_user: `${text} ${index}` }));
    return countOutcomes((await servers.callEverywhere({ name: "messages.reply", headers: worker }, replies)).flat());
  };

  async function claim(max: number): Promise<Lease[]> {
    const response = await fetch(`${servers.urls[0]}/worker/claim`, {
      method: "POST",
      headers: { ...worker, "content-type": "application/json" },
      body: JSON.stringify({ worker: "w", wait_ms: 0, max }),
    });
    const { runs } = (await response.json()) as { runs: Lease[] };
    return runs.map(({ run_id, lease_token }) => ({ run_id, lease_token }));
  }

  test("take as many questions as a day has, and no more", async () => {
    const { ask, makeDialogs, usage } = await createAsker("questions");
    const before = await countRefused("quota_exceeded");
    const exceeded = "quota_exceeded: questions";
    const refused = callCount - limits.questions;
    const first = await ask({ dialogs: await makeDialogs(callCount) });
    expect(first).toEqual({ ok: limits.questions, [exceeded]: refused });
    const original = await ask({ name: "messages.send", dialogs: await makeDialogs(callCount) });
    expect(original).toEqual({ [exceeded]: callCount });
    const questions = { used: limits.questions, limit: limits.questions };
    for (const today of await usage()) expect(today).toMatchObject({ questions });
    expect((await countRefused("quota_exceeded")) - before).toBe(refused + callCount);
  });

  test("take as many bytes of questions as a day has, and no more", async () => {
    const { ask, makeDialogs, usage } = await createAsker("bytes");
    const exceeded = "quota_exceeded: question_bytes";
    // Five of 19 bytes fit into 100, then one of 5 bytes.
    const long = await ask({ dialogs: await makeDialogs(callCount), text: `${"é".repeat(9)}x` });
    expect(long).toEqual({ ok: 5, [exceeded]: callCount - 5 });
    const short = await ask({ dialogs: await makeDialogs(callCount), text: "ééx" });
    expect(short).toEqual({ ok: 1, [exceeded]: callCount - 1 });
    const used = { used: limits.bytes, limit: limits.bytes };
    for (const today of await usage()) expect(today).toMatchObject({ question_bytes: used });
  });

  test("store as many messages as a dialog may hold, whoever writes, and no more", async () => {
    const { userId, ask, makeDialogs } = await createAsker("messages");
    const [dialog_id = 0] = await makeDialogs(1);
    const dialog = { user_id: userId, dialog_id };
    const [replies, questions] = await Promise.all([reply(dialog, "first"), ask({ dialogs: repeat(dialog_id) })]);
    expect((replies["ok"] ?? 0) + (questions["ok"] ?? 0)).toBe(limits.messages);
    expect(Object.keys({ ...replies, ...questions })).not.toContain("dialog_not_found");
    const stored = await readRows(
      servers.database,
      `select seq from messages where dialog_id = ${dialog_id} order by seq`,
    );
    expect(stored.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);

    const before = await countRefused("dialog_full");
    const more = await Promise.all([reply(dialog, "second"), ask({ dialogs: repeat(dialog_id) })]);
    expect(more).toEqual([{ dialog_full: callCount }, { dialog_full: callCount }]);
    expect((await countRefused("dialog_full")) - before).toBe(2 * callCount);
  });

  test("take a question while there is room for its answer, and no later", async () => {
    const { userId, ask, makeDialogs } = await createAsker("room");
    const [roomy = 0] = await makeDialogs(1, limits.messages - 2);
    const [tight = 0] = await makeDialogs(1, limits.messages - 1);
    expect(await ask({ dialogs: repeat(tight) })).toEqual({ dialog_full: callCount });
    expect(await ask({ dialogs: repeat(roomy) })).toEqual({ ok: 1, answer_awaited: callCount - 1 });
    const answers = await reply({ user_id: userId, dialog_id: roomy }, "answer");
    expect(answers).toEqual({ ok: 1, dialog_full: callCount - 1 });
  });

  test("count every token of answers that come at once, and take questions until the day's are used up", async () => {
    const { userId, ask, makeDialogs, usage } = await createAsker("tokens");
    await servers.database.db.execute(
      sql`update users set questions_per_day = 1000, question_bytes_per_day = 100000 where user_id = ${userId}`,
    );
    expect(await ask({ dialogs: await makeDialogs(callCount) })).toEqual({ ok: callCount });
    const report = { text: "answer", usage: { input_tokens: 4, output_tokens: 2 } };
    const answers = (await claim(callCount)).map((lease) => ({ ...lease, ...report }));
    const reported = await servers.callEverywhere({ name: "worker.complete", headers: worker }, answers);
    expect(countOutcomes(reported.flat())).toEqual({ ok: callCount });
    for (const today of await usage()) expect(today).toMatchObject({ tokens: { used: 90, limit: limits.tokens } });

    // One is left, and runs that are open may still use more. A report that is repeated counts once.
    expect(await ask({ dialogs: await makeDialogs(callCount) })).toEqual({ ok: callCount });
    const [lease] = await claim(1);
    const last = repeat({ ...lease, text: "answer", usage: { input_tokens: 0, output_tokens: 1 } });
    const repeated = await servers.callEverywhere({ name: "worker.complete", headers: worker }, last);
    expect(countOutcomes(repeated.flat())).toEqual({ ok: callCount });
    expect(await ask({ dialogs: await makeDialogs(callCount) })).toEqual({ "quota_exceeded: tokens": callCount });
    for (const today of await usage()) expect(today).toMatchObject({ tokens: { used: 91, limit: limits.tokens } });
  });
});
