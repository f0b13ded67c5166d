import { createClient } from "@deepbot/client";

const client = createClient({ url: "" });

// @ts-expect-error -- A procedure that does not exist.
export const nothing = client.runs.unknown;

// @ts-expect-error -- An input of the wrong type.
export const wrong = client.runs.get.query({ run_id: "1" });

// @ts-expect-error -- A member that the answer does not have.
export const absent = client.runs.get.query({ run_id: 1 }).then(({ unknown }) => unknown);
