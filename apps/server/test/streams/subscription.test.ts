import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink, type TRPCClient } from "@trpc/client";
import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { freePort, signInPerson, startServerProcess, testKeys, until, type ServerProcess } from "@deepbot/testing";
import type { AppRouter, Outputs } from "@deepbot/api";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

type Event = { id: string; data: { type: string; text?: string; run?: Outputs["runs"]["get"] } };

function connect(url: string, cookie: string): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({
          url: `${url}/trpc`,
          EventSource,
          eventSourceOptions: {
            fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, cookie } }),
          },
        }),
        false: httpLink({
          url: `${url}/trpc`,
          headers: ({ op }) => (op.path.startsWith("worker.") ? { "x-messages-key": testKeys.messages } : { cookie }),
        }),
      }),
    ],
  });
}

describe("a subscription of the typed client", () => {
  let database: ProcessDatabase;
  let server: ServerProcess;
  beforeAll(async () => {
    database = await createProcessDatabase();
    server = await startServerProcess({ ...database.env, LOG_LEVEL: "warn", PORT: String(await freePort()) });
  });
  afterAll(async () => {
    await server.kill();
    await database.drop();
  });

  it("sees every delta once and one end, though the server is stopped and started in between", async () => {
    const person = await signInPerson(server.url, "ann");
    const client = connect(server.url, person.cookie);
    const { dialog } = await client.dialogs.create.mutate({ dialog_name: "talk" });
    const { run_id } = await client.runs.start.mutate({ dialog_id: dialog, text_user: "hi" });
    const { runs } = await client.worker.claim.mutate({ worker: "w", lease_ms: 600_000 });
    const lease = { run_id, lease_token: runs[0]?.lease_token ?? "" };

    const events: Event[] = [];
    let over = false;
    const subscription = client.runs.watch.subscribe(
      { run_id },
      {
        onData: (event) => void events.push(event),
        onComplete: () => {
          over = true;
        },
      },
    );
    await until("it has begun", () => events.length === 1);
    await client.worker.append.mutate({ ...lease, seq: 1, text: "before, " });
    await until("the first delta is there", () => events.length === 2);

    await server.stop();
    server = await startServerProcess({ ...database.env, LOG_LEVEL: "warn", PORT: String(server.port) });
    await client.worker.append.mutate({ ...lease, seq: 2, text: "after" });
    await client.worker.complete.mutate({ ...lease, text: "before, after" });
    await until("it has ended", () => over);
    subscription.unsubscribe();

    const [snapshot, ...rest] = events;
    expect(snapshot?.data.type).toBe("snapshot");
    const deltas = rest.filter(({ data }) => data.type === "delta");
    expect(new Set(deltas.map(({ id }) => id)).size).toBe(deltas.length);
    expect(rest.filter(({ data }) => data.type === "end")).toHaveLength(1);
    expect(rest.at(-1)?.data.run).toMatchObject({ state: "completed", answer: { content: "before, after" } });
  });

  it("is refused with the platform's own code when the run is somebody else's", async () => {
    const ann = await signInPerson(server.url, "ann");
    const created = await ann.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "private" });
    const started = await ann.call<{ run_id: number }>("POST", `/dialogs/${created.body.dialog}/runs`, {
      text_user: "hi",
    });
    const bob = connect(server.url, (await signInPerson(server.url, "bob")).cookie);
    let refusal: string | undefined;
    const subscription = bob.runs.watch.subscribe(
      { run_id: started.body.run_id },
      {
        onError: (error) => {
          refusal = error.data?.code;
        },
      },
    );
    await until("it is refused", () => refusal !== undefined);
    subscription.unsubscribe();
    expect(refusal).toBe("run_not_found");
  });
});
