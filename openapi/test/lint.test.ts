import { readFileSync } from "node:fs";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import spectral, { type RulesetDefinition } from "@stoplight/spectral-core";
import owasp from "@stoplight/spectral-owasp-ruleset";
import { oas } from "@stoplight/spectral-rulesets";
import { expect, test } from "vitest";
import { redoclyExceptions, spectralExceptions, type Exception } from "./support/exceptions.ts";

const source = readFileSync(new URL("../../apps/server/openapi.json", import.meta.url), "utf8");

interface Finding {
  rule: string;
  place: string;
}

async function findWithRedocly(): Promise<Finding[]> {
  const config = await createConfig({ extends: ["recommended-strict"] });
  const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
  return problems.map(({ ruleId, message, location: [at] }) => ({
    rule: ruleId,
    place: `${at?.pointer ?? ""} ${message}`,
  }));
}

async function findWithSpectral(): Promise<Finding[]> {
  const linter = new spectral.Spectral();
  // The types of the rule sets and of the linter disagree about optional members.
  linter.setRuleset({ extends: [oas, owasp] } as unknown as RulesetDefinition);
  const results = await linter.run(source);
  return results.map(({ code, path }) => ({ rule: String(code), place: path.join("/") }));
}

/** Whether a finding is excepted. */
const covers = ({ rule, where }: Exception, finding: Finding): boolean =>
  rule === finding.rule && (where === undefined || where.test(finding.place));

function expectClean(findings: readonly Finding[], exceptions: readonly Exception[]): void {
  const unexpected = findings.filter((finding) => !exceptions.some((exception) => covers(exception, finding)));
  expect(unexpected.map(({ rule, place }) => `${rule} ${place}`)).toEqual([]);
  const stale = exceptions.filter((exception) => !findings.some((finding) => covers(exception, finding)));
  expect(stale.map(({ rule }) => rule)).toEqual([]);
}

test("the document passes Redocly's recommended-strict, but for listed exceptions", async () => {
  expectClean(await findWithRedocly(), redoclyExceptions);
});

test("the document passes Spectral's OpenAPI and OWASP rules, but for listed exceptions", async () => {
  expectClean(await findWithSpectral(), spectralExceptions);
});
