import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { precompress } from "./build/precompress.mjs";

const backend = process.env.CLEW_SERVER ?? "http://127.0.0.1:5000";

interface Modules {
  getModuleInfo: (id: string) => { importedIds: readonly string[] } | null;
}

let needed: Set<string> | null = null;

/** What the first pages import stands in one file, whatever else uses parts of it: each further file is a request before the first row. */
function firstPages(id: string, modules: Modules): string | null {
  if (!needed) {
    needed = new Set();
    const rest = [new URL("src/main.tsx", import.meta.url).pathname];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if (needed.has(next)) continue;
      needed.add(next);
      rest.push(...(modules.getModuleInfo(next)?.importedIds ?? []));
    }
  }
  return needed.has(id) || id.includes("rolldown/runtime") ? "first" : null;
}

export default defineConfig({
  // Relative, so that the one <base> element decides where the pages live (a static prefix of the server).
  base: "./",
  plugins: [react(), precompress()],
  build: {
    outDir: "../src/clew/server/static",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 650,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: firstPages }] } } },
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": backend, "/ajax-api": backend, "/get-artifact": backend },
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.{ts,tsx}"] },
});
