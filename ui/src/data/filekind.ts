/** Which viewer shows a file: told by its name and its folder. */

export type FileKind =
  | "text"
  | "json"
  | "lines"
  | "csv"
  | "tsv"
  | "markdown"
  | "image"
  | "page"
  | "audio"
  | "video"
  | "pdf"
  | "notebook"
  | "histogram"
  | "diff"
  | "other";

const KINDS: readonly (readonly [FileKind, RegExp])[] = [
  ["histogram", /^clew\/histograms\/[^/]+\.json$/],
  ["image", /\.(?:png|jpe?g|gif|webp|avif|bmp|svg)$/i],
  ["json", /\.(?:json|geojson)$/i],
  ["lines", /\.(?:jsonl|ndjson)$/i],
  ["csv", /\.csv$/i],
  ["tsv", /\.(?:tsv|tab)$/i],
  ["markdown", /\.(?:md|markdown)$/i],
  ["page", /\.(?:html?|xhtml)$/i],
  ["audio", /\.(?:wav|mp3|ogg|oga|flac|m4a|aac|opus)$/i],
  ["video", /\.(?:mp4|webm|ogv|mov|m4v)$/i],
  ["pdf", /\.pdf$/i],
  ["notebook", /\.ipynb$/i],
  ["diff", /\.(?:diff|patch)$/i],
  ["text", /(?:^|\/)(?:MLmodel|MLproject|Makefile|Dockerfile|README|LICENSE|\.[\w.-]+)$/],
  [
    "text",
    /\.(?:txt|text|log|err|out|cfg|conf|ini|toml|ya?ml|py|pyi|rst|xml|sh|bash|r|jl|js|ts|c|cc|cpp|h|hpp|cu|java|scala|rs|go|sql|tex|properties|env|lock|in|proto)$/i,
  ],
];

export function kindOf(path: string): FileKind {
  return KINDS.find(([, name]) => name.test(path))?.[0] ?? "other";
}
