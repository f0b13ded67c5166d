import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "@deepbot/db/testing";
import { startChild, until } from "@deepbot/testing";
import { timed, underLoad, type Scenario, type Scene } from "../scene.ts";

const migrateMain = fileURLToPath(new URL("../../../apps/server/src/migrate.ts", import.meta.url));

/** The steps of a migration that only adds, and the steps that undo it. */
const steps = [
  sql`alter table messages add column fault_note text`,
  sql`alter table runs add column fault_count integer not null default 0`,
  sql`alter table runs add constraint fault_check check (fault_count >= 0) not valid`,
  sql`alter table runs validate constraint fault_check`,
  sql`create index concurrently fault_idx on messages (dialog_id, created_at)`,
  sql`create table fault_table (id bigserial primary key, dialog_id bigint references dialogs on delete cascade)`,
];
const waysBack = [
  sql`drop table fault_table`,
  sql`drop index fault_idx`,
  sql`alter table runs drop column fault_count`,
  sql`alter table messages drop column fault_note`,
];

async function migrateAgain(scene: Scene): Promise<void> {
  const url = `postgres://postgres@127.0.0.1:${scene.cluster.replicas[0].network.port}`;
  const [{ name } = { name: "" }] = await scene.cluster.inspector.rows<{ name: string }>(
    sql`select current_database() as name`,
  );
  const env = { DATABASE_URL: `${url}/${name}` };
  const children = [1, 2, 3].map(() => startChild(process.execPath, { args: [migrateMain], env }));
  const codes = await Promise.all(children.map((child) => child.exited));
  if (codes.some((code) => code !== 0)) scene.fault(`F22 migrating at once, three times: ${codes.join(", ")}`);
}

/** Today's servers must serve during a migration of the next version, which adds to today's schema. */
export const migration: Scenario = {
  id: "F22",
  name: "migration while servers run",
  run: async (scene) => {
    scene.rounds({ full: 1, ci: 1 });
    await underLoad(scene, { people: 6 }, async (load) => {
      await delay(1_000);
      for (const step of [...steps, ...waysBack]) {
        scene.recovered(await timed(() => scene.cluster.inspector.db.execute(step)));
        const doneAt = performance.now();
        await until("an answer since the step", () => load.lastEndAt() > doneAt, 30_000);
      }
      await migrateAgain(scene);
    });
    const refused = [...scene.ledger.statuses].filter(([status]) => status >= 500);
    if (refused.length > 0) scene.fault(`F22 sends were refused: ${JSON.stringify(refused)}`);
  },
};
