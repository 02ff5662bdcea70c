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
  /** Whether changes are told now; while not, one has to ask. */
  onState: (told: boolean) => void;
}

/** Listens to topics ("exp:1", "run:ab", "experiments") until the returned function is called. */
export function listen(topics: readonly string[], { onChange, onState }: Listener): () => void {
  const source = new EventSource(`${address("api/clew/v1/events")}?${new URLSearchParams({ topics: topics.join() })}`);
  source.addEventListener("ready", () => onState(true));
  source.addEventListener("error", () => onState(false));
  source.addEventListener("change", (event) => onChange(JSON.parse((event as MessageEvent<string>).data) as Change));
  return () => source.close();
}
