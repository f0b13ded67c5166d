import { describe, expect, it } from "vitest";
import { isPublicAddress } from "../../../src/webhooks/sending/addresses.ts";
import { parseWebhookUrl } from "../../../src/webhooks/webhook-url.ts";

describe("an address is public", () => {
  it.each([
    "1.1.1.1",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82a::200e",
  ])("%s", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe("an address is not public", () => {
  it.each([
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "localhost",
    "",
  ])("%s", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe("the URL of a webhook", () => {
  const strict = { allowHttp: false, allowPrivate: false };

  it.each([
    ["https://Hooks.Example.com:8443/a?b=c#d", "https://hooks.example.com:8443/a?b=c"],
    ["https://1.1.1.1/", "https://1.1.1.1/"],
    ["https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"],
  ])("%s is taken in its usual form", (given, taken) => {
    expect(parseWebhookUrl(given, strict)).toBe(taken);
  });

  it.each([
    "http://hooks.example.com/",
    "ftp://hooks.example.com/",
    "javascript:alert(1)",
    "hooks.example.com",
    "https://user@hooks.example.com/",
    "https://:secret@hooks.example.com/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://169.254.169.254/latest/meta-data",
  ])("%s is refused", (given) => {
    expect(() => parseWebhookUrl(given, strict)).toThrow("webhook_url_refused");
  });

  it("may be http and private where the settings say so", () => {
    const given = "http://127.0.0.1:8080/";
    expect(parseWebhookUrl(given, { allowHttp: true, allowPrivate: true })).toBe(given);
    expect(() => parseWebhookUrl(given, { allowHttp: true, allowPrivate: false })).toThrow("webhook_url_refused");
  });
});
