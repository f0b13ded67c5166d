-- Edited after drizzle-kit made it: UNLOGGED.
CREATE UNLOGGED TABLE "run_events" (
	"run_id" bigint NOT NULL,
	"generation" integer NOT NULL,
	"seq" integer NOT NULL,
	"text" text NOT NULL,
	CONSTRAINT "run_events_pkey" PRIMARY KEY("run_id","generation","seq")
);
--> statement-breakpoint
ALTER TABLE "runs" DROP CONSTRAINT "runs_answer_check";--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "partial" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "generation" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "runs_cancel_idx" ON "runs" USING btree ("cancel_requested_at") WHERE cancel_requested_at is not null and ended_at is null;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_answer_check" CHECK (case state when 'completed' then answer_id is not null when 'cancelled' then true else answer_id is null end);