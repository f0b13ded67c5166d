/**
 * Converts a `timestamptz` from PostgreSQL's text to ISO 8601 in UTC with milliseconds. In sessions whose time zone is
 * UTC, as ours are, it makes no `Date`, which matters for the many rows of a history.
 *
 * @see https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT
 */
export function isoTime(text: string): string {
  if (text[4] !== "-" || !text.endsWith("+00")) return new Date(text).toISOString();
  const milliseconds = text.slice(20, -3).padEnd(3, "0").slice(0, 3);
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z`;
}
