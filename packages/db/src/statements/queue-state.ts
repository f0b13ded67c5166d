import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { runs } from "../schema/index.ts";

/** The open runs of an assistant. */
export interface AssistantLoad {
  assistantId: number;
  slug: string;
  queued: number;
  /** How long the oldest queued run has waited; null if none is queued. */
  oldestWaitMs: number | null;
  running: number;
}

/** The load of the assistants, by slug; of all of them for null. Disabled ones come while they have open runs. */
export type ListAssistantLoads = (assistantIds: readonly number[] | null) => Promise<AssistantLoad[]>;

export function prepareListAssistantLoads(db: Db): ListAssistantLoads {
  const statement = db
    .select({
      assistantId: sql<number>`assistants.assistant_id`.mapWith(Number),
      slug: sql<string>`slug`,
      queued: sql<number>`coalesce(queued, 0)`.mapWith(Number),
      oldestWaitMs: sql<number | null>`oldest_wait_ms`,
      running: sql<number>`coalesce(running, 0)`.mapWith(Number),
    })
    .from(
      sql`assistants left join (
        select assistant_id, count(*) filter (where state = 'queued') as queued,
          count(*) filter (where state = 'running') as running,
          round(extract(epoch from clock_timestamp() - min(runs.created_at) filter (where state = 'queued')) * 1000)::float8
            as oldest_wait_ms
        from runs where state in ('queued', 'running') group by assistant_id
      ) as load on load.assistant_id = assistants.assistant_id`,
    )
    .where(
      sql`(disabled_at is null or load.assistant_id is not null)
        and (${sql.placeholder("assistantIds")}::bigint[] is null
          or assistants.assistant_id = any(${sql.placeholder("assistantIds")}::bigint[]))`,
    )
    .orderBy(sql`slug`)
    .prepare("list_assistant_loads");
  return (assistantIds) => statement.execute({ assistantIds: assistantIds === null ? null : [...assistantIds] });
}

/** A queued run's place in the line of its assistant. */
export interface QueuePosition {
  runId: number;
  assistantId: number;
  /** 1 for the first; `limit` stands for itself and all beyond. */
  position: number;
}

/** Those of the given runs that are queued. */
export type ListQueuePositions = (runIds: readonly number[], limit: number) => Promise<QueuePosition[]>;

/**
 * Reads the beginning of each assistant's line once, however many of its runs are asked about. Those are looked up by key: a
 * condition on the state would let a plan walk the whole queue.
 */
export function prepareListQueuePositions(db: Db): ListQueuePositions {
  const asked = db.$with("asked", { runId: runs.runId }).as(sql`
    select given.run_id, found.assistant_id
    from unnest(${sql.placeholder("runIds")}::bigint[]) as given(run_id) cross join lateral (
      select runs.state, runs.assistant_id from runs where runs.run_id = given.run_id limit 1
    ) as found
    where found.state = 'queued'`);
  const line = db.$with("line", { runId: runs.runId }).as(sql`
    select first.run_id, row_number() over (partition by wanted.assistant_id order by first.start_tag, first.run_id) as place
    from (select distinct assistant_id from asked) as wanted cross join lateral (
      select runs.run_id, runs.start_tag from runs
      where state = 'queued' and runs.assistant_id = wanted.assistant_id
        and runs.start_tag >= (select tail_tag from queue_clock where only_row)
      order by runs.start_tag, runs.run_id
      limit ${sql.placeholder("limit")}::int
    ) as first`);
  const statement = db
    .with(asked, line)
    .select({
      runId: sql<number>`asked.run_id`.mapWith(Number),
      assistantId: sql<number>`asked.assistant_id`.mapWith(Number),
      position: sql<number>`coalesce(line.place, ${sql.placeholder("limit")}::int)`.mapWith(Number),
    })
    .from(asked)
    .leftJoin(line, sql`line.run_id = asked.run_id`)
    .prepare("list_queue_positions");
  return (runIds, limit) => statement.execute({ runIds: [...runIds], limit });
}
