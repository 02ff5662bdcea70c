/** Query parts of addresses that can be read. */

/** Sets a field, or drops it where it has no value. */
export function setOrDrop(query: URLSearchParams, name: string, value: string | null): void {
  if (value === null) query.delete(name);
  else query.set(name, value);
}

/** The query part without "?" and without escapes that it does not need. */
export function readable(query: URLSearchParams): string {
  return query
    .toString()
    .replaceAll("%2C", ",")
    .replaceAll("%2F", "/")
    .replaceAll("%3A", ":")
    .replaceAll("%3B", ";")
    .replaceAll("%60", "`")
    .replaceAll("%3C", "<")
    .replaceAll("%3E", ">")
    .replaceAll("%3D", "=")
    .replaceAll("%7E", "~");
}
