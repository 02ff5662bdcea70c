/** A Jupyter notebook as its texts: what is HTML or script in its outputs is left out. */

export interface NotebookOutput {
  kind: "text" | "image" | "left";
  /** The text; for images a data address. */
  text: string;
}

export interface NotebookCell {
  kind: "code" | "markdown" | "raw";
  source: string;
  count: number | null;
  outputs: NotebookOutput[];
}

const IMAGES = ["image/png", "image/jpeg"] as const;
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

const joined = (text: unknown) => (Array.isArray(text) ? text.join("") : typeof text === "string" ? text : "");
const recordOf = (value: unknown) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {});

/** Null for what is no notebook. */
export function readNotebook(text: string): NotebookCell[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { cells } = recordOf(value);
  if (!Array.isArray(cells)) return null;
  return cells.map((one): NotebookCell => {
    const cell = recordOf(one);
    const kind = cell.cell_type === "code" || cell.cell_type === "markdown" ? cell.cell_type : "raw";
    return {
      kind,
      source: joined(cell.source),
      count: typeof cell.execution_count === "number" ? cell.execution_count : null,
      outputs: Array.isArray(cell.outputs) ? cell.outputs.map(readOutput).filter((output) => output.kind === "left" || output.text !== "") : [],
    };
  });
}

function readOutput(value: unknown): NotebookOutput {
  const output = recordOf(value);
  if (output.output_type === "stream") return { kind: "text", text: joined(output.text) };
  if (output.output_type === "error") {
    return { kind: "text", text: joined(Array.isArray(output.traceback) ? output.traceback.join("\n") : `${output.ename}: ${output.evalue}`) };
  }
  const data = recordOf(output.data);
  for (const type of IMAGES) {
    const bytes = joined(data[type]);
    if (bytes && BASE64.test(bytes)) return { kind: "image", text: `data:${type};base64,${bytes.replaceAll(/\s/g, "")}` };
  }
  const plain = joined(data["text/plain"]);
  if (plain) return { kind: "text", text: plain };
  return { kind: "left", text: Object.keys(data).join(", ") };
}
