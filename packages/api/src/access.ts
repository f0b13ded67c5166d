import type { ErrorCode } from "@deepbot/contract";

/**
 * Actor that may call a procedure. A `session` is a person by their cookie, not by a personal token; an `admin` is one who
 * operates the platform. `legacy_worker` differs from `worker` in its refusals, which the original gives.
 */
export type Access = "public" | "person" | "session" | "admin" | "worker" | "legacy_worker" | "operator";

const personErrors = ["unauthenticated", "session_invalid", "token_invalid"] as const;
const sessionErrors = [...personErrors, "token_not_allowed"] as const;

/** Refusals of the base procedures. */
export const accessErrors: Readonly<Record<Access, readonly ErrorCode[]>> = {
  public: [],
  person: personErrors,
  session: sessionErrors,
  admin: [...sessionErrors, "operator_only"],
  worker: ["key_missing", "key_invalid", "scope_missing"],
  legacy_worker: ["key_refused", "scope_missing"],
  operator: ["key_refused"],
};
