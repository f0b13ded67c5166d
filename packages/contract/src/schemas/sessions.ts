import { z } from "zod";
import { timestamp, uuid } from "./fields.ts";

export const listSessionsOutput = z.object({
  sessions: z
    .array(
      z.object({
        session_id: z.uuid().describe("Id of the session"),
        created_at: timestamp("When the device signed in"),
        last_seen_at: timestamp("When it was seen last, exact to five minutes"),
        user_agent: z.string().nullable().describe("What the device called itself when it signed in, made printable"),
        current: z.boolean().describe("Whether it is the session of this very request"),
      }),
    )
    .describe("Where the user is signed in, the session that was seen last first; the first hundred"),
});

export const endSessionInput = z.strictObject({ session_id: uuid("Id of the session") });

export const endSessionOutput = z.object({ session_id: z.uuid().describe("Id of the session that has ended") });

export const endAllSessionsOutput = z.object({
  ended: z.int().describe("How many sessions that ended, this one included"),
});
