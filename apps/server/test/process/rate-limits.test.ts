import { describePostgres } from "@deepbot/db/testing";
import { signInPerson, startServerProcess, testKeys, type Person, type ServerProcess } from "@deepbot/testing";
import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterAll, beforeAll, expect, test } from "vitest";

const quota = 30;
const servers = 3;

describePostgres("three servers", () => {
  let database: ProcessDatabase;
  let processes: ServerProcess[];
  let ann: Person;

  beforeAll(async () => {
    database = await createProcessDatabase();
    const env = {
      ...database.env,
      SERVER_COUNT: String(servers),
      RATE_READS_PER_MINUTE: String(quota),
      RATE_SENDS_PER_MINUTE: String(quota),
    };
    processes = await Promise.all(Array.from({ length: servers }, () => startServerProcess(env)));
    ann = await signInPerson(processes[0]?.url ?? "", "ann");
  });

  afterAll(async () => {
    for (const server of processes) await server.kill();
    await database.drop();
  });

  const post = (url: string, body: object): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers: { cookie: ann.cookie, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const get = (url: string): Promise<Response> => fetch(url, { headers: { cookie: ann.cookie } });
  const question = { dialog_id: 2_000_000_000, text_user: "Hello" };

  /** Requests that count as four calls together: two transports, a slash, and a batch of two. */
  const requests: Record<string, (url: string) => Promise<Response>[]> = {
    read: (url) => [get(`${url}/me`), get(`${url}/me/`), get(`${url}/trpc/auth.me,auth.me?batch=1`)],
    send: (url) => [
      post(`${url}/send/message/ai/`, question),
      post(`${url}/trpc/messages.send`, question),
      post(`${url}/trpc/messages.send,messages.send?batch=1`, { 0: question, 1: question }),
    ],
  };
  const callsPerRound = 4;

  async function countRefused(response: Response): Promise<number> {
    const body: unknown = await response.json();
    if (!Array.isArray(body)) return response.status === 429 ? 1 : 0;
    const errors = body as { error?: { data: { httpStatus: number } } }[];
    return errors.filter(({ error }) => error?.data.httpStatus === 429).length;
  }

  async function countInMetrics(policy: string): Promise<number> {
    const texts = await Promise.all(
      processes.map(async ({ url }) => {
        const response = await fetch(`${url}/metrics`, { headers: { "x-health-key": testKeys.health } });
        return response.text();
      }),
    );
    const pattern = new RegExp(`^deepbot_rate_limited_requests_total\\{policy="${policy}"\\} (\\d+)$`, "m");
    return texts.map((text) => Number(pattern.exec(text)?.[1] ?? 0)).reduce((sum, count) => sum + count);
  }

  test.each(Object.entries(requests))(
    "grant one quota of %ss together, and count what they refuse",
    async (policy, send) => {
      const rounds = 5;
      const responses = await Promise.all(
        processes.flatMap(({ url }) => Array.from({ length: rounds }, () => send(url)).flat()),
      );
      const refused = (await Promise.all(responses.map(countRefused))).reduce((sum, count) => sum + count);
      expect(servers * rounds * callsPerRound - refused).toBe(quota);
      expect(await countInMetrics(policy)).toBe(refused);
    },
  );
});
