-- Generated, then completed by hand: the lock, the first assistant and the fill factors.
--
-- Locked in the order in which statements of servers lock them; the other order could deadlock with those.
LOCK TABLE "dialogs", "runs", "users" IN ACCESS EXCLUSIVE MODE;--> statement-breakpoint
CREATE TABLE "assistant_usage_daily" (
	"user_id" bigint NOT NULL,
	"assistant_id" bigint NOT NULL,
	"day" date NOT NULL,
	"questions" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "assistant_usage_daily_pkey" PRIMARY KEY("user_id","assistant_id","day")
);
--> statement-breakpoint
CREATE TABLE "assistants" (
	"assistant_id" bigserial PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"greeting" text DEFAULT '' NOT NULL,
	"suggestions" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"instructions" text DEFAULT '' NOT NULL,
	"accepts" text[] DEFAULT '{"text"}' NOT NULL,
	"answer_max_ms" integer,
	"answer_max_bytes" integer,
	"questions_per_day" integer,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"disabled_at" timestamp with time zone,
	CONSTRAINT "assistants_slug_key" UNIQUE("slug"),
	CONSTRAINT "assistants_slug_check" CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
	CONSTRAINT "assistants_limits_check" CHECK (least(answer_max_ms, answer_max_bytes, questions_per_day) > 0),
	CONSTRAINT "assistants_default_check" CHECK (assistant_id <> 1 or (slug = 'deepbot' and disabled_at is null))
);
--> statement-breakpoint
CREATE TABLE "personal_tokens" (
	"token_id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" bigint NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"prefix" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "personal_tokens_hash_key" UNIQUE("hash"),
	CONSTRAINT "personal_tokens_hash_check" CHECK (hash ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "service_keys" (
	"key_id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"prefix" text NOT NULL,
	"scopes" text[] NOT NULL,
	"assistant_ids" bigint[],
	"created_by" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "service_keys_hash_key" UNIQUE("hash"),
	CONSTRAINT "service_keys_scopes_check" CHECK (scopes <@ array['runs', 'legacy', 'push', 'feedback', 'usage']::text[]),
	CONSTRAINT "service_keys_hash_check" CHECK (hash ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"key_id" text NOT NULL,
	"name" text NOT NULL,
	"assistant_ids" bigint[],
	"capacity" integer,
	"fallback" boolean DEFAULT false NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "workers_pkey" PRIMARY KEY("key_id","name"),
	CONSTRAINT "workers_capacity_check" CHECK (capacity > 0)
);
--> statement-breakpoint
CREATE TABLE "webhook_deliveries" (
	"delivery_id" bigserial PRIMARY KEY NOT NULL,
	"webhook_id" uuid NOT NULL,
	"event" text NOT NULL,
	"run_id" bigint,
	"facts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone DEFAULT now(),
	"status" integer,
	"error" text,
	"duration_ms" integer,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "webhook_deliveries_ended_check" CHECK ((due_at is null) = (ended_at is not null))
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"webhook_id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"assistant_id" bigint NOT NULL,
	"url" text NOT NULL,
	"events" text[] NOT NULL,
	"secrets" text[] NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"disabled_at" timestamp with time zone,
	"disabled_reason" text,
	CONSTRAINT "webhooks_events_check" CHECK (events <@ array['run.queued', 'run.ended', 'feedback.created']::text[]),
	CONSTRAINT "webhooks_secrets_check" CHECK (cardinality(secrets) between 1 and 2)
);
--> statement-breakpoint
ALTER TABLE "runs" DROP CONSTRAINT "runs_answer_check";--> statement-breakpoint
ALTER TABLE "dialogs" ADD COLUMN "assistant_id" bigint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "assistant_id" bigint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "lease_key_id" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "metadata" jsonb;--> statement-breakpoint
ALTER TABLE "assistant_usage_daily" ADD CONSTRAINT "assistant_usage_daily_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "public"."users"("user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "personal_tokens" ADD CONSTRAINT "personal_tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "public"."users"("user_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_keys" ADD CONSTRAINT "service_keys_created_by_fkey" FOREIGN KEY ("created_by") REFERENCES "public"."users"("user_id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_id_fkey" FOREIGN KEY ("webhook_id") REFERENCES "public"."webhooks"("webhook_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "assistant_usage_daily_day_idx" ON "assistant_usage_daily" USING btree ("day");--> statement-breakpoint
CREATE INDEX "personal_tokens_user_id_idx" ON "personal_tokens" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "service_keys_created_by_idx" ON "service_keys" USING btree ("created_by");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_due_idx" ON "webhook_deliveries" USING btree ("due_at") WHERE due_at is not null;--> statement-breakpoint
CREATE INDEX "webhook_deliveries_webhook_id_idx" ON "webhook_deliveries" USING btree ("webhook_id","delivery_id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_ended_at_idx" ON "webhook_deliveries" USING btree ("ended_at") WHERE ended_at is not null;--> statement-breakpoint
CREATE INDEX "webhooks_assistant_id_idx" ON "webhooks" USING btree ("assistant_id");--> statement-breakpoint
CREATE INDEX "runs_assistant_id_idx" ON "runs" USING btree ("assistant_id","start_tag","run_id") WHERE state = 'queued';--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_answer_check" CHECK (case state when 'completed' then answer_id is not null when 'cancelled' then true when 'failed' then true else answer_id is null end);--> statement-breakpoint
ALTER TABLE "workers" SET (fillfactor = 50);--> statement-breakpoint
ALTER TABLE "assistant_usage_daily" SET (fillfactor = 50);--> statement-breakpoint
INSERT INTO "assistants" ("slug", "name") VALUES ('deepbot', 'Deepbot');
