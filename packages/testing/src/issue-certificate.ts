import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Both in PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/**
 * A self-signed certificate on an elliptic curve, as Let's Encrypt issues them. It needs openssl.
 *
 * @param names for which it holds, such as `DNS:localhost`
 */
export async function issueCertificate(commonName: string, ...names: string[]): Promise<KeyPair> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-issue-"));
  const files = { certificate: join(folder, "fullchain.pem"), key: join(folder, "privkey.pem") };
  const subject = ["-subj", `/CN=${commonName}`, "-addext", `subjectAltName=${names.join(",")}`];
  const output = ["-keyout", files.key, "-out", files.certificate];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  execFileSync("openssl", ["req", "-x509", ...curve, "-noenc", ...subject, ...output], { stdio: "ignore" });
  const pair = { certificate: await readFile(files.certificate, "utf8"), key: await readFile(files.key, "utf8") };
  await rm(folder, { recursive: true });
  return pair;
}
