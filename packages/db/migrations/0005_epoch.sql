-- Written by hand. It renames "run_events" to "run_deltas" and the claim counter "generation" to "epoch", and keeps the
-- version before working beside this one: that version meets its names in a view and in a column kept by a trigger.
--
-- Locked in the order in which statements of servers lock them; the other order could deadlock with those.
LOCK TABLE "runs", "run_events" IN ACCESS EXCLUSIVE MODE;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "epoch" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- Ended runs are not claimed again, so nothing reads their epoch.
UPDATE "runs" SET "epoch" = "generation" WHERE "state" IN ('queued', 'running') AND "generation" <> 0;--> statement-breakpoint
CREATE FUNCTION "runs_keep_epoch"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	-- Both only ever rise: the greater one is the one that the statement has set.
	NEW."epoch" := greatest(NEW."epoch", NEW."generation");
	NEW."generation" := NEW."epoch";
	RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER "runs_keep_epoch" BEFORE INSERT OR UPDATE OF "generation", "epoch" ON "runs"
FOR EACH ROW WHEN (NEW."epoch" <> NEW."generation") EXECUTE FUNCTION "runs_keep_epoch"();--> statement-breakpoint
ALTER TABLE "run_events" RENAME TO "run_deltas";--> statement-breakpoint
ALTER TABLE "run_deltas" RENAME COLUMN "generation" TO "epoch";--> statement-breakpoint
ALTER TABLE "run_deltas" RENAME COLUMN "said_bytes" TO "text_bytes";--> statement-breakpoint
ALTER TABLE "run_deltas" RENAME CONSTRAINT "run_events_pkey" TO "run_deltas_pkey";--> statement-breakpoint
CREATE VIEW "run_events" AS
SELECT "run_id", "epoch" AS "generation", "seq", "text", "text_bytes" AS "said_bytes" FROM "run_deltas";
