import { expect, test } from "vitest";
import { startProblem } from "../../src/start-problem.ts";

const failure = (code: string, message = "x"): Error =>
  new Error("Failed query", { cause: Object.assign(new Error(message), { code }) });

const plain = { engine: "postgres", url: "postgres://app:zq@db/chat" } as const;
const secure = { engine: "postgres", url: "postgres://app:zq@db/chat?sslmode=require" } as const;

test.each([
  { cause: "too many connections", error: failure("53300"), says: /no connection left.*max_connections/ },
  { cause: "a replica", error: failure("25006"), says: /read-only.*primary/ },
  { cause: "a missing right", error: failure("42501"), says: /MIGRATION_DATABASE_/ },
  { cause: "a lock that is held", error: failure("55P03"), says: /lock of migrations.*pg_locks/ },
  { cause: "PgBouncer", error: failure("08P01"), says: /PgBouncer/ },
  { cause: "a wrong password", error: failure("28P01"), says: /refuses us.*password/ },
  {
    cause: "a server that wants TLS",
    error: failure("28000", 'no pg_hba.conf entry for host "x", user "app", database "chat", no encryption'),
    says: /encrypted connections only.*sslmode=require/,
  },
  { cause: "another missing entry", error: failure("28000", "no pg_hba.conf entry, SSL on"), says: /refuses us/ },
  { cause: "a strange certificate", error: failure("DEPTH_ZERO_SELF_SIGNED_CERT"), says: /certificate.*NODE_EXTRA/ },
  { cause: "another name", error: failure("ERR_TLS_CERT_ALTNAME_INVALID"), says: /certificate.*not trusted/ },
  { cause: "a server without TLS", error: failure("ECONNRESET"), location: secure, says: /hangs up.*TLS/ },
  { cause: "a connection that is cut", error: failure("ECONNRESET"), says: /does not answer \(ECONNRESET\)/ },
  { cause: "no server", error: failure("ECONNREFUSED"), location: secure, says: /does not answer \(ECONNREFUSED\)/ },
])("$cause has a sentence of its own", ({ error, location = plain, says }) => {
  expect(startProblem(error, location)).toMatch(says);
});

test("an error that only a developer can mend has none", () => {
  expect(startProblem(new TypeError("x"), plain)).toBeUndefined();
  expect(startProblem(failure("42P01"), plain)).toBeUndefined();
});
