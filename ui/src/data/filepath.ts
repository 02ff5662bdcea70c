/** The path of a run's file in an address: /runs/<id>/artifacts/<path>. */

const FILE = /\/runs\/[^/]+\/artifacts\/(.+)$/;

/** The path below the site's root that shows a file of a run. */
export function fileAddress(runId: string, file: string): string {
  return `/runs/${encodeURIComponent(runId)}/artifacts/${file.split("/").map(encodeURIComponent).join("/")}`;
}

/** The file that an address names; empty when it names none. `pathname` as the browser has it, with its escapes. */
export function fileOf(pathname: string): string {
  const [, rest = ""] = pathname.match(FILE) ?? [];
  return rest.split("/").map(decoded).join("/");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
