import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createTestPostgres, describePostgres, type TestPostgres } from "@deepbot/db/testing";
import { freePort, signInPerson, startServerProcess, until, type ServerProcess } from "@deepbot/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const names = ["API_KEY_AI", "SECRET_KEY_JWT", "HEALTH_SECRET_KEY"] as const;
type Secrets = Record<(typeof names)[number], string>;

const makeSecrets = (): Secrets => {
  const make = (): string => randomBytes(36).toString("base64");
  return { API_KEY_AI: make(), SECRET_KEY_JWT: make(), HEALTH_SECRET_KEY: make() };
};

/** The settings of a server that has these secrets, the second ones beside the first. */
function settingsOf(first: Secrets, second?: Secrets): Record<string, string> {
  if (second === undefined) return first;
  return { ...first, ...Object.fromEntries(names.map((name) => [`${name}_PREVIOUS`, second[name]])) };
}

interface Member {
  process: ServerProcess;
  /** Requests under way, which a restart waits for. */
  busy: number;
  isOpen: boolean;
}

interface Call {
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Two servers behind what nginx does: a request goes to one that is not being restarted. */
async function startPair(database: TestPostgres, secrets: Record<string, string>) {
  const start = async (port: number, env: Record<string, string>): Promise<ServerProcess> =>
    startServerProcess({ ...env, DATABASE_URL: database.url, PORT: String(port), LOG_LEVEL: "warn" });
  const members: Member[] = await Promise.all(
    [await freePort(), await freePort()].map(async (port) => ({
      process: await start(port, secrets),
      busy: 0,
      isOpen: true,
    })),
  );
  const refused: string[] = [];
  let picked = 0;
  const use = async <T>(member: Member, work: (url: string) => Promise<T>): Promise<T> => {
    member.busy += 1;
    try {
      return await work(member.process.url);
    } finally {
      member.busy -= 1;
    }
  };
  const pick = (): Member => {
    picked += 1;
    const open = members.filter(({ isOpen }) => isOpen);
    const member = open[picked % open.length];
    if (member === undefined) throw new Error("Both servers are being restarted.");
    return member;
  };
  const callAt = async <T>(member: Member, { path, body, headers = {} }: Call): Promise<T> =>
    use(member, async (url) => {
      const content = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
      const response = await fetch(url + path, {
        headers: { "content-type": "application/json", ...headers },
        ...content,
      });
      if (!response.ok) refused.push(`${path}: ${response.status}`);
      return (await response.json()) as T;
    });
  return {
    refused,
    use: <T>(work: (url: string) => Promise<T>): Promise<T> => use(pick(), work),
    call: <T = Record<string, never>>(call: Call): Promise<T> => callAt(pick(), call),
    callEach: (call: Call): Promise<unknown> =>
      Promise.all(members.filter(({ isOpen }) => isOpen).map((member) => callAt(member, call))),
    statusesOf: async (path: string, headers: Record<string, string>): Promise<number[]> =>
      Promise.all(members.map(async ({ process: { url } }) => (await fetch(url + path, { headers })).status)),
    /** One after the other, as an operator does, who looks after each whether all is well. */
    restart: async (env: Record<string, string>, look: () => Promise<void>): Promise<void> => {
      for (const member of members) {
        member.isOpen = false;
        await until("its requests have ended", () => member.busy === 0);
        expect(await member.process.stop()).toBe(0);
        member.process = await start(member.process.port, env);
        member.isOpen = true;
        await look();
      }
    },
    stop: () => Promise.all(members.map(({ process }) => process.kill())),
  };
}

type Pair = Awaited<ReturnType<typeof startPair>>;

describePostgres("a rotation of all secrets", () => {
  let database: TestPostgres;
  let pair: Pair;
  const [old, next] = [makeSecrets(), makeSecrets()];
  /** What people, the worker and the monitor hold. */
  const held = { cookie: "", dialog: 0, key: old.API_KEY_AI, health: old.HEALTH_SECRET_KEY };
  const done = { questions: 0, signIns: 0, checks: 0 };

  const signIn = (): Promise<string> =>
    pair.use(async (url) => (await signInPerson(url, `person-${crypto.randomUUID()}`)).cookie);

  const hold = async (): Promise<void> => {
    const cookie = await signIn();
    const body = { dialog_name: "abc" };
    const { dialog } = await pair.call<{ dialog: number }>({ path: "/dialogs/create", body, headers: { cookie } });
    Object.assign(held, { cookie, dialog });
  };

  /** A question of the person who stays signed in, and the worker's answer. */
  const talk = async (): Promise<void> => {
    const { cookie, dialog, key } = held;
    await pair.call({ path: `/dialogs/${dialog}/runs`, body: { text_user: "hello" }, headers: { cookie } });
    const headers = { "x-messages-key": key };
    const claim = { worker: "w", wait_ms: 5_000 };
    const { runs } = await pair.call<{ runs: { run_id: number; lease_token: string }[] }>({
      path: "/worker/claim",
      body: claim,
      headers,
    });
    for (const { run_id, lease_token } of runs) {
      await pair.call({ path: `/worker/runs/${run_id}/complete`, body: { lease_token, text: "yes" }, headers });
      done.questions += 1;
    }
  };

  /** A new session is good at both servers, whichever secret signed it. */
  const arrive = async (): Promise<void> => {
    const cookie = await signIn();
    await pair.callEach({ path: "/me", headers: { cookie } });
    done.signIns += 1;
  };

  const check = async (): Promise<void> => {
    await pair.callEach({ path: "/health", headers: { "x-health-key": held.health } });
    done.checks += 1;
  };

  beforeAll(async () => {
    database = await createTestPostgres();
    pair = await startPair(database, settingsOf(old));
    await hold();
  });

  afterAll(async () => {
    await pair.stop();
    await database.drop();
  });

  /** Waits until each of them has done all of its work with the servers as they are now. */
  async function waitForEverybody(): Promise<void> {
    const before = { ...done };
    // What is counted first may have begun before.
    const isDone = (name: keyof typeof done): boolean => done[name] >= before[name] + 2;
    await until(
      "everybody has done something",
      () => isDone("questions") && isDone("signIns") && isDone("checks"),
      60_000,
    );
  }

  /** Restarts both servers while everybody goes on. */
  async function restartUnderLoad(env: Record<string, string>): Promise<void> {
    const over = new AbortController();
    const repeat = async (work: () => Promise<void>): Promise<void> => {
      while (!over.signal.aborted) {
        await work();
        // Leaves the processors to the servers that start.
        await delay(25);
      }
    };
    const load = Promise.all([talk, arrive, check].map(repeat));
    try {
      await Promise.race([load, pair.restart(env, waitForEverybody)]);
    } finally {
      over.abort();
    }
    await load;
  }

  test("refuses no request while the servers are restarted one by one", { timeout: 240_000 }, async () => {
    await restartUnderLoad(settingsOf(old, next));
    expect(pair.refused).toEqual([]);

    await restartUnderLoad(settingsOf(next, old));
    expect(pair.refused).toEqual([]);

    const { cookie } = held;
    expect(await pair.statusesOf("/me", { cookie })).toEqual([200, 200]);
    Object.assign(held, { key: next.API_KEY_AI, health: next.HEALTH_SECRET_KEY });
    // By the time of the last step the sessions of the old secret have ended.
    await hold();
    await restartUnderLoad(settingsOf(next));
    expect(pair.refused).toEqual([]);

    expect(await pair.statusesOf("/me", { cookie })).toEqual([401, 401]);
    expect(await pair.statusesOf("/messages", { "x-messages-key": old.API_KEY_AI })).toEqual([403, 403]);
    expect(await pair.statusesOf("/health", { "x-health-key": old.HEALTH_SECRET_KEY })).toEqual([403, 403]);
  });
});
