import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listen } from "../src/api/events";

class Source extends EventTarget {
  static opened: Source[] = [];
  constructor(readonly url: string) {
    super();
    Source.opened.push(this);
  }
  close(): void {}
}

describe("listening", () => {
  const states: [boolean, boolean][] = [];
  const listener = { onChange: () => {}, onState: (told: boolean, whole: boolean) => states.push([told, whole]) };
  let stop: (() => void)[] = [];

  beforeEach(() => {
    vi.stubGlobal("EventSource", Source);
    Source.opened = [];
    states.length = 0;
  });
  afterEach(() => {
    for (const one of stop) one();
    stop = [];
    vi.unstubAllGlobals();
  });
  const source = () => Source.opened[0] as Source;

  it("goes on from what is shown, so that nothing has to be asked again", () => {
    stop.push(listen(["exp:1"], listener, "42"));
    expect(new URL(source().url, "http://localhost").search).toBe("?topics=exp%3A1&since=42");
    source().dispatchEvent(new Event("ready"));
    expect(states).toEqual([[true, true]]);
  });

  it("has to ask after a broken connection, and where nothing is known", () => {
    stop.push(listen(["exp:1"], listener, "42"));
    source().dispatchEvent(new Event("ready"));
    source().dispatchEvent(new Event("error"));
    source().dispatchEvent(new Event("ready"));
    expect(states.slice(1)).toEqual([
      [false, false],
      [true, false],
    ]);
    stop.push(listen(["exp:2"], listener));
    Source.opened[1]?.dispatchEvent(new Event("ready"));
    expect(states.at(-1)).toEqual([true, false]);
  });

  it("shares a stream, whose second listener asks for itself", () => {
    stop.push(listen(["exp:1"], listener, "42"));
    source().dispatchEvent(new Event("ready"));
    stop.push(listen(["exp:1"], listener, "50"));
    expect(Source.opened.length).toBe(1);
    expect(states).toEqual([
      [true, true],
      [true, false],
    ]);
  });
});
