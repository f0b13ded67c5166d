import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  createCertificateFetcher,
  createGoogleVerifier,
  googleIssuers,
  type VerifyGoogleToken,
} from "../../../src/identity/google.ts";
import { respondJson, startCertificateServer, type CertificateServer } from "@deepbot/testing";
import { audience, claimsOfAnn, createGoogleKey } from "./support/google-keys.ts";

const key = createGoogleKey();
/** Longer than a busy machine takes to respond. */
const timeoutMs = 1_000;

let server: CertificateServer;
let verify: VerifyGoogleToken;

function createVerifier({ retryAfterMs }: { retryAfterMs: number }): VerifyGoogleToken {
  const fetchCertificates = createCertificateFetcher({ url: server.url, timeoutMs, retryAfterMs });
  return createGoogleVerifier({ audience, issuers: googleIssuers, fetchCertificates });
}

beforeEach(async () => {
  server = await startCertificateServer(respondJson(key.certificates));
  verify = createVerifier({ retryAfterMs: 0 });
});

afterEach(() => server.close());

const verdictOf = async (): Promise<string> => (await verify(key.sign(claimsOfAnn()))).kind;

test("certificates are kept as long as they say", async () => {
  server.answerWith(respondJson(key.certificates, 3600));
  expect(await verdictOf()).toBe("accepted");
  expect(await verdictOf()).toBe("accepted");
  expect(server.fetches()).toBe(1);
});

test("certificates that are kept serve while the address is down", async () => {
  server.answerWith(respondJson(key.certificates, 3600));
  expect(await verdictOf()).toBe("accepted");
  server.answerWith((res) => res.destroy());
  expect(await verdictOf()).toBe("accepted");
});

test("many who sign in at once share one fetch", async () => {
  const kinds = await Promise.all(Array.from({ length: 50 }, verdictOf));
  expect([new Set(kinds), server.fetches()]).toEqual([new Set(["accepted"]), 1]);
});

test("a fetch that failed is not repeated for a while", async () => {
  server.answerWith((res) => void res.writeHead(500).end());
  const patient = createVerifier({ retryAfterMs: 60_000 });
  const kinds: string[] = [];
  for (let round = 0; round < 5; round += 1) kinds.push((await patient(key.sign(claimsOfAnn()))).kind);
  expect([new Set(kinds), server.fetches()]).toEqual([new Set(["no_certificates"]), 1]);
});

test("a text that cannot be an ID token for us is refused without a fetch", async () => {
  const other = [
    key.sign(claimsOfAnn({ aud: "another" })),
    key.sign(claimsOfAnn({ iat: 1_000, exp: 2_000 })),
    key.sign(claimsOfAnn(), { alg: "HS256" }),
    key.sign(claimsOfAnn(), { kid: undefined }),
    "a.b.c",
  ];
  const verdicts = await Promise.all(other.map((token) => verify(token)));
  expect([new Set(verdicts.map(({ kind }) => kind)), server.fetches()]).toEqual([new Set(["refused"]), 0]);
});

const never = (): void => undefined;

const outages: { name: string; answer: (res: ServerResponse) => void }[] = [
  { name: "breaks off", answer: (res) => res.destroy() },
  { name: "answers 500", answer: (res) => void res.writeHead(500).end("no") },
  { name: "answers 403", answer: (res) => void res.writeHead(403).end("no") },
  { name: "never answers", answer: never },
  {
    name: "stops after the headers",
    answer: (res) => void res.writeHead(200, { "Content-Type": "application/json" }).write("{"),
  },
  {
    name: "breaks off in the body",
    answer: (res) => void res.writeHead(200, { "Content-Length": 100 }).write('{"k1":', () => res.destroy()),
  },
  {
    name: "answers with a page",
    answer: (res) => void res.writeHead(200, { "Content-Type": "text/html" }).end("<html></html>"),
  },
  {
    name: "answers with broken JSON",
    answer: (res) => void res.writeHead(200, { "Content-Type": "application/json" }).end("{"),
  },
  { name: "answers with nothing", answer: (res) => void res.writeHead(200).end() },
  { name: "answers with null", answer: respondJson(null) },
  { name: "answers with a text", answer: respondJson("certificates") },
  { name: "answers with a list", answer: respondJson([]) },
  { name: "answers with no certificates", answer: respondJson({}) },
  { name: "answers with certificates that are none", answer: respondJson({ k1: 1, k2: {} }) },
];

describe("an address of certificates that", () => {
  test.each(outages)("$name gives no verdict, in time, and recovers", async ({ answer }) => {
    server.answerWith(answer);
    const started = performance.now();
    expect(await verdictOf()).toBe("no_certificates");
    expect(performance.now() - started).toBeLessThan(timeoutMs + 1_500);
    server.answerWith(respondJson(key.certificates));
    expect(await verdictOf()).toBe("accepted");
  });

  const garbage = [{ value: {} }, { value: "a page" }, { value: [] }, { value: null }];

  test.each(garbage)("answers with $value to be kept for hours is asked again all the same", async ({ value }) => {
    server.answerWith(respondJson(value, 7200));
    await verdictOf();
    server.answerWith(respondJson(key.certificates, 7200));
    expect(await verdictOf()).toBe("accepted");
  });
});

test("an address where nothing listens gives no verdict", async () => {
  await server.close();
  expect(await verdictOf()).toBe("no_certificates");
  server = await startCertificateServer(respondJson(key.certificates));
});

test("certificates are fetched anew when their time is over", async () => {
  server.answerWith(respondJson(createGoogleKey().certificates, 1));
  expect(await verdictOf()).toBe("refused");
  server.answerWith(respondJson(key.certificates, 3600));
  await expect.poll(verdictOf, { timeout: 5_000 }).toBe("accepted");
});
