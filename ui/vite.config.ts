import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { precompress } from "./build/precompress.mjs";

const backend = process.env.CLEW_SERVER ?? "http://127.0.0.1:5000";

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
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": backend, "/ajax-api": backend, "/get-artifact": backend },
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.{ts,tsx}"] },
});
