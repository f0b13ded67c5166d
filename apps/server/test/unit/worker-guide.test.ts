import { readFileSync } from "node:fs";
import { errorCatalogue, limits, type ErrorCode } from "@deepbot/contract";
import { expect, test } from "vitest";
import { renderWorkerGuide } from "../../src/docs/worker-guide.ts";
import { errorCodesOf } from "../../src/openapi/responses.ts";
import { listOperations } from "../../src/transports/operations.ts";
import workerGuide from "../../worker-guide.json" with { type: "json" };

const guide = readFileSync(new URL("../../../../docs/worker-guide.md", import.meta.url), "utf8").replaceAll(
  /\s+/g,
  " ",
);

const english = (value: number): string => value.toLocaleString("en");
const seconds = (ms: number): string => String(ms / 1000);

test("the page that is served is the committed guide", () => {
  expect(workerGuide).toEqual(renderWorkerGuide());
});

test.each([
  `{"worker": "my-ai", "wait_ms": ${limits.claimWaitMaxMs}}`,
  `35 seconds for the longest \`wait_ms\` of ${english(limits.claimWaitMaxMs)}`,
  `${limits.claimMax} at most`,
  `after ${seconds(limits.leaseDefaultMs)} seconds by default`,
  `\`history_limit\` is ${english(limits.historyDefault)} messages by default and ${english(limits.historyMax)} at most`,
  `\`max_bytes\` is ${english(limits.historyDefaultBytes)} bytes of text by default and ${english(limits.historyMaxBytes)} at most`,
  `share ${english(limits.claimMaxBytes)} bytes in equal parts: with \`max\` above ${limits.claimMaxBytes / limits.historyDefaultBytes} each brings less`,
  `${english(limits.leaseDefaultMs)} by default, between ${english(limits.leaseMinMs)} and ${english(limits.leaseMaxMs)}`,
  `every third of \`lease_ms\`: every ${seconds(limits.leaseDefaultMs / 3)} seconds by default`,
  `at most ${english(limits.deltaMaxCharacters)} characters, and all pieces together at most ${english(limits.answerMaxBytes)} bytes`,
  `**How long an answer may be.** ${english(limits.answerMaxBytes)} bytes of UTF-8. The schema says \`maxLength: ${limits.answerMaxBytes}\``,
  `of up to ${limits.failureCodeMax} characters, \`message\`, a sentence of up to ${limits.failureMessageMax}`,
])("the guide says %j, as the contract does", (sentence) => {
  expect(guide).toContain(sentence);
});

/** Codes in the rows of the table whose advice is about one class of failures. */
function listed(advice: RegExp): string[] {
  const rows = guide.matchAll(/\| ([^|]+) \| [^|]+ \| ([^|]+) \|/g);
  return [...rows]
    .filter(([, , what = ""]) => advice.test(what))
    .flatMap(([, codes = ""]) => [...codes.matchAll(/`(\w+)`/g)].map(([, code = ""]) => code))
    .toSorted();
}

test("the guide says of every error of a worker whether to repeat, or to stop", () => {
  const operations = listOperations().filter(({ path }) => path.startsWith("/worker/"));
  const codes = [...new Set(operations.flatMap(errorCodesOf))].toSorted();
  const ofClass = (failure: string): ErrorCode[] => codes.filter((code) => errorCatalogue[code].failure === failure);
  expect(listed(/^repeat it/)).toEqual(ofClass("unavailable"));
  expect(listed(/^stop working/)).toEqual(ofClass("lease_lost"));
  expect(listed(/keep the answer/)).toEqual(["key_invalid", "scope_missing"]);
  expect(codes).toEqual(expect.arrayContaining(listed(/./)));
});
