import { describe, expect, test } from "vitest";
import { createGoogleVerifier, googleIssuers } from "../../../src/identity/google.ts";
import { audience, claimsOfAnn, createGoogleKey, nowSeconds, unsigned } from "./support/google-keys.ts";

const key = createGoogleKey();
const foreignKey = createGoogleKey();

const verify = createGoogleVerifier({
  audience,
  issuers: googleIssuers,
  fetchCertificates: () => Promise.resolve(key.certificates),
});

const without = (name: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(claimsOfAnn()).filter(([claim]) => claim !== name));

describe("accepts", () => {
  test("a token of Google's, and says who it is", async () => {
    const expiresAt = nowSeconds() + 3600;
    expect(await verify(key.sign(claimsOfAnn({ exp: expiresAt })))).toEqual({
      kind: "accepted",
      hostedDomain: null,
      nonce: null,
      expiresAt,
      profile: {
        subject: "1234567890",
        email: "ann@example.com",
        givenName: "Ann",
        familyName: "Example",
        picture: "https://example.com/ann.png",
      },
    });
  });

  test.each(googleIssuers)("the issuer %s", async (iss) => {
    expect((await verify(key.sign(claimsOfAnn({ iss })))).kind).toBe("accepted");
  });

  test("a token without names: they are null", async () => {
    const names = { given_name: undefined, family_name: undefined, picture: undefined };
    const verdict = await verify(key.sign(claimsOfAnn(names)));
    expect(verdict).toMatchObject({ kind: "accepted", profile: { givenName: null, familyName: null, picture: null } });
  });

  test("and says which organisation manages the account, and which nonce the page gave", async () => {
    const verdict = await verify(key.sign(claimsOfAnn({ hd: "Example.com", nonce: "n-1" })));
    expect(verdict).toMatchObject({ kind: "accepted", hostedDomain: "example.com", nonce: "n-1" });
  });

  test.each([
    { name: "NUL in a name", claims: { given_name: "An\u0000n" }, kept: { givenName: "Ann" } },
    { name: "a lone surrogate in a name", claims: { family_name: "Li\ud800" }, kept: { familyName: "Li\ufffd" } },
    { name: "a name of nothing else", claims: { given_name: "\u0000" }, kept: { givenName: null } },
    { name: "a name without end", claims: { given_name: "😀".repeat(5_000) }, kept: { givenName: "😀".repeat(200) } },
    { name: "NUL in the picture", claims: { picture: "https://example.com/\u0000" }, kept: { picture: null } },
    {
      name: "a picture without end",
      claims: { picture: `https://example.com/${"a".repeat(9_000)}` },
      kept: { picture: null },
    },
  ])("a token with $name: only what can be stored is kept", async ({ claims, kept }) => {
    expect(await verify(key.sign(claimsOfAnn(claims)))).toMatchObject({ kind: "accepted", profile: kept });
  });

  test("a clock that is a minute ahead or behind", async () => {
    const ahead = claimsOfAnn({ iat: nowSeconds() + 60 });
    const behind = claimsOfAnn({ iat: nowSeconds() - 3660, exp: nowSeconds() - 60 });
    expect((await verify(key.sign(ahead))).kind).toBe("accepted");
    expect((await verify(key.sign(behind))).kind).toBe("accepted");
  });
});

