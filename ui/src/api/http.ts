/** The only place that talks to the network. Every address is relative to the document's base. */

/** What went wrong with a request, in the server's words. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    message: string,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    readonly code = "",
    readonly requestId = "",
  ) {
    super(message);
  }

  /** Whether asking again may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

/** The absolute address of a path below the server's root. */
export function address(path: string): string {
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}

async function refusal(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("x-request-id") ?? "";
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { error_code?: string; message?: string };
    return new ApiError(body.message ?? response.statusText, response.status, body.error_code, requestId);
  } catch {
    return new ApiError(response.statusText || `HTTP ${response.status}`, response.status, "", requestId);
  }
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address(path), { credentials: "same-origin", ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError("", 0);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

export async function getJson<T>(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<T> {
  const search = new URLSearchParams(query).toString();
  const response = await ask(search ? `${path}?${search}` : path, { signal: signal ?? null });
  return (await response.json()) as T;
}

export async function postJson<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
  return (await response.json()) as T;
}

/** A POST in somebody's name. A header holds bytes only, so the name goes as those of its UTF-8. */
export async function postAs<T>(user: string, path: string, body: unknown): Promise<T> {
  const response = await ask(path, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Clew-User": String.fromCharCode(...new TextEncoder().encode(user)),
    },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

async function sendJson<T>(method: string, path: string, body: unknown): Promise<T> {
  const response = await ask(path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

export const patchJson = <T>(path: string, body: unknown) => sendJson<T>("PATCH", path, body);
export const deleteJson = <T>(path: string, body: unknown = {}) => sendJson<T>("DELETE", path, body);

/** The whole answer to a POST as a file. */
export async function postBlob(path: string, body: unknown): Promise<Blob> {
  const response = await ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.blob();
}

/** The first `bytes` bytes of a file as text. */
export async function getText(path: string, query: Record<string, string>, bytes: number): Promise<string> {
  const response = await ask(`${path}?${new URLSearchParams(query)}`, { headers: { Range: `bytes=0-${bytes - 1}` } });
  return response.text();
}

/** All of a file, of whatever type. */
export async function getBlob(path: string, query: Record<string, string>): Promise<Blob> {
  return (await ask(`${path}?${new URLSearchParams(query)}`, {})).blob();
}
