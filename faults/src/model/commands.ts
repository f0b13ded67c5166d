import { limits } from "@deepbot/contract";
import * as fc from "fast-check";
import { createLiveWatch } from "./live-watch.ts";
import { isOpen, tokenOf, type Assistant, type Model, type ModelRun } from "./model.ts";
import type { Request } from "./requests.ts";
import { awaitPassing, canPass, moveTime, type Passing } from "./time.ts";
import { checkEnd, checkRequest, openDialogs, tryCase, type World } from "./world.ts";

/** The run of a command: one of those that fit, counted from the newest. */
export interface RunChoice {
  among: "running" | "open" | "any";
  back: number;
}

const tokenChoices = ["present", "present", "present", "former", "foreign"] as const;

const foreignToken = "00000000-0000-4000-8000-000000000000";

export function chooseRunId(model: Model, { among, back }: RunChoice): number | undefined {
  const fits = (run: ModelRun): boolean => (among === "running" ? run.state === "running" : isOpen(run));
  const fitting = [...model.runs.values()].filter(fits).map(({ runId }) => runId);
  const from = among === "any" || fitting.length === 0 ? model.runIds : fitting;
  return from.at(-1 - (back % Math.max(1, from.length)));
}

function chooseToken(model: Model, runId: number, which: (typeof tokenChoices)[number]): string {
  const run = model.runs.get(runId);
  if (which === "foreign") return foreignToken;
  return (which === "former" ? run?.tokens[0] : tokenOf(run)) ?? foreignToken;
}

/** Ids that repeat within every dialog. */
export function clientMessageIdOf(index: number): string {
  return `00000000-0000-4000-9000-${String(index).padStart(12, "0")}`;
}

type Command = fc.AsyncCommand<Model, World>;

function describe(name: string, values: object, command: Pick<Command, "check" | "run">): Command {
  return { ...command, toString: () => `${name}(${JSON.stringify(values)})` };
}

const replica = fc.nat(2);
const text = fc.constantFrom("one", "two");
/** Two of the longest deltas reach the limit of a lease. */
const pieces = { one: "one", two: "two", longest: "😀".repeat(limits.deltaMaxCharacters) };
const piece = fc.constantFrom<keyof typeof pieces>("one", "two", "longest", "longest");
const run = fc.record<RunChoice>({ among: fc.constantFrom("running", "open", "any", "any"), back: fc.nat(3) });
const token = fc.constantFrom(...tokenChoices);

/** Commands of one request, which is made from the drawn values and the present model. */
function requests<T extends { replica: number }>(
  name: string,
  values: fc.Arbitrary<T>,
  make: (model: Model, drawn: T) => Request | undefined,
): fc.Arbitrary<Command> {
  return values.map((drawn) =>
    describe(name, drawn, {
      check: (model) => make(model, drawn) !== undefined,
      run: async (model, world) => {
        const request = make(model, drawn);
        if (request !== undefined) await checkRequest(world, model, { request, replica: drawn.replica });
      },
    }),
  );
}

/** Two dialogs, so that a claim finds several runs, and one with each other assistant. */
const assistants = ["served", "served", "unserved", "offline"] as const;
const assistant = fc.constantFrom<Assistant>("served", "served", "served", "served", "unserved", "unserved", "offline");

const send = requests(
  "send",
  fc.record({ replica, text, assistant, dialog: fc.nat(1), message: fc.nat(4) }),
  (model, { dialog, message, text: content, ...drawn }) => {
    const dialogIds = model.dialogIds.filter((id) => model.assistants.get(id) === drawn.assistant);
    const dialogId = dialogIds.at(-1 - dialog) ?? dialogIds.at(-1);
    if (dialogId === undefined) return undefined;
    return { kind: "send", dialogId, clientMessageId: clientMessageIdOf(message), text: content };
  },
);
const claim = requests(
  "claim",
  fc.record({
    replica,
    max: fc.integer({ min: 1, max: 3 }),
    isFallback: fc.constantFrom(false, false, true),
    confirms: fc.boolean(),
  }),
  (_, { max, isFallback, confirms }) => ({ kind: "claim", max, isFallback, confirms }),
);
const append = requests(
  "append",
  fc.record({ replica, run, token, piece, ahead: fc.constantFrom(1, 1, 1, 1, 0, 2) }),
  (model, drawn) => {
    const runId = chooseRunId(model, drawn.run);
    if (runId === undefined) return undefined;
    const seq = Math.max(1, (model.runs.get(runId)?.pieces.length ?? 0) + drawn.ahead);
    return { kind: "append", runId, token: chooseToken(model, runId, drawn.token), seq, text: pieces[drawn.piece] };
  },
);
const finals = requests(
  "report",
  fc.record({
    replica,
    run,
    token,
    kind: fc.constantFrom("heartbeat", "complete", "complete", "fail", "release"),
    text: fc.option(text),
    retry: fc.boolean(),
    discard: fc.boolean(),
  }),
  (model, drawn) => {
    const runId = chooseRunId(model, drawn.run);
    if (runId === undefined) return undefined;
    const lease = { runId, token: chooseToken(model, runId, drawn.token) };
    if (drawn.kind === "complete") return { kind: "complete", ...lease, text: drawn.text };
    if (drawn.kind === "fail") return { kind: "fail", ...lease, retry: drawn.retry, discard: drawn.discard };
    return { kind: drawn.kind, ...lease };
  },
);
const ofPeople = requests(
  "person",
  fc.record({ replica, run, kind: fc.constantFrom("get", "cancel", "retry") }),
  (model, drawn) => {
    const runId = chooseRunId(model, drawn.run);
    return runId === undefined ? undefined : { kind: drawn.kind, runId };
  },
);

