import { startChild } from "@deepbot/testing";

/**
 * Makes sure that a program that a test runs is on this machine.
 *
 * @throws with a sentence that names it when it is not
 */
export async function requireCommand(command: string): Promise<void> {
  const code = await startChild(command, { args: ["--version"], env: {} }).exited.catch(() => null);
  if (code !== 0) throw new Error(`This test runs \`${command}\`, and this machine has none: please install it.`);
}
