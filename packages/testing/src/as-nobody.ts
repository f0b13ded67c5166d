/** Id of Debian's user `nobody`. */
export const nobody = 65_534;

/** Makes the command run as a user who owns nothing. A test that does not run as root is such a user already. */
export function asNobody(command: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return command;
  return ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--no-new-privs", ...command];
}
