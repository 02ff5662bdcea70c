import { useRef, type ReactNode } from "react";
import type { FilterEntity } from "../../api/server";
import { useWords, type MessageKey } from "../../i18n/language";
import { FilterBar } from "../../parts/FilterBar";
import { useKeys } from "../shell/useKeys";
import { useFilter } from "../useFilter";

interface RegistryFilterProps {
  entity: Extract<FilterEntity, "registered_models" | "model_versions">;
  /** The list whose filters are offered again. */
  list: string;
  label: string;
  placeholder: string;
  applied: string;
  /** What the search says of a filter that it refused though it could be read. */
  refused: string | null;
  busy: boolean;
  /** How much the filter finds. */
  result: ReactNode;
  onApply: (filter: string, replace: boolean) => void;
}

const COUNTED: Record<RegistryFilterProps["entity"], MessageKey> = {
  registered_models: "models.all",
  model_versions: "models.versions.n",
};

/** The filter of a list of the registry, completed while it is typed. */
export function RegistryFilter({ entity, list, label, placeholder, applied, refused, busy, result, onApply }: RegistryFilterProps) {
  const { t } = useWords();
  const field = useRef<HTMLInputElement>(null);
  const filter = useFilter({
    entity,
    experimentId: null,
    list,
    applied,
    unreachable: t("error.unreachable"),
    place: (caret) => field.current?.setSelectionRange(caret, caret),
    commit: onApply,
  });
  useKeys({ "/": () => field.current?.focus() });
  return (
    <FilterBar
      value={filter.draft}
      label={label}
      placeholder={placeholder}
      fault={filter.fault ?? (refused === null ? null : { message: refused })}
      busy={busy || filter.checking}
      field={field}
      completions={filter.completions}
      counted={COUNTED[entity]}
      result={result}
      onChange={filter.setDraft}
      onCaret={filter.setCaret}
      onComplete={filter.complete}
      onCommit={filter.settle}
      onLeave={() => document.getElementById("main")?.focus()}
    />
  );
}
