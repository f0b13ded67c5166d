import { describe, expect, it } from "vitest";
import { devSubject } from "../src/api/dev-token.ts";
import { createPreferences } from "../src/app/preferences.ts";
import { parseDialogId, urls } from "../src/app/routes.ts";
import { deviceName } from "../src/features/account/device-name.ts";
import { findNameIssue } from "../src/features/dialogs/find-name-issue.ts";
import { preferredLocale } from "../src/i18n/languages.ts";
import { memoryStorage } from "./support/memory-storage.ts";

describe("names of dialogs", () => {
  const limits = { dialog_name_min: 3, dialog_name_max: 20 };

  it.each([
    ["ab", "too_short"],
    ["  ab ", "too_short"],
    ["abc", null],
    ["😀".repeat(20), null],
    ["😀".repeat(21), "too_long"],
    [` ${"x".repeat(20)} `, null],
  ])("%j: %s", (name, issue) => {
    expect(findNameIssue(name, limits)).toBe(issue);
  });
});

describe("addresses", () => {
  it.each([
    ["12", 12],
    ["0", null],
    ["-1", null],
    ["1e3", null],
    ["99999999999999999", null],
    ["abc", null],
    [undefined, null],
  ])("%j is dialog %s", (text, id) => {
    expect(parseDialogId(text)).toBe(id);
  });

  it("round-trip through the route", () => {
    expect(parseDialogId(urls.dialog(41).split("/").at(-1))).toBe(41);
  });
});

describe("the language", () => {
  it.each([
    [["ru-RU", "en"], "ru"],
    [["de-DE", "ru"], "ru"],
    [["en-GB", "ru"], "en"],
    [["de"], "en"],
    [[], "en"],
  ])("for %j is %s", (wanted, language) => {
    expect(preferredLocale(wanted)).toBe(language);
  });
});

describe("preferences", () => {
  it("follow the system and the browser until the person chooses", () => {
    const storage = memoryStorage();
    const preferences = createPreferences(storage, ["ru"]);
    expect([preferences.theme.get(), preferences.language.get()]).toEqual(["system", "ru"]);
    preferences.keep();
    expect(storage.keys()).toEqual([]);
  });

  it("are stored again after a sign-out cleared the storage", () => {
    const storage = memoryStorage({ theme: "nonsense", language: "en" });
    const preferences = createPreferences(storage, ["ru"]);
    preferences.theme.set("dark");
    for (const name of storage.keys()) storage.remove(name);
    preferences.keep();
    expect([storage.read("theme"), storage.read("language")]).toEqual(["dark", "en"]);
  });
});

describe("devices", () => {
  const safari = "AppleWebKit/605.1.15 (KHTML, like Gecko)";

  it.each([
    [
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) ${safari} Version/18.0 Mobile Safari/604.1`,
      "Safari, iPhone",
    ],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows"],
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36", "Chrome, Linux"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge, macOS"],
    ["Mozilla/5.0 (Linux; Android 16) Chrome/156.0 Mobile Safari/537.36", "Chrome, Android"],
    ["curl/8.5.0", "curl"],
    [null, null],
  ])("%j is called %j", (userAgent, name) => {
    expect(deviceName(userAgent)).toBe(name);
  });
});

describe("names of the development sign-in", () => {
  it.each([
    ["ann", "ann"],
    ["Ann Lee", "ann.lee"],
    ["Анна", "ud090d0bdd0bdd0b0"],
    [".x", "u2e78"],
  ])("%s signs in as %s", (name, subject) => {
    expect(devSubject(name)).toBe(subject);
  });
});
