import { expect } from "vitest";
import type { Reply } from "./http.ts";

/** A refusal's body. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  run_id?: number;
  errors?: { loc: (string | number)[]; msg: string; type: string }[];
}

export type Language = "ru" | "en";

export const languages: readonly Language[] = ["ru", "en"];

/** What the contract gives word for word. */
export const russian = {
  noCookie: "Необходима авторизация",
  badToken: "Недействительный или просроченный токен",
  noGoogleToken: "Gmail токен потерян",
  badGoogleToken: "Неверный токен Google",
  dialogLimit: "Превышен лимит диалогов",
} as const;

/** Checks the form that all refusals share and gives the body. */
export function expectProblem(reply: Reply, status: number): Problem {
  const problem = reply.body as Problem;
  expect({ status: reply.status, body: reply.text }).toMatchObject({ status });
  expect(reply.headers["content-type"]).toMatch(/^application\/problem\+json\b/);
  expect(problem).toMatchObject({
    type: expect.any(String),
    title: expect.stringMatching(/\w/),
    status,
    detail: expect.stringMatching(/\S/),
    request_id: reply.headers["x-request-id"],
  });
  return problem;
}

/** Checks that a detail is a sentence in the language, with nothing of a machine's in it. */
export function expectSentence(detail: string, language: Language): void {
  expect(detail).toMatch(language === "ru" ? /[а-яё]{2}/i : /^[^а-яё]*[a-z]{2}[^а-яё]*$/i);
  expect(detail).not.toMatch(/[{}[\]\n]|undefined|null|Error\b/);
}

/**
 * Checks a refusal's form and status, and that it speaks the language: in Russian by `words`, where the contract has
 * them. Gives the body.
 */
export function expectRefusal(
  reply: Reply,
  { status, language, words }: { status: number; language: Language; words?: string },
): Problem {
  const problem = expectProblem(reply, status);
  expectSentence(problem.detail, language);
  if (language === "ru" && words !== undefined) expect(problem.detail).toBe(words);
  return problem;
}

/** The places of the issues that a refused input has, as `body.dialog_name`. */
export function issuePlaces(reply: Reply): string[] {
  const { errors = [] } = expectProblem(reply, 422);
  for (const issue of errors) {
    expect(Object.keys(issue).toSorted()).toEqual(["loc", "msg", "type"]);
    expect([typeof issue.msg, typeof issue.type]).toEqual(["string", "string"]);
  }
  return errors.map(({ loc }) => loc.join("."));
}
