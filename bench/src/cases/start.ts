import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boundRow, ratioRow, type Row } from "../row.ts";
import { noHistory } from "../growth/grow.ts";
import { statementsEnv, takeSamples, type Bench } from "../stand.ts";
import { startSubject, type SubjectName } from "../subject.ts";

const name = "start";

interface Kind {
  subject: SubjectName;
  env: Record<string, string>;
}

interface Started {
  ms: number;
  megabytes: number;
}

const unmeasured: Started = { ms: Number.NaN, megabytes: Number.NaN };

async function startOnce(bench: Bench, { subject, env }: Kind): Promise<Started> {
  const program = subject === "deepbot" ? bench.server : undefined;
  const started = await startSubject(subject, { env, program, logFile: join(bench.folder, `${subject}.log`) });
  const { rss } = await started.memory();
  await started.stop();
  return { ms: started.startMs, megabytes: rss / 1024 / 1024 };
}

/** From the start of the process to the first 200 of `/readyz`, on databases that are already migrated. */
export async function measureStart(bench: Bench): Promise<Row[]> {
  const database = await bench.databases.open(noHistory);
  const folder = await mkdtemp(join(tmpdir(), "deepbot-bench-embedded-"));
  const postgres: Kind = { subject: "deepbot", env: { DATABASE_URL: database.url } };
  const embedded: Kind = {
    subject: "deepbot",
    env: { DATABASE_FOLDER: join(folder, "db"), EMBEDDED_IN_PRODUCTION: "true" },
  };
  const floor: Kind = { subject: "floor", env: { DATABASE_URL: database.url, ...statementsEnv(bench) } };
  const samples = await takeSamples([postgres, floor, embedded], bench.quick ? 1 : 7, async (kind, warmUp) =>
    bench.quick && warmUp && kind !== embedded ? unmeasured : startOnce(bench, kind),
  );
  await database.close();
  await rm(folder, { recursive: true });
  const of = (kind: Kind, key: keyof Started): number[] => (samples.get(kind) ?? []).map((started) => started[key]);
  return [
    ratioRow({
      case: name,
      what: "to ready, PostgreSQL",
      unit: "ms",
      against: "floor",
      ours: of(postgres, "ms"),
      reference: of(floor, "ms"),
      goal: { atMost: 500 },
    }),
    boundRow({ case: name, what: "to ready, embedded", unit: "ms", ours: of(embedded, "ms") }),
    ratioRow({
      case: name,
      what: "memory at rest, PostgreSQL",
      unit: "MB",
      against: "floor",
      ours: of(postgres, "megabytes"),
      reference: of(floor, "megabytes"),
    }),
    boundRow({ case: name, what: "memory at rest, embedded", unit: "MB", ours: of(embedded, "megabytes") }),
  ];
}
