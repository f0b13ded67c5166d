import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";

const read = (env: Record<string, string>) => readConfig({ DEEPBOT_DEV: "true", ...env });
const settingsOf = (env: Record<string, string>) => read(env).settings;

describe("who may sign in", () => {
  test("is everybody unless a list is set", () => {
    expect(settingsOf({})).toMatchObject({ signInDomains: [], signInEmails: [] });
    expect(settingsOf({ SIGN_IN_DOMAINS: "", SIGN_IN_EMAILS: "" })).toMatchObject({
      signInDomains: [],
      signInEmails: [],
    });
  });

  test("is read without regard to case and blanks", () => {
    const env = { SIGN_IN_DOMAINS: " Example.com,sub.example.org ", SIGN_IN_EMAILS: "Guest@Example.net" };
    expect(settingsOf(env)).toMatchObject({
      signInDomains: ["example.com", "sub.example.org"],
      signInEmails: ["guest@example.net"],
    });
  });

  // A list with a slip of the pen must not let in everybody or nobody.
  test.each([
    ["SIGN_IN_DOMAINS", ","],
    ["SIGN_IN_EMAILS", " , "],
    ["SIGN_IN_DOMAINS", "@example.com"],
    ["SIGN_IN_DOMAINS", "example.com example.org"],
    ["SIGN_IN_DOMAINS", "example"],
    ["SIGN_IN_DOMAINS", "*.example.com"],
    ["SIGN_IN_EMAILS", "example.com"],
    ["SIGN_IN_EMAILS", "ann@example.com;bob@example.com,@"],
  ])("%s=%s stops the start", (name, value) => {
    expect(() => read({ [name]: value })).toThrow(name);
  });
});

test.each(["SESSION_IDLE_MS", "SESSION_MAX_AGE_MS", "SESSION_COOKIE_MAX_AGE_MS"])("%s is at least a minute", (name) => {
  expect(() => read({ [name]: "60000" })).not.toThrow();
  expect(() => read({ [name]: "59999" })).toThrow(name);
});
