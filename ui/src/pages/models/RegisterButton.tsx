import { useState } from "react";
import { useLocation } from "wouter";
import { versionAddress } from "../../data/registry";
import { toasts } from "../../data/toasts";
import { useWords } from "../../i18n/language";
import { RegisterForm } from "./RegisterForm";
import { useRegistryActions } from "./useRegistryActions";

/** Makes a logged model a version of a registered one. */
export function RegisterButton({ modelId, runId }: { modelId: string; runId: string }) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const [open, setOpen] = useState(false);
  const actions = useRegistryActions();
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        {t("models.register")}
      </button>
      {open ? (
        <RegisterForm
          title={t("models.register")}
          action={t("models.register.do")}
          version
          onClose={() => setOpen(false)}
          onSave={async (draft) => {
            setOpen(false);
            const registration = { ...draft, source: `models:/${modelId}`, model_id: modelId, run_id: runId };
            const version = await actions.register(registration);
            if (!version) return;
            const run = () => navigate(versionAddress(draft.name, version));
            toasts.show(t("models.registered", { name: draft.name, version }), { action: { label: t("models.open"), run } });
          }}
        />
      ) : null}
    </>
  );
}
