-- Generated, then completed by hand: the lock, the fill factors, the row of "queue_clock" and the triggers.
--
-- Locked in the order in which statements of servers lock them; the other order could deadlock with those.
LOCK TABLE "dialogs", "messages", "runs", "sessions", "users" IN ACCESS EXCLUSIVE MODE;--> statement-breakpoint
CREATE TABLE "usage_daily" (
	"user_id" bigint NOT NULL,
	"day" date NOT NULL,
	"questions" integer DEFAULT 0 NOT NULL,
	"question_bytes" bigint DEFAULT 0 NOT NULL,
	"input_tokens" bigint DEFAULT 0 NOT NULL,
	"output_tokens" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "usage_daily_pkey" PRIMARY KEY("user_id","day")
);
--> statement-breakpoint
CREATE TABLE "queue_clock" (
	"only_row" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"virtual_time" bigint DEFAULT 0 NOT NULL,
	"moved_at" timestamp with time zone DEFAULT now() NOT NULL,
	"floor_tag" bigint DEFAULT 0 NOT NULL,
	"floor_run_id" bigint DEFAULT 0 NOT NULL,
	"floor_moved_at" timestamp with time zone DEFAULT now() NOT NULL,
	"tail_tag" bigint DEFAULT 0 NOT NULL,
	"next_tail_tag" bigint DEFAULT 0 NOT NULL,
	"tail_moved_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "queue_clock_only_row_check" CHECK (only_row)
);
--> statement-breakpoint
CREATE TABLE "user_start_tags" (
	"user_id" bigint PRIMARY KEY NOT NULL,
	"start_tag" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "spent_tokens" (
	"hash" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"event_id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"user_id" bigint,
	"session_id" uuid,
	"key_id" text,
	"address" text,
	"facts" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "messages" DROP CONSTRAINT "messages_user_id_fkey";
--> statement-breakpoint
DROP INDEX "dialogs_awaiting_idx";--> statement-breakpoint
DROP INDEX "messages_user_id_idx";--> statement-breakpoint
DROP INDEX "runs_claimable_idx";--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "blocked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "questions_per_day" integer;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "question_bytes_per_day" bigint;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "tokens_per_day" bigint;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "messages_per_dialog" integer;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "start_tag" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "lease_confirmed" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_daily" ADD CONSTRAINT "usage_daily_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "public"."users"("user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_start_tags" ADD CONSTRAINT "user_start_tags_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "public"."users"("user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "usage_daily_day_idx" ON "usage_daily" USING btree ("day");--> statement-breakpoint
CREATE INDEX "spent_tokens_expires_at_idx" ON "spent_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "audit_events_at_idx" ON "audit_events" USING btree ("at");--> statement-breakpoint
CREATE INDEX "audit_events_user_id_idx" ON "audit_events" USING btree ("user_id","at");--> statement-breakpoint
CREATE INDEX "sessions_expires_at_idx" ON "sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "sessions_revoked_at_idx" ON "sessions" USING btree ("revoked_at") WHERE revoked_at is not null;--> statement-breakpoint
CREATE INDEX "runs_start_tag_idx" ON "runs" USING btree ("start_tag","run_id") WHERE state = 'queued';--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_limits_check" CHECK (least(questions_per_day, question_bytes_per_day, tokens_per_day, messages_per_dialog) >= 0);--> statement-breakpoint
ALTER TABLE "dialogs" SET (fillfactor = 70);--> statement-breakpoint
ALTER TABLE "usage_daily" SET (fillfactor = 50);--> statement-breakpoint
ALTER TABLE "user_start_tags" SET (fillfactor = 50);--> statement-breakpoint
ALTER TABLE "queue_clock" SET (fillfactor = 10);--> statement-breakpoint
INSERT INTO "queue_clock" DEFAULT VALUES;--> statement-breakpoint
-- Claims begin to search at the floor. A run that comes back to the queue, whatever statement of whatever version puts it
-- there, gets a start tag that is not behind it; so does a new run that waited for a lock meanwhile, or that came without a tag.
CREATE FUNCTION "runs_keep_start_tag"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	clock "queue_clock";
BEGIN
	SELECT * INTO clock FROM "queue_clock" WHERE "only_row";
	NEW."start_tag" := greatest(NEW."start_tag", clock."virtual_time", clock."floor_tag" + (clock."floor_run_id" > NEW."run_id")::int);
	NEW."lease_confirmed" := true;
	RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER "runs_keep_start_tag_of_new" BEFORE INSERT ON "runs"
FOR EACH ROW WHEN (NEW."start_tag" = 0 OR clock_timestamp() > now() + interval '1 second') EXECUTE FUNCTION "runs_keep_start_tag"();--> statement-breakpoint
CREATE TRIGGER "runs_keep_start_tag" BEFORE UPDATE OF "state" ON "runs"
FOR EACH ROW WHEN (NEW."state" = 'queued' AND OLD."state" <> 'queued') EXECUTE FUNCTION "runs_keep_start_tag"();--> statement-breakpoint
CREATE FUNCTION "audit_events_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' AND OLD."at" < now() - interval '30 days' THEN
		RETURN OLD;
	END IF;
	RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;--> statement-breakpoint
CREATE TRIGGER "audit_events_append_only" BEFORE UPDATE OR DELETE ON "audit_events"
FOR EACH ROW EXECUTE FUNCTION "audit_events_append_only"();--> statement-breakpoint
CREATE TRIGGER "audit_events_keep" BEFORE TRUNCATE ON "audit_events"
FOR EACH STATEMENT EXECUTE FUNCTION "audit_events_append_only"();
