/** A finding that stays, because mending it would make the document or the API worse. */
export interface Exception {
  rule: string;
  /** Matches the places of the findings that stay; all places if absent. */
  where?: RegExp;
  reason: string;
}

export const redoclyExceptions: readonly Exception[] = [
  {
    rule: "no-ambiguous-paths",
    where: /flag/,
    reason:
      "The path of the flag is given by the back end that Deepbot replaces. A fixed segment wins over a parameter.",
  },
];

export const spectralExceptions: readonly Exception[] = [
  {
    rule: "owasp:api1:2023-no-numeric-ids",
    reason: "Ids are numbers in the original protocol. Each access checks the owner, and a foreign id is not found.",
  },
  {
    rule: "owasp:api2:2023-no-credentials-in-url",
    where: /\/me\/tokens\/\{token_id\}\//,
    reason: "The id of a token is no credential.",
  },
  {
    rule: "owasp:api2:2023-read-restricted",
    where: /^paths\/\/config\//,
    reason: "Front ends read it before anybody has signed in.",
  },
  {
    rule: "owasp:api2:2023-write-restricted",
    where: /^paths\/\/(create\/nonce|create\/users|logout)\//,
    reason: "Signing in cannot need a session, and signing out succeeds without one.",
  },
  {
    rule: "owasp:api4:2023-array-limit",
    where: /errors|loc$|AccountExport|ExportedDialog|\/me\/export\/|\/(dialogs|service_message)$/,
    reason: "A list of everything that there is. Settings and bytes bound it: docs/limits.md.",
  },
  {
    rule: "owasp:api4:2023-integer-limit",
    reason:
      "Ids and counters have no bound but that of exact JSON numbers; as a bound of each schema it spoils samples.",
  },
  {
    rule: "owasp:api4:2023-string-limit",
    where: /detail$|loc\/items|\/token$|\/metadata\/propertyNames$/,
    reason:
      "As long as the input that it is about, as the token that Google issues, or within the bytes of all metadata: bodies have a limit in bytes.",
  },
  {
    rule: "owasp:api4:2023-string-restricted",
    reason: "Most texts are what people and models write. Anything that can be stored is allowed.",
  },
  {
    rule: "owasp:api8:2023-define-cors-origin",
    reason: "Only responses to the one origin of a setting carry the header, and on the pages' own origin none does.",
  },
  {
    rule: "owasp:api8:2023-define-error-responses-401",
    reason: "Operations without credentials have no 401, and the original ones refuse a wrong key with 403.",
  },
];
