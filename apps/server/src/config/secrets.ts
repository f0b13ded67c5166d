const minBytes = 32;

/** Values that documentation gives as examples, the original's included. */
const examples = /change-me|really-strong-secret|^(?:dev|prod)-(?:health|messages)-key|^dev-secret|example/i;

/** Whether the secret is a published example, or one character repeated. */
export function isExample(secret: string): boolean {
  return examples.test(secret) || new Set(secret).size === 1;
}

/** The reason why a secret must not be used in production, or undefined. */
export function findSecretProblem(secret: string | undefined): string | undefined {
  if (secret === undefined) return "must be set in production";
  if (isExample(secret)) return "is still an example: make one with `openssl rand -base64 48`";
  if (Buffer.byteLength(secret) < minBytes) return `is shorter than ${minBytes} bytes`;
  return undefined;
}
