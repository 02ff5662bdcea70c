/** The signature out of an MLmodel file: the few lines of YAML that it takes, each value a JSON text in quotes. */

/** One column, tensor or param of a signature. */
export interface SignatureField {
  /** Empty for what has no name. */
  name: string;
  type: string;
  required: boolean;
  /** A param's default as JSON. */
  default?: string;
}

export interface Signature {
  inputs: SignatureField[];
  outputs: SignatureField[];
  params: SignatureField[];
}

export const SIGNATURE_PARTS = ["inputs", "outputs", "params"] as const;
export type SignaturePart = (typeof SIGNATURE_PARTS)[number];

/** Null where the model has no signature, or one that cannot be read. */
export function readSignature(mlmodel: string): Signature | null {
  const texts = blockOf(mlmodel, "signature");
  if (!texts) return null;
  const signature: Signature = { inputs: [], outputs: [], params: [] };
  for (const part of SIGNATURE_PARTS) {
    const fields = parsed(texts.get(part) ?? "");
    if (Array.isArray(fields)) signature[part] = fields.filter(isRecord).map(fieldOf);
  }
  return SIGNATURE_PARTS.some((part) => signature[part].length) ? signature : null;
}

/** The scalars of a mapping at the top of a YAML file, lines that were folded put together again. */
function blockOf(yaml: string, name: string): Map<string, string> | null {
  const lines = yaml.split(/\r?\n/);
  const start = lines.findIndex((line) => line.trimEnd() === `${name}:`);
  if (start < 0) return null;
  const values = new Map<string, string>();
  let key = "";
  for (const line of lines.slice(start + 1)) {
    if (/^\S/.test(line)) break;
    const [, found, value = ""] = line.match(/^ {2}(\w+):\s*(.*)$/) ?? [];
    if (found) {
      key = found;
      values.set(key, value);
    } else if (key) values.set(key, `${values.get(key) ?? ""} ${line.trim()}`);
  }
  return new Map([...values].map(([field, text]) => [field, scalar(text.trim())]));
}

function scalar(text: string): string {
  if (text.length >= 2 && text.startsWith("'") && text.endsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  const double = text.startsWith('"') ? parsed(text) : undefined;
  return typeof double === "string" ? double : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function fieldOf(field: Record<string, unknown>): SignatureField {
  return {
    name: typeof field.name === "string" ? field.name : "",
    type: typeOf(field),
    required: field.required !== false && field.optional !== true && !("default" in field),
    ...("default" in field ? { default: JSON.stringify(field.default) } : {}),
  };
}

/** A type in one line: "double", "float32 [-1, 28, 28]", "array<string>", "{a: long, b: string}". */
function typeOf(field: Record<string, unknown>): string {
  const { type, items, properties, values, shape } = field;
  const tensor = field["tensor-spec"];
  if (isRecord(tensor)) return `${String(tensor.dtype)} [${Array.isArray(tensor.shape) ? tensor.shape.join(", ") : ""}]`;
  if (type === "array" && isRecord(items)) return `array<${typeOf(items)}>`;
  if (type === "map" && isRecord(values)) return `map<${typeOf(values)}>`;
  if (type === "object" && isRecord(properties)) {
    const inner = Object.entries(properties).map(([name, value]) => `${name}: ${isRecord(value) ? typeOf(value) : "?"}`);
    return `{${inner.join(", ")}}`;
  }
  const plain = String(type ?? field.dtype ?? "?");
  return Array.isArray(shape) ? `${plain} [${shape.join(", ")}]` : plain;
}
