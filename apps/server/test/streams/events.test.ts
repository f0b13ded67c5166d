import { createTestPostgres, describePostgres } from "@deepbot/db/testing";
import { signInPerson, startServerProcess, testKeys, until, type Person, type ServerProcess } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { openEvents, textOf, type EventClient } from "../support/event-source.ts";

interface Lease {
  run_id: number;
  lease_token: string;
}

describePostgres("the events of a run, over three servers on one PostgreSQL", () => {
  let servers: ServerProcess[] = [];
  let env: Record<string, string> = {};
  let drop: () => Promise<void>;
  const clients: EventClient[] = [];

  beforeAll(async () => {
    const database = await createTestPostgres();
    drop = database.drop;
    env = { DATABASE_URL: database.url, LOG_LEVEL: "warn", CANCEL_GRACE_MS: "500" };
    servers = await Promise.all([startServerProcess(env), startServerProcess(env), startServerProcess(env)]);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.kill()));
    await drop();
  });

  const urlOf = (index: number): string => servers[index]?.url ?? "";
  const worker = async <T>(index: number, path: string, body: object): Promise<T> => {
    const response = await fetch(`${urlOf(index)}/worker/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-messages-key": testKeys.messages },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as T;
  };
  const append = (index: number, { run_id, lease_token }: Lease, [seq, text]: [number, string]) =>
    worker<{ cancel_requested: boolean }>(index, `runs/${run_id}/append`, { lease_token, seq, text });
  const complete = (index: number, { run_id, lease_token }: Lease, text: string) =>
    worker(index, `runs/${run_id}/complete`, { lease_token, text });

  const ask = async () => {
    const person = await signInPerson(urlOf(0), `p${Math.random()}`);
    const created = await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "talk" });
    const started = await person.call<{ run_id: number }>("POST", `/dialogs/${created.body.dialog}/runs`, {
      text_user: "hi",
    });
    const { runs } = await worker<{ runs: Lease[] }>(1, "claim", { worker: "w", wait_ms: 25_000 });
    const [lease] = runs;
    if (lease === undefined) throw new Error("There was nothing to claim.");
    expect(lease.run_id).toBe(started.body.run_id);
    return { person, lease, dialogId: created.body.dialog };
  };
  const watch = async (
    index: number,
    { person, runId, lastEventId }: { person: Person; runId: number; lastEventId?: string },
  ) => {
    const url = `${urlOf(index)}/runs/${runId}/events`;
    const client = await openEvents(url, {
      cookie: person.cookie,
      ...(lastEventId === undefined ? {} : { lastEventId }),
    });
    clients.push(client);
    return client;
  };

  it("reach a watcher on another server as they are made, long before the end", async () => {
    const { person, lease } = await ask();
    const client = await watch(2, { person: person, runId: lease.run_id });
    expect(client.contentType).toBe("text/event-stream; charset=utf-8");
    for (const [index, word] of ["one ", "two ", "three"].entries()) {
      await append(index, lease, [index + 1, word]);
      await until("the word is there", () => textOf(client.events).endsWith(word));
    }
    expect(client.events.map(({ type }) => type)).not.toContain("end");
    await complete(0, lease, "one two three");
    await client.ended;
    expect(client.events.map(({ id }) => id)).toEqual(["1-0", "1-1", "1-2", "1-3", "end"]);
    expect(client.events.at(-1)?.data.run).toMatchObject({ state: "completed", answer: { content: "one two three" } });
  });

  it("go on where they stopped on another server when one is killed", async () => {
    const { person, lease } = await ask();
    const victim = await startServerProcess(env);
    const first = await openEvents(`${victim.url}/runs/${lease.run_id}/events`, { cookie: person.cookie });
    clients.push(first);
    await append(0, lease, [1, "before "]);
    await until("the first delta is there", () => textOf(first.events) === "before ");
    await victim.kill();
    await first.ended;
    await append(0, lease, [2, "meanwhile "]);
    const second = await watch(1, { person, runId: lease.run_id, lastEventId: first.events.at(-1)?.id ?? "" });
    await append(2, lease, [3, "after"]);
    await complete(2, lease, "before meanwhile after");
    await second.ended;
    expect([...first.events, ...second.events].map(({ id }) => id)).toEqual(["1-0", "1-1", "1-2", "1-3", "end"]);
  });

  it("are not repeated to a client that has had the end: 204 keeps it from coming back", async () => {
    const { person, lease } = await ask();
    await complete(0, lease, "done");
    const client = await watch(2, { person, runId: lease.run_id, lastEventId: "end" });
    expect(client.status).toBe(204);
  });

  it.each(["1-99", "7-1", "NaN", "1-", "%00", "x".repeat(90)])("begin anew for the id %s", async (lastEventId) => {
    const { person, lease } = await ask();
    await append(1, lease, [1, "so far"]);
    const client = await watch(0, { person, runId: lease.run_id, lastEventId: lastEventId });
    await complete(1, lease, "so far");
    await client.ended;
    expect(client.events.map(({ type }) => type)).toEqual(["snapshot", "end"]);
  });

  it("end within seconds of a logout on another server, and cannot be opened again", async () => {
    const { person, lease } = await ask();
    const client = await watch(2, { person: person, runId: lease.run_id });
    await until("it has begun", () => client.events.length === 1);
    const startedAt = performance.now();
    await person.call("POST", "/logout");
    await client.ended;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect((await watch(1, { person: person, runId: lease.run_id })).status).toBe(401);
    await complete(0, lease, "to nobody");
  });

  it.each([
    { name: "signing out everywhere", method: "POST", path: () => "/logout/everywhere" },
    { name: "deleting the account", method: "DELETE", path: (id: number) => `/me?user_id=${id}` },
  ])("end at once on every server after $name on one of them, and no cookie is good for anything", async (way) => {
    const { person, lease } = await ask();
    const watchers = [await watch(1, { person, runId: lease.run_id }), await watch(2, { person, runId: lease.run_id })];
    await until("both have begun", () => watchers.every(({ events }) => events.length === 1));
    const me = await person.call<{ content: { id: number }[] }>("GET", "/me");
    const startedAt = performance.now();
    const done = await person.call(way.method, way.path(me.body.content[0]?.id ?? 0));
    expect(done.status).toBe(200);
    await Promise.all(watchers.map(({ ended }) => ended));
    // Sooner than the fallback poll that finds ended sessions without a notification.
    expect(performance.now() - startedAt).toBeLessThan(3_500);
    for (const index of [0, 1, 2]) {
      const replayed = await fetch(`${urlOf(index)}/me`, { headers: { cookie: person.cookie } });
      expect(replayed.status).toBe(401);
    }
  });

  it("of somebody else's run are 404, with a problem document", async () => {
    const { lease } = await ask();
    const bob = await signInPerson(urlOf(1), `p${Math.random()}`);
    const client = await watch(1, { person: bob, runId: lease.run_id });
    expect(client.status).toBe(404);
    expect(client.contentType).toBe("application/problem+json; charset=utf-8");
    await complete(0, lease, "done");
  });

  it("report a cancel that was requested on another server, with the text streamed so far", async () => {
    const { person, lease } = await ask();
    const client = await watch(2, { person: person, runId: lease.run_id });
    await append(1, lease, [1, "I was say"]);
    await until("the delta is there", () => textOf(client.events) === "I was say");
    await person.call("POST", `/runs/${lease.run_id}/cancel`);
    expect((await append(1, lease, [2, "ing"])).cancel_requested).toBe(true);
    await client.ended;
    expect(client.events.at(-1)?.data.run).toMatchObject({ state: "cancelled", answer: { content: "I was saying" } });
  });
});