const forged: { name: string; token: () => string }[] = [
  { name: "without a signature, alg none", token: () => unsigned(claimsOfAnn(), "none") },
  { name: "without a signature, alg RS256", token: () => unsigned(claimsOfAnn(), "RS256") },
  { name: "with the public key as the secret of HS256", token: () => key.signAsSecret(claimsOfAnn(), "HS256") },
  { name: "with that, called RS256", token: () => key.signAsSecret(claimsOfAnn(), "RS256") },
  { name: "signed with another key", token: () => foreignKey.sign(claimsOfAnn()) },
  { name: "of an unknown key", token: () => key.sign(claimsOfAnn(), { kid: "k2" }) },
  { name: "without a key's name", token: () => key.sign(claimsOfAnn(), { kid: undefined }) },
  { name: "with a key named __proto__", token: () => key.sign(claimsOfAnn(), { kid: "__proto__" }) },
  { name: "with a key named constructor", token: () => key.sign(claimsOfAnn(), { kid: "constructor" }) },
  {
    name: "with a key of its own in the header",
    token: () => foreignKey.sign(claimsOfAnn(), { kid: undefined, jwk: {} }),
  },
  {
    name: "with other claims under the same signature",
    token: () => withClaimsOf(claimsOfAnn({ sub: "2" }), claimsOfAnn()),
  },
  { name: "for another client", token: () => key.sign(claimsOfAnn({ aud: "another" })) },
  { name: "for our client among others", token: () => key.sign(claimsOfAnn({ aud: ["another", audience] })) },
  { name: "for nobody", token: () => key.sign(without("aud")) },
  {
    name: "of another issuer",
    token: () => key.sign(claimsOfAnn({ iss: "https://accounts.google.com.evil.example" })),
  },
  { name: "of an issuer without TLS", token: () => key.sign(claimsOfAnn({ iss: "http://accounts.google.com" })) },
  { name: "of no issuer", token: () => key.sign(without("iss")) },
  {
    name: "that has expired",
    token: () => key.sign(claimsOfAnn({ iat: nowSeconds() - 7200, exp: nowSeconds() - 3600 })),
  },
  {
    name: "issued two hours ago, though it has not expired",
    token: () => key.sign(claimsOfAnn({ iat: nowSeconds() - 7200 })),
  },
  { name: "with NUL in the account", token: () => key.sign(claimsOfAnn({ sub: "1\u00002" })) },
  { name: "with a lone surrogate in the e-mail", token: () => key.sign(claimsOfAnn({ email: "a\ud800@example.com" })) },
  { name: "that never expires", token: () => key.sign(without("exp")) },
  { name: "that expires in a year", token: () => key.sign(claimsOfAnn({ exp: nowSeconds() + 365 * 86_400 })) },
  {
    name: "issued in an hour",
    token: () => key.sign(claimsOfAnn({ iat: nowSeconds() + 3600, exp: nowSeconds() + 7200 })),
  },
  { name: "issued never", token: () => key.sign(without("iat")) },
  { name: "with an e-mail that is not verified", token: () => key.sign(claimsOfAnn({ email_verified: false })) },
  { name: "that does not say whether the e-mail is verified", token: () => key.sign(without("email_verified")) },
  { name: "with the text true for verified", token: () => key.sign(claimsOfAnn({ email_verified: "true" })) },
  { name: "with 1 for verified", token: () => key.sign(claimsOfAnn({ email_verified: 1 })) },
  { name: "without an e-mail", token: () => key.sign(without("email")) },
  { name: "with an empty e-mail", token: () => key.sign(claimsOfAnn({ email: "" })) },
  { name: "without an account", token: () => key.sign(without("sub")) },
  { name: "with an empty account", token: () => key.sign(claimsOfAnn({ sub: "" })) },
  { name: "with a number for the account", token: () => key.sign(claimsOfAnn({ sub: 1 })) },
  { name: "with an account of 256 characters", token: () => key.sign(claimsOfAnn({ sub: "1".repeat(256) })) },
  { name: "that is empty", token: () => "" },
  { name: "that is dots", token: () => ".." },
  { name: "that is no JSON", token: () => "a.b.c" },
  { name: "of four parts", token: () => `${key.sign(claimsOfAnn())}.x` },
  { name: "of two parts", token: () => key.sign(claimsOfAnn()).split(".").slice(0, 2).join(".") },
  { name: "of a megabyte", token: () => "a".repeat(1024 * 1024) },
  { name: "of null", token: () => "bnVsbA.bnVsbA.bnVsbA" },
];

function withClaimsOf(claims: Record<string, unknown>, signedClaims: Record<string, unknown>): string {
  const [head, , signature] = key.sign(signedClaims).split(".");
  return [head, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
}

describe("refuses a token", () => {
  test.each(forged)("$name", async ({ token }) => {
    expect(await verify(token())).toEqual({ kind: "refused" });
  });

  test("that was changed in any character of its signature", async () => {
    const token = key.sign(claimsOfAnn());
    const accepted: number[] = [];
    // The last character has spare bits: it can be written in more than one way.
    for (let at = token.lastIndexOf(".") + 1; at < token.length - 1; at += 1) {
      const other = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      if ((await verify(other)).kind !== "refused") accepted.push(at);
    }
    expect(accepted).toEqual([]);
  });
});

test("without certificates there is no verdict on the token", async () => {
  const unreachable = createGoogleVerifier({
    audience,
    issuers: googleIssuers,
    fetchCertificates: () => Promise.reject(new Error("unreachable")),
  });
  expect(await unreachable(key.sign(claimsOfAnn()))).toEqual({ kind: "no_certificates" });
});
