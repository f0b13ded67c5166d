import { setTimeout as delay } from "node:timers/promises";
import { sql } from "@deepbot/db/testing";
import type { Replica } from "../cluster/cluster.ts";
import { heapMiB, residentMiB } from "../judging/memory.ts";
import { exportsPerHour, startLimitTesters, type LimitReport } from "../people/over-limits.ts";
import { underLoad, type Scenario, type Scene } from "../scene.ts";
import { claim } from "../workers/worker.ts";

const everyMs = 5_000;
/** Limit of the resident memory. A server has 270 MiB after its start. */
const peakLimitMiB = 400;
/** Limit of the growth of the heap's minimum from the first third to the last. */
const heapLimitMiB = 20;
/** Collects the garbage of a server when it gets SIGUSR2, so that what is left of its heap is in use. */
const collectsGarbage = {
  NODE_OPTIONS: "--expose-gc --import=data:text/javascript,process.on('SIGUSR2',()=>globalThis.gc())",
};

/** Replica c runs through the whole soak, so that its memory can be measured. */
const faults: Record<string, (scene: Scene) => Promise<void>> = {
  "replica killed": async ({ cluster, random }) => {
    const victim = random.pick(cluster.replicas.slice(0, 2));
    await victim.kill();
    await victim.start();
  },
  "replica restarted": async ({ cluster, random }) => {
    const chosen = random.pick(cluster.replicas.slice(0, 2));
    await chosen.stop();
    await chosen.start();
  },
  "replica paused": async ({ cluster, random }) => {
    const victim = random.pick(cluster.replicas);
    victim.signal("SIGSTOP");
    await delay(2_000);
    victim.signal("SIGCONT");
  },
  "connections cut": async ({ cluster, random }) => random.pick(cluster.replicas).network.cut(),
  "network held": async ({ cluster, random }) => {
    const { network } = random.pick(cluster.replicas);
    network.set({ hold: random.pick(["up", "down", "both"]) });
    await delay(3_000);
    network.set({});
  },
  "network slow": async ({ cluster, random }) => {
    const { network } = random.pick(cluster.replicas);
    network.set({ delayMs: 100, bytesPerSecond: 200_000 });
    await delay(3_000);
    network.set({});
  },
  "listeners terminated": async ({ cluster }) => {
    await cluster.inspector.rows(
      sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'deepbot-listen'`,
    );
  },
  "listener frozen": async ({ cluster, random }) => void random.pick(cluster.replicas).network.freeze("deepbot-listen"),
  "database killed": async ({ cluster }) => {
    await cluster.postgres.kill();
    await delay(1_000);
    await cluster.postgres.start();
  },
  "worker vanished": async ({ retrying }) => {
    await claim(retrying, { name: "vanishing", leaseMs: 2_000, pieces: 1, pauseMs: 0, max: 3 });
  },
};

interface Samples {
  residentMiB: number[];
  heapMiB: number[];
}

async function takeSamples(replica: Replica, samples: Samples): Promise<void> {
  samples.residentMiB.push(await residentMiB(replica.pid()));
  replica.signal("SIGUSR2");
  const inUse = await heapMiB(replica.url);
  if (inUse !== undefined) samples.heapMiB.push(inUse);
}

/** Resident memory alone shows no leak, because V8 returns much of it and takes it again. */
function judgeMemory(scene: Scene, samples: Samples): void {
  const peak = Math.max(...samples.residentMiB);
  const third = Math.ceil(samples.heapMiB.length / 3);
  const floors = [samples.heapMiB.slice(0, third), samples.heapMiB.slice(-third)].map((some) => Math.min(...some));
  const [early = 0, late = Infinity] = floors;
  scene.note(`memory ${Math.round(peak)} MiB at most, heap ${floors.map(Math.round).join(" -> ")} MiB`);
  if (peak > peakLimitMiB) scene.fault(`I8 memory grew to ${Math.round(peak)} MiB`);
  if (samples.heapMiB.length === 0 || late - early > heapLimitMiB) {
    scene.fault(`I8 the heap grew from ${Math.round(early)} to ${Math.round(late)} MiB`);
  }
}

function noteLimits(scene: Scene, { asked, questionsRefused, exported, exportsRefused }: LimitReport): void {
  scene.note(
    `limits let ${asked} questions and ${exported} exports pass, refused ${questionsRefused} and ${exportsRefused}`,
  );
}

export const soak: Scenario = {
  id: "F24",
  name: "soak with random faults",
  measures: true,
  run: async (scene) => {
    const rounds = scene.rounds({ full: 60, ci: 6 });
    scene.ledger.mayLoseDeltas = true;
    const survivor = scene.cluster.replicas[2];
    await survivor.stop();
    await survivor.start({ ...collectsGarbage, RATE_EXPORTS_PER_HOUR: String(exportsPerHour) });
    const samples: Samples = { residentMiB: [], heapMiB: [] };
    await underLoad(scene, { people: 8, workers: 4 }, async () => {
      const limits = startLimitTesters({ ...scene, inspector: scene.cluster.inspector }, survivor.url);
      for (let round = 0; round < rounds; round += 1) {
        const nextAt = performance.now() + everyMs;
        const [name, inject] = scene.random.pick(Object.entries(faults));
        await inject(scene).catch((error: unknown) => scene.fault(`F24 ${name}: ${String(error)}`));
        await takeSamples(survivor, samples);
        await delay(Math.max(0, nextAt - performance.now()));
      }
      await scene.cluster.heal();
      noteLimits(scene, await limits.stop());
    });
    judgeMemory(scene, samples);
  },
};
