import { parse } from "yaml";
import { z } from "zod";
import { read } from "./repository.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const serviceSchema = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.literal("."), dockerfile: z.string() }).optional(),
  init: z.boolean(),
  restart: z.string(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }),
  user: z.string().optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  profiles: z.array(z.string()).optional(),
  environment: z.record(z.string(), scalar.nullable()),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).default({}),
  healthcheck: z.union([
    z.strictObject({
      test: z.array(z.string()),
      interval: z.string(),
      timeout: z.string(),
      retries: z.number(),
      start_period: z.string(),
    }),
    z.strictObject({ disable: z.literal(true) }),
  ]),
  stop_signal: z.string().optional(),
  stop_grace_period: z.string().optional(),
  shm_size: z.string().optional(),
  ulimits: z.strictObject({ nofile: z.number() }).optional(),
  deploy: z.strictObject({
    replicas: z.string().optional(),
    resources: z.strictObject({
      limits: z.strictObject({ cpus: z.string(), memory: z.string(), pids: z.number() }),
    }),
  }),
});

const composeSchema = z.strictObject({
  name: z.string(),
  "x-service": z.unknown(),
  services: z.record(z.string(), serviceSchema),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() }).nullable()),
  volumes: z.record(z.string(), z.null()),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});

export type Service = z.infer<typeof serviceSchema>;

/** The compose file. An unknown key is an error, so that typing errors are found. */
export const compose: z.infer<typeof composeSchema> = composeSchema.parse(
  parse(read("docker-compose.yml"), { merge: true }),
);

export const services: [string, Service][] = Object.entries(compose.services);

const placeholder = /\$\{(?<name>\w+)(?::(?<mark>[-?])(?<rest>[^}]*))?\}/g;

/** Fills in `${NAME}`, `${NAME:-default}` and `${NAME:?message}` as compose does. @throws when a required one is missing */
export function interpolate(text: string, values: Readonly<Record<string, string>>): string {
  let filled = text;
  for (const { 0: whole, groups } of text.matchAll(placeholder)) {
    const { name = "", mark, rest = "" } = groups ?? {};
    const value = values[name] ?? "";
    if (value === "" && mark !== "-") throw new Error(`${name} is not set`);
    filled = filled.replace(whole, value === "" ? rest : value);
  }
  return filled;
}

/** The environment of a service when `.env` holds these values. */
export function environmentOf(service: Service, values: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(service.environment).map(([name, value]) => [
    name,
    value === null ? values[name] : interpolate(value, values),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, string>;
}
