import { spawnSync } from "node:child_process";
import { signInPerson, testKeys } from "@deepbot/testing";
import { findProgram } from "@deepbot/testing/find-program";
import { describe, expect, it, vi } from "vitest";
import { useApi } from "../support/api.ts";
import { createDialog, startRun } from "../support/dialogs.ts";
import { claimRun, claimRuns, report } from "../support/worker.ts";

describe("GET /metrics", () => {
  const api = useApi();

  async function read(): Promise<string> {
    const response = await fetch(`${api.url}/metrics`, { headers: { "X-Health-Key": testKeys.health } });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    return response.text();
  }

  it("is Forbidden without the operators' key", async () => {
    const wrong = [
      {},
      { "X-Health-Key": "wrong" },
      { "X-Messages-Key": testKeys.messages },
      { Authorization: "Bearer wrong" },
      { Authorization: `Basic ${testKeys.health}` },
    ];
    for (const headers of wrong) {
      const response = await fetch(`${api.url}/metrics`, { headers });
      expect([response.status, await response.json()]).toMatchObject([403, { detail: "Forbidden" }]);
    }
  });

  it("takes the operators' key as a bearer token, which is what Prometheus can send", async () => {
    const headers = { Authorization: `Bearer ${testKeys.health}` };
    const response = await fetch(`${api.url}/metrics`, { headers });
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("deepbot_build_info{")]);
  });

  it("names its metrics as Prometheus wants them", async () => {
    const text = await read();
    const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = "", type = ""]) => ({ name, type }));
    expect(types.length).toBeGreaterThan(20);
    for (const { name, type } of types) {
      expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, "m"));
      expect(name.endsWith("_total"), `${name} is a ${type}`).toBe(type === "counter");
      expect(name).not.toMatch(/_(?:ms|milliseconds|minutes|hours|kb|mb|percent|count|bucket|sum)(?:_|$)/i);
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    }
  });

  const promtool = findProgram("promtool");

  it.runIf(promtool !== null)("is clean by promtool: needs promtool", async () => {
    const checked = spawnSync(promtool ?? "", ["check", "metrics"], { input: await read(), encoding: "utf8" });
    expect([checked.status, checked.stdout + checked.stderr]).toEqual([0, ""]);
  });

  it("counts operations by name and status on both transports, and never by a name that a caller chose", async () => {
    await fetch(`${api.url}/me`);
    await fetch(`${api.url}/trpc/auth.me`);
    await fetch(`${api.url}/trpc/zq.chosen`);
    await fetch(`${api.url}/zq-chosen`);
    await vi.waitFor(async () => {
      const text = await read();
      expect(text).toMatch(/^deepbot_http_request_duration_seconds_count\{operation="auth\.me",status="401"\} 2$/m);
      expect(text).toMatch(/^deepbot_http_request_duration_seconds_count\{operation="none",status="404"\} 2$/m);
      expect(text).not.toContain("zq");
    });
  });

  it("counts each transition of a run once, by its states", async () => {
    const countOf = async (from: string, to: string): Promise<number> => {
      const line = new RegExp(`^deepbot_run_transitions_total\\{from="${from}",to="${to}"\\} (\\d+)$`, "m");
      return Number(line.exec(await read())?.[1] ?? 0);
    };
    const counts = (): Promise<number[]> =>
      Promise.all([countOf("none", "queued"), countOf("queued", "running"), countOf("running", "completed")]);
    const before = await counts();
    const person = await api.signIn();
    await startRun(person, await createDialog(person));
    await report(api, await claimRun(api), { kind: "complete", text: "hello" });
    expect(await counts()).toEqual(before.map((count) => count + 1));
  });

  it("counts refused calls by code, each call of a batch too", async () => {
    const count = async (): Promise<number> =>
      Number(/^deepbot_refusals_total\{code="unauthenticated"\} (\d+)$/m.exec(await read())?.[1] ?? 0);
    const before = await count();
    await fetch(`${api.url}/trpc/auth.me,auth.me?batch=1`);
    await fetch(`${api.url}/me`);
    expect(await count()).toBe(before + 3);
  });

  it("measures the wait for a worker and for its first words, and counts tokens and setbacks", async () => {
    const person = await api.signIn();
    const dialog = await createDialog(person);
    await startRun(person, dialog);
    const run = await claimRun(api);
    await report(api, run, { kind: "append", seq: 1, text: "hel" });
    await report(api, run, { kind: "append", seq: 2, text: "lo" });
    await report(api, run, { kind: "complete", text: "hello", usage: { input_tokens: 11, output_tokens: 7 } });
    await startRun(person, dialog);
    await report(api, await claimRun(api), { kind: "fail", code: "zq_own_words", message: "no", retry: false });
    const text = await read();
    expect(text).toMatch(/^deepbot_first_delta_seconds_count 1$/m);
    expect(Number(/^deepbot_queue_wait_seconds_count (\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(2);
    expect(text).toMatch(/^deepbot_tokens_total\{direction="input"\} 11$/m);
    expect(text).toMatch(/^deepbot_tokens_total\{direction="output"\} 7$/m);
    expect(text).toMatch(/^deepbot_peak_usage\{quota="tokens"\} 18$/m);
    expect(text).toMatch(/^deepbot_run_setbacks_total\{to="failed",reason="reported"\} 1$/m);
    expect(text).not.toContain("zq");
  });

  it("says how many workers wait for a run", async () => {
    expect(await read()).toMatch(/^deepbot_waiting_workers 0$/m);
    const claims = [claimRuns(api, { wait_ms: 20_000, max: 1 }), claimRuns(api, { wait_ms: 20_000, fallback: true })];
    await vi.waitFor(async () => expect(await read()).toMatch(/^deepbot_waiting_workers 2$/m));
    await vi.waitFor(async () => expect(await read()).toMatch(/^deepbot_workers 1$/m), 10_000);
    const person = await api.signIn();
    await startRun(person, await createDialog(person));
    await startRun(person, await createDialog(person));
    await Promise.all(claims);
    expect(await read()).toMatch(/^deepbot_waiting_workers 0$/m);
  });

  it("reports the runs that are open", async () => {
    expect(await read()).not.toMatch(/^deepbot_open_runs\{/m);
    const ann = await signInPerson(api.url, "ann");
    const { body } = await ann.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "abc" });
    await ann.call("POST", `/dialogs/${body.dialog}/runs`, { text_user: "hello" });
    const text = await read();
    expect(text).toMatch(/^deepbot_open_runs\{state="queued"\} 1$/m);
    expect(text).toMatch(/^deepbot_oldest_open_run_seconds\{state="queued"\} \d/m);
    await ann.call("POST", "/dialogs/delete", { dialog_id: body.dialog });
    expect(await read()).not.toMatch(/^deepbot_open_runs\{/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  });
});