/** Deletes a dialog, sometimes a second time, and creates another with its assistant. */
const remove = fc.record({ replica, dialog: fc.nat(4) }).map((drawn) =>
  describe("delete", drawn, {
    check: (model) => model.dialogIds.length > drawn.dialog,
    run: async (model, world) => {
      const dialogId = model.dialogIds.at(-1 - drawn.dialog) ?? 0;
      await checkRequest(world, model, { request: { kind: "delete", dialogId }, replica: drawn.replica });
      const wasWith = model.assistants.get(dialogId) ?? "served";
      if (model.dialogs.size < assistants.length) await openDialogs(world, model, [wasWith]);
    },
  }),
);

const passings: readonly Passing[] = [
  "lease",
  "lease",
  "lease",
  "deadline",
  "grace",
  "back-off",
  "back-off",
  "silence",
  "silence",
  "age",
];

/** A report that comes when the lease has run out. */
function lateReport(of: ModelRun, kind: (typeof lateKinds)[number]): Request {
  const lease = { runId: of.runId, token: tokenOf(of) ?? "" };
  if (kind === "complete") return { kind, ...lease, text: "late" };
  return kind === "append" ? { kind, ...lease, seq: of.pieces.length + 1, text: "late" } : { kind, ...lease };
}

const lateKinds = ["complete", "heartbeat", "append", "release"] as const;
const late = fc.constantFrom(...lateKinds);

const time = fc.record({ run, late, passing: fc.constantFrom(...passings) }).map((drawn) => {
  const find = (model: Model): ModelRun | undefined =>
    [...model.runs.values()].findLast((one) => canPass(one, drawn.passing));
  return describe(
    "time",
    { passing: drawn.passing, late: drawn.late },
    {
      check: (model) => find(model) !== undefined,
      run: async (model, world) => {
        const found = find(model);
        if (found === undefined) return;
        const { inspector } = world.scene.cluster;
        const { passing } = drawn;
        await moveTime(inspector, found.runId, passing);
        // Before or after the reaper has seen it; with all attempts spent, that would make a difference.
        const comesBack = !found.isConfirmed || found.attempt < model.maxAttempts;
        if (passing === "lease" && comesBack && !found.cancelRequested) {
          const before = { ...found, state: "queued" as const };
          const unreaped = { ...model, runs: new Map(model.runs).set(found.runId, before) };
          await checkRequest(world, unreaped, { request: lateReport(found, drawn.late), replica: 0 });
        }
        await awaitPassing(inspector, model, { run: found, passing });
      },
    },
  );
});

const watching = fc.record({ replica, run, what: fc.constantFrom("come back", "come back", "catch up") }).map((drawn) =>
  describe("watcher", drawn, {
    check: (model) => chooseRunId(model, drawn.run) !== undefined,
    run: async (model, world) => {
      const runId = chooseRunId(model, drawn.run) ?? 0;
      const found = model.runs.get(runId);
      const known = world.watches.get(runId);
      const watch = known ?? createLiveWatch(world.member.cookie, runId);
      if (known !== undefined && drawn.what === "catch up") {
        const fault = await watch.catchUp(found);
        if (fault !== undefined) throw new Error(fault);
        return;
      }
      if (found !== undefined) world.watches.set(runId, watch);
      const fault = await watch.comeBack(world.scene.cluster.urls[drawn.replica] ?? "", found);
      if (fault !== undefined) throw new Error(fault);
    },
  }),
);

/** All kinds of commands. The frequent ones are listed more than once. */
const kinds: fc.Arbitrary<Command>[] = [
  send,
  send,
  send,
  claim,
  claim,
  claim,
  append,
  append,
  append,
  finals,
  finals,
  finals,
  ofPeople,
  ofPeople,
  time,
  time,
  watching,
  watching,
  remove,
];

/** Any sequence of requests has the effects that the model predicts. */
export function commandsProperty(world: World, replayPath?: string): fc.IAsyncProperty<[Iterable<Command>]> {
  const all = fc.commands(kinds, { maxCommands: 60, size: "max", ...(replayPath === undefined ? {} : { replayPath }) });
  return fc.asyncProperty(all, (chosen) =>
    tryCase(world, assistants, async (model) => {
      await fc.asyncModelRun(() => ({ model, real: world }), chosen);
      await checkEnd(world, model);
    }),
  );
}
