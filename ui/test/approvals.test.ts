import { afterEach, describe, expect, it, vi } from "vitest";
import { decide } from "../src/api/approvals";

afterEach(() => vi.unstubAllGlobals());

describe("a decision", () => {
  it("goes in the name of whoever decides, in any script", async () => {
    const fetch = vi.fn(async () => new Response("{}"));
    vi.stubGlobal("fetch", fetch);
    vi.stubGlobal("document", { baseURI: "http://localhost:5000/" });
    await decide(7, "approve", "李 bo", "checked");
    const [address, init] = fetch.mock.calls[0] as unknown as [string, RequestInit];
    expect(address).toBe("http://localhost:5000/api/clew/v1/move-requests/7/approve");
    expect(init.body).toBe('{"note":"checked"}');
    const sent = new Request("http://localhost/", init).headers.get("X-Clew-User") ?? "";
    expect(new TextDecoder().decode(Uint8Array.from(sent, (letter) => letter.charCodeAt(0)))).toBe("李 bo");
  });
});
