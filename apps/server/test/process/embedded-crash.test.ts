import { signInPerson, startServerProcess, testKeys, until, type ServerProcess } from "@deepbot/testing";
import { createEmbeddedDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRandom } from "../guard/support/mutate.ts";
import { failToStart } from "./support/environment.ts";

const rounds = 3;
const dialogCount = 12;
const deadlineMs = 1_500;

/** A text that got a 2xx, and so must never be lost. */
interface Promised {
  dialog: number;
  role: "user" | "bot";
  content: string;
}

let database: ProcessDatabase;
let server: ServerProcess;

const start = (): Promise<ServerProcess> =>
  startServerProcess({
    ...database.env,
    DIALOGS_PER_USER: "100",
    ANSWER_DEADLINE_MS: String(deadlineMs),
    LOG_LEVEL: "warn",
  });

beforeAll(async () => {
  database = await createEmbeddedDatabase();
  server = await start();
});

afterAll(async () => {
  await server.kill();
  await database.drop();
});

/** Calls the server that runs now as a person whose session outlives it, and as a worker. */
type Call = (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Answer }>;

/** What of the answers these tests read. */
interface Answer {
  dialog: number;
  dialogs: { role: string; content: string; dialog_name: string }[];
  content: unknown;
}

function callWith(cookie: string): Call {
  // A request has one credential: that of the person, or of the worker who answers them.
  const credentialFor = (path: string): Record<string, string> =>
    path === "/send/message/user" ? { "x-messages-key": testKeys.messages } : { cookie };
  return async (method, path, body) => {
    const response = await fetch(server.url + path, {
      method,
      headers: { ...credentialFor(path), "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer };
  };
}

/** Asks and answers in one dialog until the server is gone, and notes what was promised. */
async function talk(
  call: Call,
  { dialog, userId, ledger }: { dialog: number; userId: number; ledger: Promised[] },
): Promise<void> {
  for (;;) {
    const question = `question ${crypto.randomUUID()}`;
    const asked = await call("POST", `/dialogs/${dialog}/runs`, { text_user: question });
    if (asked.status === 202) ledger.push({ dialog, role: "user", content: question });
    else if (asked.status !== 409) throw new Error(`Asking gave ${asked.status}.`);
    const answer = `answer ${crypto.randomUUID()}`;
    const told = await call("POST", "/send/message/user", { user_id: userId, dialog_id: dialog, text_user: answer });
    if (told.status === 200) ledger.push({ dialog, role: "bot", content: answer });
  }
}

async function findMissing(call: Call, ledger: readonly Promised[], dialogs: readonly number[]): Promise<Promised[]> {
  const stored = new Set<string>();
  for (const dialog of dialogs) {
    const { body } = await call("GET", `/dialogs/${dialog}`);
    for (const { role, content } of body.dialogs) stored.add(`${dialog} ${role} ${content}`);
  }
  return ledger.filter(({ dialog, role, content }) => !stored.has(`${dialog} ${role} ${content}`));
}

/** Every dialog takes a question and gets its answer. */
async function expectUsable(call: Call, dialogs: readonly number[], userId: number): Promise<void> {
  for (const dialog of dialogs) {
    const isFree = async (): Promise<boolean> => (await call("GET", `/dialogs/flag/${dialog}`)).body.content === false;
    await until(`dialog ${dialog} is free`, isFree, deadlineMs + 5_000);
    expect((await call("POST", `/dialogs/${dialog}/runs`, { text_user: "again" })).status).toBe(202);
    expect(
      (await call("POST", "/send/message/user", { user_id: userId, dialog_id: dialog, text_user: "yes" })).status,
    ).toBe(200);
    expect(await isFree()).toBe(true);
  }
}

describe("the embedded database under kill -9", () => {
  test("its lock is taken over, what was promised is there, and no dialog stays blocked", async () => {
    const seed = Number(process.env["CRASH_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
    const random = createRandom(seed);
    process.stdout.write(`embedded-crash: CRASH_SEED=${seed}\n`);
    const { cookie } = await signInPerson(server.url, "ann");
    const call = callWith(cookie);
    const [me] = (await call("GET", "/me")).body.content as { id: number }[];
    const userId = me?.id ?? 0;
    const dialogs: number[] = [];
    for (let made = 0; made < dialogCount; made += 1) {
      dialogs.push((await call("POST", "/dialogs/create", { dialog_name: "abc" })).body.dialog);
    }
    const ledger: Promised[] = [];

    for (let round = 0; round < rounds; round += 1) {
      const talking = Promise.allSettled(dialogs.map((dialog) => talk(call, { dialog, userId, ledger })));
      const enough = ledger.length + 60 + Math.floor(random() * 200);
      await until("enough was promised", () => ledger.length >= enough);
      await server.kill();
      for (const ended of await talking)
        if (ended.status === "rejected") expect(ended.reason).toBeInstanceOf(TypeError);

      server = await start();
      expect((await call("GET", "/me")).status).toBe(200);
      expect(await findMissing(call, ledger, dialogs), `CRASH_SEED=${seed}`).toEqual([]);
      await expectUsable(call, dialogs, userId);
    }
    expect(ledger.length).toBeGreaterThan(rounds * 60);
  });
});

describe("the folder's lock", () => {
  test("a second process on the folder is refused with a sentence, and the first goes on", async () => {
    const { code, output } = await failToStart({ DEEPBOT_DEV: "true", ...database.env });
    expect(code).toBe(1);
    expect(output).toContain(`is in use by process ${server.pid}`);
    expect(output).toContain("DATABASE_URL");
    expect(output).not.toMatch(/^\s+at /m);
    const ben = await signInPerson(server.url, "ben");
    expect((await ben.call("POST", "/dialogs/create", { dialog_name: "abc" })).status).toBe(200);
  });

  test("a stop gives it back, and what was stored is there", async () => {
    const carol = await signInPerson(server.url, "carol");
    await carol.call("POST", "/dialogs/create", { dialog_name: "before" });
    expect(await server.stop()).toBe(0);
    server = await start();
    const { body } = await callWith(carol.cookie)("POST", "/dialogs");
    expect(body.dialogs).toMatchObject([{ dialog_name: "before" }]);
  });
});
