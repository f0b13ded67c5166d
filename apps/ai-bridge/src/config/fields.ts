import { whole } from "@deepbot/runtime";
import { z } from "zod";

/** Milliseconds, up to an hour. */
export const positive: z.ZodType<number, string> = whole(1, 3_600_000);

function isHttp(text: string): boolean {
  const protocol = URL.parse(text)?.protocol;
  return protocol === "http:" || protocol === "https:";
}

/** The address of an HTTP endpoint, with or without a path. Trailing slashes are removed. */
export const endpointAddress: z.ZodType<string, string> = z
  .string()
  .refine(isHttp, "must be an address, such as http://127.0.0.1:11434/v1")
  .transform((text) => text.replace(/\/+$/, ""));

/** The origin of the platform. The client adds the path. */
export const origin: z.ZodType<string, string> = z
  .string()
  .refine((text) => isHttp(text) && new URL(text).pathname === "/", "must be an address, such as http://127.0.0.1:8000")
  .transform((text) => new URL(text).origin);
