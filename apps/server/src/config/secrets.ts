type Values = Readonly<Record<string, string>>;

/** Secrets that the server cannot do without. Each may have a second value that is valid at the same time. */
export const requiredSecrets = ["API_KEY_AI", "SECRET_KEY_JWT", "HEALTH_SECRET_KEY"] as const;

/** Second values of the required secrets, for a rotation. */
export const previousSecrets: readonly string[] = requiredSecrets.map((name) => `${name}_PREVIOUS`);

/** What a value must have to be accepted as a secret. */
interface Strength {
  minBytes: number;
  /** As `estimateBits` counts them. */
  minBits: number;
}

/** Keys that we alone choose: 128 random bits in hexadecimal digits pass, less does not. */
export const ownSecret: Strength = { minBytes: 32, minBits: 80 };

/** Passwords that a database provider may have chosen: 16 random hexadecimal digits pass. */
export const databasePassword: Strength = { minBytes: 16, minBits: 28 };

/** Values that documentation gives as examples, the original's included. */
const examples = /change-?me|really-strong-secret|^(?:dev|prod)-(?:health|messages)-key|^dev-secret|example/i;

const advice = "make one with `openssl rand -base64 48`";

/** Shorter repetitions occur in random texts too. */
const minRepetition = 3;

/** Longer texts are judged by their beginning, because the estimate takes quadratic time. */
const judgedLength = 512;

/** Length of the longest text that begins at `at` and also somewhere before. */
function repeatedFrom(text: string, at: number): number {
  let length = 0;
  while (at + length < text.length && text.indexOf(text.slice(at, at + length + 1)) < at) length += 1;
  return length;
}

/** Into how many pieces a text falls: single characters, and repetitions of what came before (LZ77). */
function countPieces(text: string): number {
  let pieces = 0;
  for (let at = 0; at < text.length; pieces += 1) {
    const length = repeatedFrom(text, at);
    at += length >= minRepetition ? length : 1;
  }
  return pieces;
}

/**
 * An upper estimate of what a guesser does not know, in bits: pieces that repeat nothing, times the bits of one character
 * of those that occur. Words said twice, and runs such as `abcdef`, count once. A dictionary it does not have.
 */
function estimateBits(secret: string): number {
  const judged = secret.slice(0, judgedLength);
  const codes = Array.from({ length: judged.length }, (_, at) => judged.charCodeAt(at));
  const steps = codes.slice(1).map((code, at) => (code - (codes[at] ?? 0)) & 0xff_ff);
  const pieces = Math.min(countPieces(judged), countPieces(String.fromCharCode(...steps)) + 1);
  return pieces * Math.log2(new Set(codes).size);
}

/** The reason why a value must not be a secret in production, or undefined. */
export function findSecretProblem(secret: string, { minBytes, minBits }: Strength): string | undefined {
  if (examples.test(secret)) return `is still an example: ${advice}`;
  if (Buffer.byteLength(secret) < minBytes) return `is shorter than ${minBytes} bytes: ${advice}`;
  if (estimateBits(secret) < minBits) return `repeats itself or is easy to guess: ${advice}`;
  return undefined;
}

/** A line for each group of secrets that have one value. */
export function findEqualSecrets(secrets: Values): string[] {
  const names = Object.entries(secrets);
  const groups = names.map(([, value]) => names.filter(([, other]) => other === value).map(([name]) => name));
  const shared = groups.filter((group, index) => group.length > 1 && group[0] === names[index]?.[0]);
  return shared.map((group) => `${group.join(" and ")} have one value: give each a value of its own`);
}
