import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { live } from "../../data/live";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { signOfLifeQuery } from "../queries";

/** Says that the server is away, and that what is seen stays; goes by itself. */
export function Banner() {
  const { t } = useWords();
  const away = useSyncExternalStore(live.subscribe, live.get) === "reconnecting";
  useQuery({ ...signOfLifeQuery, enabled: away });
  return (
    <div className="banner" role="status" hidden={!away}>
      {away ? (
        <>
          <Icon name="warning" />
          <strong>{t("error.unreachable")}</strong>
          <span>{t("error.stale")}</span>
        </>
      ) : null}
    </div>
  );
}
