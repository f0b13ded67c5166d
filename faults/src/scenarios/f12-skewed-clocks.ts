import { setTimeout as delay } from "node:timers/promises";
import { sql } from "@deepbot/db/testing";
import { underLoad, type Scenario } from "../scene.ts";

/** Moves the clock of a Node process. Timers and the database are not affected. */
function skewedBy(ms: number): Record<string, string> {
  const source = `const Real = Date; globalThis.Date = class extends Real {
    constructor(...given) { if (given.length === 0) super(Real.now() + ${ms}); else super(...given); }
    static now() { return Real.now() + ${ms}; }
  };`;
  return { NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(source).toString("base64")}` };
}

const hourMs = 3_600_000;

/** Workers send durations only, never points in time, so only the clocks of replicas can be wrong. */
export const skewedClocks: Scenario = {
  id: "F12",
  name: "replicas' clocks an hour off",
  run: async (scene) => {
    const [a, b] = scene.cluster.replicas;
    scene.rounds({ full: 1, ci: 1 });
    await a.stop();
    await b.stop();
    await a.start(skewedBy(hourMs));
    await b.start(skewedBy(-hourMs));
    const begun = await scene.cluster.inspector.rows<{ id: string }>(
      sql`select coalesce(max(run_id), 0) as id from runs`,
    );
    await underLoad(scene, { people: 6 }, () => delay(scene.isFull ? 20_000 : 6_000));
    const spoilt = await scene.cluster.inspector.rows(
      sql`select run_id from runs where run_id > ${begun[0]?.id ?? 0} and (attempt > 1 or state <> 'completed')`,
    );
    if (spoilt.length > 0)
      scene.fault(`F12 ${spoilt.length} runs lost a lease or ended differently because of a wrong clock`);
    await a.stop();
    await b.stop();
  },
};
