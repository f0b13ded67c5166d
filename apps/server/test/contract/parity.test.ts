import { describePostgres } from "@deepbot/db/testing";
import { expect, it } from "vitest";
import { runSql, useApi, type Api, type Person } from "../support/api.ts";
import { createDialog, startRun, untilAwaited, type Run } from "../support/dialogs.ts";
import { openEvents } from "../support/event-source.ts";
import type { Reply } from "../support/http.ts";
import { claimRun, reply, report } from "../support/worker.ts";

interface Stage {
  api: Api;
  person: Person;
  dialogId: number;
  /** Asks in the dialog. */
  ask: (text?: string) => Promise<Run>;
  /** Moves a time of a run into the past. */
  age: (column: string, run: { run_id: number }) => Promise<unknown>;
}

type Scene = (stage: Stage) => Promise<Reply[]>;

const failure = { kind: "fail", code: "model_down", message: "The model is down." } as const;

/** What an engine could do in its own way: returned columns, order, times, numbers, bytes, conflicts, notifications. */
const scenes: Record<string, Scene> = {
  "signing in, twice": async ({ api, person }) => {
    const again = await api.signIn({ sub: "parity-twice", given_name: "Анна 😀" });
    const once = await api.signIn({ sub: "parity-twice", family_name: "Smith" });
    return [await person.call("GET /me"), await again.call("GET /me"), await once.call("GET /sessions")];
  },
  "ending sessions": async ({ person }) => [
    await person.call("POST /logout/everywhere"),
    await person.call("GET /me"),
    await person.call("POST /logout"),
  ],
  "creating, renaming, listing and deleting dialogs": async ({ person, dialogId }) => [
    await person.call("POST /dialogs/create", { json: { dialog_name: "second 😀" } }),
    await person.call("POST /dialogs/rename", { json: { dialog_id: dialogId, dialog_name: "renamed" } }),
    await person.call("POST /dialogs"),
    await person.call("POST /dialogs/delete", { json: { dialog_id: dialogId } }),
    await person.call("POST /dialogs/delete", { json: { dialog_id: dialogId } }),
    await person.call("POST /dialogs"),
  ],
  "the limit of dialogs": async ({ person }) => {
    const replies: Reply[] = [];
    for (const dialog_name of ["second", "third", "fourth", "fifth", "sixth"]) {
      replies.push(await person.call("POST /dialogs/create", { json: { dialog_name } }));
    }
    return replies;
  },
  "a message and the reply of the original protocol": async ({ api, person, dialogId }) => {
    const json = { dialog_id: dialogId, text_user: "Как дела?\n" };
    const sent = person.call("POST /send/message/ai", { json });
    await untilAwaited(person, dialogId);
    const pending = await api.asWorker("GET /messages");
    const replied = await reply(api, { userId: person.userId, dialogId, text: '"\\\u2028 😀' });
    const repeated = await reply(api, { userId: person.userId, dialogId, text: '"\\\u2028 😀' });
    return [pending, replied, repeated, await sent, await person.call(`GET /dialogs/${dialogId}`)];
  },
  "a message that a worker answers": async ({ api, person, dialogId }) => {
    const sent = person.call("POST /send/message/ai", { json: { dialog_id: dialogId, text_user: "a question" } });
    const claimed = await api.asWorker<{ runs: { run_id: number; lease_token: string }[] }>("POST /worker/claim", {
      json: { worker: "w", wait_ms: 20_000 },
    });
    const lease = claimed.body.runs[0] ?? { run_id: 0, lease_token: "" };
    const usage = { model: "m", input_tokens: 1, output_tokens: 2 };
    const completed = await report(api, lease, { kind: "complete", text: "an answer", usage });
    return [claimed, completed, await sent, await person.call(`GET /runs/${lease.run_id}`)];
  },
  "a message sent again under its own id": async ({ person, dialogId }) => {
    const json = { text_user: "once", client_message_id: "6a7c1f0e-3a0b-4b9e-9f59-1f1c7f6c2d11" };
    const target = `POST /dialogs/${dialogId}/runs` as const;
    return [
      await person.call(target, { json }),
      await person.call(target, { json }),
      await person.call(target, { json: { ...json, text_user: "other" } }),
      await person.call(target, { json: { text_user: "without one" } }),
    ];
  },
  "pages of messages": async ({ api, person, dialogId }) => {
    for (let count = 1; count <= 5; count += 1) {
      await reply(api, { userId: person.userId, dialogId, text: `text ${count}` });
    }
    const searches = ["", "?limit=2", "?limit=2&before=4", "?limit=2&before=1"];
    return Promise.all(searches.map((search) => person.call(`GET /dialogs/${dialogId}/messages${search}`)));
  },
  "an answer in pieces, read while it grows": async ({ api, person, ask }) => {
    const run = await ask();
    const lease = await claimRun(api);
    const replies: Reply[] = [];
    for (const [seq, text] of [
      [1, "при"],
      [2, "вет"],
      [2, "вет"],
      [4, "gap"],
    ] as const) {
      replies.push(await report(api, lease, { kind: "append", seq, text }));
    }
    return [...replies, await person.call(`GET /runs/${run.run_id}`), await report(api, lease, { kind: "heartbeat" })];
  },
  "a failure, a release, a retry and a failure for good": async ({ api, person, dialogId, ask }) => {
    const run = await ask();
    const replies = [
      await report(api, await claimRun(api), { ...failure, retry: true }),
      await report(api, await claimRun(api), { kind: "release" }),
      await report(api, await claimRun(api), { ...failure, retry: false }),
      await person.call(`GET /runs/${run.run_id}`),
      await person.call(`POST /runs/${run.run_id}/retry`),
      await person.call(`POST /runs/${run.run_id}/retry`),
      await person.call(`GET /dialogs/${dialogId}/messages`),
    ];
    return replies;
  },
  "a lease that ran out": async ({ api, ask, age }) => {
    await ask();
    const first = await claimRun(api);
    await age("lease_until", first);
    const second = await claimRun(api);
    const replies = [
      await report(api, first, { kind: "append", seq: 1, text: "late" }),
      await report(api, first, { kind: "complete", text: "late" }),
    ];
    return [...replies, await report(api, second, { kind: "complete", text: "in time" })];
  },
  "cancelling a queued run, and one that has streamed something": async ({ api, person, dialogId, ask }) => {
    const queued = await ask("first");
    const cancelled = await person.call(`POST /runs/${queued.run_id}/cancel`);
    const running = await ask("second");
    const lease = await claimRun(api);
    await report(api, lease, { kind: "append", seq: 1, text: "half an answer" });
    return [
      cancelled,
      await person.call(`POST /runs/${running.run_id}/cancel`),
      await report(api, lease, { kind: "heartbeat" }),
      await report(api, lease, { kind: "release" }),
      await person.call(`GET /dialogs/${dialogId}/messages`),
    ];
  },
  "a deadline that passed, and a late reply": async ({ api, person, dialogId, ask, age }) => {
    const run = await ask();
    await age("deadline_at", run);
    return [
      await person.call(`GET /runs/${run.run_id}`),
      await person.call(`GET /dialogs/flag/${dialogId}`),
      await reply(api, { userId: person.userId, dialogId, text: "late" }),
      await person.call(`GET /runs/${run.run_id}`),
    ];
  },
  "an export, and the end of the account": async ({ person, ask }) => {
    await ask();
    return [
      await person.call("GET /me/export"),
      await person.call(`DELETE /me?user_id=${person.userId}`),
      await person.call("GET /me"),
    ];
  },
  "numbers that are too large for an id": async ({ person }) => [
    await person.call("GET /runs/9007199254740991"),
    await person.call("GET /dialogs/9007199254740993"),
    await person.call("POST /dialogs/delete", { json: { dialog_id: 1e30 } }),
  ],
  "the events of a run": async ({ api, person, ask }) => {
    const { run_id } = await ask();
    const { events, ended } = await openEvents(`${api.url}/runs/${run_id}/events`, { cookie: person.cookie });
    // Whether the question has to wait long enough to be told its place depends on the machine.
    const ofAnswer = () => events.filter(({ type }) => type !== "waiting");
    await expect.poll(() => ofAnswer().length).toBe(1);
    const lease = await claimRun(api);
    await report(api, lease, { kind: "append", seq: 1, text: "an " });
    await report(api, lease, { kind: "append", seq: 2, text: "answer" });
    await report(api, lease, { kind: "complete", text: "an answer" });
    await ended;
    const body = ofAnswer().map(({ id, type, data }) => ({ id, type, data }));
    return [{ status: 200, headers: {}, text: "", body }];
  },
};

const varying: [RegExp, string][] = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>"],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z/g, "<time>"],
];

/** What a client sees of a reply, without what differs from one call to the next. */
function essence({ status, headers, body }: Reply): unknown {
  const text = JSON.stringify(body ?? null);
  const same = varying.reduce((current, [pattern, name]) => current.replace(pattern, name), text);
  return { status, type: headers["content-type"], body: JSON.parse(same) as unknown };
}

async function play(api: Api, scene: Scene, name: string): Promise<unknown[]> {
  const person = await api.signIn({ sub: name.replaceAll(/\W+/g, "-") });
  const dialogId = await createDialog(person);
  const replies = await scene({
    api,
    person,
    dialogId,
    ask: (text) => startRun(person, dialogId, text),
    age: (column, { run_id }) =>
      runSql(api.database, `update runs set ${column} = now() - interval '1 second' where run_id = ${run_id}`),
  });
  return replies.map(essence);
}

describePostgres("the embedded engine and PostgreSQL", () => {
  const embedded = useApi({}, "embedded");
  const postgres = useApi({}, "postgres");

  it.each(Object.entries(scenes))("respond alike to %s", async (name, scene) => {
    expect(await play(embedded, scene, name)).toEqual(await play(postgres, scene, name));
  });
});
