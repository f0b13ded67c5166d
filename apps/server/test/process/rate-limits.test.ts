import { describePostgres } from "@deepbot/db/testing";
import { testKeys } from "@deepbot/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formCount, type Outcome } from "./support/call-forms.ts";
import { callCount, serverCount, startThreeServers, type Headers, type ThreeServers } from "./support/three-servers.ts";

/** Not divisible by the servers: together they grant the part that is. */
const quota = 62;
const share = 20;

const settings = [
  "SIGN_INS_PER_MINUTE",
  "PUBLIC_PER_MINUTE",
  "REFUSALS_PER_MINUTE",
  "SENDS_PER_MINUTE",
  "CHANGES_PER_MINUTE",
  "EXPORTS_PER_HOUR",
  "READS_PER_MINUTE",
  "CLAIMS_PER_MINUTE",
  "REPORTS_PER_MINUTE",
  "OPERATORS_PER_MINUTE",
];

/** Clients come through a proxy, so that each policy of addresses is tried from an address of its own. */
const env = {
  TRUSTED_PROXIES: "127.0.0.1",
  ...Object.fromEntries(settings.map((name) => [`RATE_${name}`, String(quota)])),
};

interface Case {
  policy: string;
  name: string;
  input?: object;
  caller: "person" | "worker" | "operator" | { address: string };
  /** What comes of a call that passes. Most are refused by their use case, which counts like any other call. */
  passed: readonly string[];
}

const nowhere = { dialog_id: 2_000_000_000 };
const lease = { run_id: 2_000_000_000, lease_token: "6a7c1f0e-3a0b-4b9e-9f59-1f1c7f6c2d11" };

/** One procedure of each policy. */
const cases: Case[] = [
  {
    policy: "sign_in",
    name: "auth.signIn",
    input: { token: "x" },
    caller: { address: "203.0.113.1" },
    passed: ["google_token_invalid"],
  },
  { policy: "public", name: "config.get", caller: { address: "203.0.113.2" }, passed: ["ok"] },
  { policy: "refused", name: "auth.me", caller: { address: "203.0.113.3" }, passed: ["unauthenticated"] },
  {
    policy: "send",
    name: "messages.send",
    input: { ...nowhere, text_user: "Hello" },
    caller: "person",
    passed: ["dialog_not_found"],
  },
  {
    policy: "change",
    name: "dialogs.rename",
    input: { ...nowhere, dialog_name: "abc" },
    caller: "person",
    passed: ["dialog_not_found"],
  },
  { policy: "export", name: "account.export", caller: "person", passed: ["ok", "too_many_exports"] },
  { policy: "read", name: "auth.me", caller: "person", passed: ["ok"] },
  { policy: "claim", name: "worker.claim", input: { worker: "w", wait_ms: 0 }, caller: "worker", passed: ["ok"] },
  { policy: "report", name: "worker.heartbeat", input: lease, caller: "worker", passed: ["run_not_found"] },
  { policy: "operator", name: "health.check", caller: "operator", passed: ["ok"] },
];

describePostgres("three servers", () => {
  let servers: ThreeServers;
  let person: Headers;
  let worker: Headers;

  beforeAll(async () => {
    servers = await startThreeServers(env);
    person = { cookie: (await servers.signIn("ann")).cookie };
    worker = await servers.makeKey();
  });
  afterAll(() => servers.stop());

  const headersOf = (caller: Case["caller"]): Headers => {
    if (typeof caller === "object") return { "x-forwarded-for": caller.address };
    return { person, worker, operator: { "x-health-key": testKeys.health } }[caller];
  };

  /** What came of the calls at each server: so many in each form, all at one moment. */
  async function callRounds({ name, input, caller }: Case, rounds: number): Promise<Outcome[][]> {
    const inputs = input === undefined ? undefined : Array.from({ length: callCount }, () => input);
    const target = { name, headers: headersOf(caller) };
    const all = await Promise.all(Array.from({ length: rounds }, () => servers.callEverywhere(target, inputs)));
    return Array.from({ length: serverCount }, (_, server) => all.flatMap((round) => round[server] ?? []));
  }

  test.for(cases)(
    "grant one quota of $policy together, in all forms at once, and count what they refuse",
    async (each) => {
      const isPassed = ({ code }: Outcome): boolean => each.passed.includes(code);
      const rounds = 3;
      const below = await callRounds(each, rounds);
      expect(below.flat().filter((outcome) => !isPassed(outcome))).toEqual([]);

      const left = share - rounds * formCount;
      const across = await callRounds(each, rounds);
      expect(across.map((outcomes) => outcomes.filter(isPassed).length)).toEqual([left, left, left]);
      const refusal = { status: 429, code: "too_many_requests", policy: each.policy };
      for (const outcome of across.flat()) if (!isPassed(outcome)) expect(outcome).toEqual(refusal);

      const refused = rounds * formCount - left;
      const counted = await servers.readMetric(`deepbot_rate_limited_requests_total{policy="${each.policy}"}`);
      expect(counted).toEqual([refused, refused, refused]);
    },
  );
});
