import { z } from "zod";
import { limits } from "../limits.ts";
import { timestamp, uuid } from "./fields.ts";

export const listSessionsOutput = z.object({
  sessions: z
    .array(
      z
        .object({
          session_id: uuid("Id of the session"),
          created_at: timestamp("When the device signed in"),
          last_seen_at: timestamp("When it was seen last, exact to five minutes"),
          user_agent: z
            .string()
            .meta({
              description: "What the device called itself when it signed in, made printable",
              maxLength: limits.userAgentMax,
            })
            .nullable(),
          current: z.boolean().describe("Whether it is the session of this very request"),
        })
        .meta({ id: "Session", description: "A sign-in on one device" }),
    )
    .meta({
      description: "Where the user is signed in, the session that was seen last first",
      maxItems: limits.sessionsShown,
    }),
});

export const endSessionInput = z.strictObject({ session_id: uuid("Id of the session") });

export const endSessionOutput = z.object({ session_id: z.uuid().describe("Id of the session that has ended") });

export const endAllSessionsOutput = z.object({
  ended: z.int().describe("How many sessions that ended, this one included"),
});
