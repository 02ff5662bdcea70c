/** What changed on the server, as it tells by itself. */
import { address } from "./http";

export interface Change {
  topic: string;
  kind: "change" | "resync";
  runs?: string[];
  experiments?: string[];
}

interface Listener {
  onChange: (change: Change) => void;
  /**
   * Whether changes are told now; while not, one has to ask. `whole`: all since the position that was given are told,
   * so that nobody has to ask for what was in between either.
   */
  onState: (told: boolean, whole: boolean) => void;
}

/** Browsers open six connections to a server at most, over all tabs: who listens to the same shares one. */
interface Stream {
  source: EventSource;
  listeners: Set<Listener>;
  told: boolean;
}

const streams = new Map<string, Stream>();

function open(topics: string, since: string | undefined): Stream {
  const query = new URLSearchParams({ topics, ...(since ? { since } : {}) });
  const source = new EventSource(`${address("api/clew/v1/events")}?${query}`);
  const stream: Stream = { source, listeners: new Set(), told: false };
  let whole = since !== undefined;
  const tell = (told: boolean) => {
    stream.told = told;
    for (const listener of stream.listeners) listener.onState(told, whole);
    whole = false;
  };
  source.addEventListener("ready", () => tell(true));
  source.addEventListener("error", () => tell(false));
  source.addEventListener("change", (event) => {
    const change = JSON.parse((event as MessageEvent<string>).data) as Change;
    for (const listener of stream.listeners) listener.onChange(change);
  });
  return stream;
}

/**
 * Listens to topics ("exp:1", "run:ab", "experiments") until the returned function is called.
 * `since`: the `rev` of what the listener shows; of use to the first one who listens.
 */
export function listen(topics: readonly string[], listener: Listener, since?: string): () => void {
  const name = topics.join();
  const stream = streams.get(name) ?? open(name, since);
  streams.set(name, stream);
  // An own object, so that one who listens twice is told twice.
  const own = { ...listener };
  stream.listeners.add(own);
  if (stream.told) own.onState(true, false);
  return () => {
    stream.listeners.delete(own);
    if (stream.listeners.size > 0 || streams.get(name) !== stream) return;
    streams.delete(name);
    stream.source.close();
  };
}
