-- Edited after drizzle-kit made it: IF NOT EXISTS. Building the index makes writers of "messages" wait; where that would take
-- long, build it beforehand with CREATE INDEX CONCURRENTLY under the same name.
ALTER TABLE "sessions" ADD COLUMN "last_seen_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "user_agent" text;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "messages_user_id_idx" ON "messages" USING btree ("user_id");
