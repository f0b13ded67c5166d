import { setTimeout as delay } from "node:timers/promises";
import { sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { operatorName } from "../cluster/cluster.ts";
import { forEachFew } from "../support/for-each-few.ts";
import { callAny, type Call, type Reply } from "../support/http.ts";
import { createDialog, newQuestion, send, signIn, type Member } from "../people/people.ts";
import { timed, type Scenario, type Scene } from "../scene.ts";
import { startWorkerProcess, type WorkerProcess } from "../workers/worker-process.ts";

/** What each maker's keys serve. Both serve the third assistant. */
const makersOf: Record<string, readonly string[]> = { alpha: ["alpha", "both"], beta: ["beta", "both"] };
const assistants = ["alpha", "beta", "both"];
const workersEach = 5;
const leaseMs = 2_000;
/** Within which a revoked key ends everywhere. */
const revokedWithinMs = 1_000;
/** Within which an assistant is offline after its last worker was killed. */
const offlineWithinMs = 40_000;

interface Key {
  key_id: string;
  key: string;
}

interface Worker {
  process: WorkerProcess;
  key: Key;
  isAlive: boolean;
}

/** A maker's workers, each a process. Killed ones stay in the list, because of what they printed. */
interface Team {
  name: string;
  key: Key;
  workers: Worker[];
}

interface Platform {
  operate: <T>(call: Call) => Promise<T>;
  teams: Team[];
}

function hire(scene: Scene, team: Team): void {
  const name = `${team.name}-${team.workers.length}`;
  const process = startWorkerProcess(scene.random.pick(scene.cluster.urls), {
    name,
    leaseMs,
    pauseMs: 100,
    key: team.key.key,
  });
  team.workers.push({ process, key: team.key, isAlive: true });
}

function createKey({ operate }: Pick<Platform, "operate">, name: string): Promise<Key> {
  return operate({ path: "/operator/keys", body: { name, scopes: ["runs"], assistants: makersOf[name] } });
}

async function prepare(scene: Scene): Promise<Platform> {
  const { cookie } = await signIn(scene, operatorName);
  const operate = async <T>(call: Call): Promise<T> => {
    const reply: Reply<T> = await callAny<T>(scene.retrying, { ...call, cookie });
    if (reply.status < 200 || reply.status > 299)
      throw new Error(`${call.path} was refused: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  for (const slug of assistants) await operate({ path: "/operator/assistants", body: { slug, name: slug } });
  const teams: Team[] = [];
  for (const name of Object.keys(makersOf)) {
    const team: Team = { name, key: await createKey({ operate }, name), workers: [] };
    for (let count = 0; count < workersEach; count += 1) hire(scene, team);
    teams.push(team);
  }
  return { operate, teams };
}

/** A worker of the team dies, and another one takes its place. */
async function killOne(scene: Scene, { teams }: Platform): Promise<void> {
  const team = scene.random.pick(teams);
  const victim = scene.random.pick(team.workers.filter(({ key, isAlive }) => isAlive && key === team.key));
  victim.isAlive = false;
  await victim.process.kill();
  hire(scene, team);
}

/** The maker's key is revoked without a warning, while its workers hold runs; a new key comes half a second later. */
async function replaceKey(scene: Scene, platform: Platform, team: Team): Promise<void> {
  const { key_id: keyId } = team.key;
  await platform.operate({ method: "DELETE", path: `/operator/keys/${keyId}` });
  await delay(500);
  team.key = await createKey(platform, team.name);
  for (let count = 0; count < workersEach; count += 1) hire(scene, team);
}

async function askAll(scene: Scene, count: number): Promise<number[]> {
  const members = await Promise.all(Array.from({ length: 8 }, () => signIn(scene)));
  const asked: number[] = [];
  const places = Array.from({ length: count }, (_, index) => ({
    member: members[index % members.length] as Member,
    assistant: scene.random.pick(assistants),
  }));
  await forEachFew(places, 12, async ({ member, assistant }) => {
    const dialogId = await createDialog(scene, member, assistant);
    const run = await send(scene, newQuestion(scene, member, dialogId));
    if (run !== undefined) asked.push(run.run_id);
  });
  return asked;
}

async function isAllAnswered({ cluster }: Scene): Promise<boolean> {
  const [row] = await cluster.inspector.rows<{ open: string }>(
    sql`select count(*) as open from runs where ended_at is null`,
  );
  return row?.open === "0";
}

/** Every run that was answered wrongly: not at all, by a key that was not allowed to, or by a key that had ended. */
async function judgeAnswers(scene: Scene, asked: readonly number[]): Promise<void> {
  const wrong = await scene.cluster.inspector.rows<{ what: string }>(sql`
    select 'run ' || run_id || ' is ' || state || ', answered by key ' || coalesce(service_keys.name, 'none') as what
    from runs left join service_keys on service_keys.key_id::text = runs.lease_key_id
    where run_id in (select value::bigint from json_array_elements_text(${JSON.stringify(asked)}::json))
      and (state <> 'completed' or not coalesce(assistant_id = any(assistant_ids), false)
        or ended_at > revoked_at + ${revokedWithinMs} * interval '1 millisecond')`);
  for (const { what } of wrong) scene.fault(`F25 ${what}`);
}

/** No worker may even see a run of an assistant that its key does not serve. */
async function judgeClaims(scene: Scene, { teams }: Platform): Promise<number> {
  const rows = await scene.cluster.inspector.rows<{ run_id: string; slug: string }>(
    sql`select run_id, slug from runs join assistants using (assistant_id)`,
  );
  const slugs = new Map(rows.map(({ run_id: runId, slug }) => [runId, slug]));
  const claims = teams.flatMap(({ name, workers }) => {
    const output = workers.map(({ process }) => process.output()).join("\n");
    return Array.from(output.matchAll(/^claimed (\d+)$/gm), ([, runId = ""]) => ({
      name,
      runId,
      slug: slugs.get(runId),
    }));
  });
  for (const { name, runId, slug = "none" } of claims) {
    if (!makersOf[name]?.includes(slug)) scene.fault(`F25 ${name} got run ${runId} of ${slug}`);
  }
  return claims.length;
}

/** How long the assistant stays online at some replica once all workers of its maker were killed. */
async function killTeam(scene: Scene, { teams }: Platform, slug: string): Promise<number> {
  const { cookie } = await signIn(scene);
  const team = teams.find(({ name }) => name === slug);
  const isOffline = async (url: string): Promise<boolean> => {
    const call: Call = { method: "GET", path: "/assistants", cookie };
    const { body } = await callAny<{ assistants: { slug: string; online: boolean }[] }>(
      { urls: [url], pick: () => url },
      call,
    );
    return body.assistants.find((assistant) => assistant.slug === slug)?.online === false;
  };
  const [url = ""] = scene.cluster.urls;
  if (await isOffline(url)) scene.fault(`F25 ${slug} was offline while its workers waited`);
  await Promise.all(team?.workers.map(({ process }) => process.kill()) ?? []);
  return timed(() =>
    Promise.all(scene.cluster.urls.map((each) => until(`${slug} is offline`, () => isOffline(each), offlineWithinMs))),
  );
}

/** Kills workers until the work is over; after four of them, and after eight, a key is revoked. @returns the kills */
async function disturb(scene: Scene, platform: Platform, work: () => Promise<void>): Promise<number> {
  const ended = new AbortController();
  const working = work().finally(() => ended.abort());
  let kills = 0;
  for (; !ended.signal.aborted; kills += 1) {
    await killOne(scene, platform);
    const maker = { 4: platform.teams[0], 8: platform.teams[1] }[kills];
    if (maker !== undefined) await replaceKey(scene, platform, maker);
    await delay(scene.random.whole(200, 600));
  }
  await working;
  return kills;
}

export const makers: Scenario = {
  id: "F25",
  name: "two makers, keys revoked, workers killed",
  run: async (scene) => {
    const count = scene.rounds({ full: 1_000, ci: 80 });
    const platform = await prepare(scene);
    const { teams } = platform;
    try {
      const asking = askAll(scene, count);
      const kills = await disturb(scene, platform, async () => {
        await asking;
        await until("all are answered", () => isAllAnswered(scene), 120_000);
      });
      await judgeAnswers(scene, await asking);
      const claims = await judgeClaims(scene, platform);
      if (claims <= count || kills <= 8) scene.fault(`F25 too little was disturbed: ${kills} kills, ${claims} claims`);
      scene.recovered(await killTeam(scene, platform, "alpha"));
      scene.note(`${count} questions, ${claims} claims, ${kills} workers killed`);
    } finally {
      await Promise.all(teams.flatMap(({ workers }) => workers.map(({ process }) => process.kill())));
    }
  },
};
