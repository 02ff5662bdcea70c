import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./theme/tokens.css";
import "./theme/base.css";
import "./parts/parts.css";
import "./parts/pops.css";
import { App } from "./App";
import { redirectOf } from "./data/redirect";
import { loadLanguage } from "./i18n/language";

const target = redirectOf(location.hash);
if (target !== null) history.replaceState(null, "", new URL(target, document.baseURI));

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
await loadLanguage();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
