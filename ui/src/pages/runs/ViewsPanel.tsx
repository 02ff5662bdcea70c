import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { createView, deleteView, getView, updateView } from "../../api/server";
import type { SavedView } from "../../api/types";
import { readable } from "../../data/address";
import { toasts } from "../../data/toasts";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { Failure } from "../../parts/Region";
import { MenuButton } from "../../parts/ToolButton";
import { viewsQuery } from "../queries";
import { sayError } from "../sayError";
import { SELECTION_FIELD } from "./useSelection";

interface ViewsPanelProps {
  experimentId: string;
  /** The query part of the address: what a view holds. */
  search: string;
  onOpen: (search: string) => void;
}

/** What is selected belongs to the moment, not to a view. */
function withoutSelection(search: string): string {
  const query = new URLSearchParams(search);
  query.delete(SELECTION_FIELD);
  return readable(query);
}

/** The saved views of an experiment: open, save, rename, make the default, delete. */
export function ViewsPanel({ experimentId, search: shown, onOpen }: ViewsPanelProps) {
  const words = useWords();
  const { t } = words;
  const client = useQueryClient();
  const search = useMemo(() => withoutSelection(shown), [shown]);
  const views = useQuery(viewsQuery(experimentId));
  const [name, setName] = useState("");
  const [renamed, setRenamed] = useState<SavedView | null>(null);

  const change = async (work: () => Promise<unknown>, done: string) => {
    try {
      await work();
      toasts.show(done);
    } catch (error) {
      sayError(error, t);
    }
    await client.invalidateQueries({ queryKey: viewsQuery(experimentId).queryKey });
  };
  const open = async (view: SavedView) => {
    try {
      onOpen((await getView(view.view_id)).body?.search ?? "");
    } catch (error) {
      sayError(error, t);
    }
  };
  const save = () => {
    const wanted = name.trim();
    if (!wanted) return;
    setName("");
    setRenamed(null);
    void change(
      () =>
        renamed
          ? updateView(renamed, { name: wanted })
          : createView({ experiment_id: experimentId, name: wanted, body: { search } }),
      t("views.saved", { name: wanted }),
    );
  };
  const found = views.data ?? [];
  return (
    <div className="choices">
      {views.isError && !views.data ? <Failure error={views.error} retry={() => void views.refetch()} /> : null}
      {views.data && found.length === 0 ? <p className="muted">{t("views.none")}</p> : null}
      <ul>
        {found.map((view) => (
          <li key={view.view_id} className="choices-row">
            <button type="button" className="choices-open" onClick={() => void open(view)}>
              <Icon name="view" />
              <span className="menu-label">{view.name}</span>
              {view.preferred ? <span className="badge">{t("views.default")}</span> : null}
            </button>
            <MenuButton
              bare
              icon="more"
              label={t("views.more", { name: view.name })}
              sections={[
                {
                  id: "view",
                  actions: [
                    {
                      id: "update",
                      label: t("views.update"),
                      icon: "check",
                      run: () => void change(() => updateView(view, { body: { search } }), t("views.saved", { name: view.name })),
                    },
                    {
                      id: "rename",
                      label: t("views.rename"),
                      icon: "edit",
                      run: () => {
                        setRenamed(view);
                        setName(view.name);
                      },
                    },
                    {
                      id: "default",
                      label: t(view.preferred ? "views.noDefault" : "views.makeDefault"),
                      icon: "flag",
                      run: () =>
                        void change(
                          () => updateView(view, { preferred: !view.preferred }),
                          t(view.preferred ? "views.noDefaultNow" : "views.isDefault", { name: view.name }),
                        ),
                    },
                    {
                      id: "delete",
                      label: t("views.delete"),
                      icon: "trash",
                      tone: "bad",
                      run: () => void change(() => deleteView(view.view_id), t("views.deleted", { name: view.name })),
                    },
                  ],
                },
              ]}
            />
          </li>
        ))}
      </ul>
      <form
        className="choices-row choices-form"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <label className="field">
          <span className="hidden-text">{t("views.name")}</span>
          <input
            data-first=""
            type="text"
            value={name}
            placeholder={t(renamed ? "views.newName" : "views.name")}
            maxLength={200}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <button type="submit" className="button" disabled={!name.trim()}>
          {t(renamed ? "views.rename" : "views.save")}
        </button>
      </form>
    </div>
  );
}
