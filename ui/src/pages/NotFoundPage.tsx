import { Link } from "wouter";
import { useWords } from "../i18n/language";
import { Heading } from "../parts/Heading";
import { Crumbs } from "./shell/Crumbs";

/** For addresses that name nothing. */
export function NotFoundPage() {
  const { t } = useWords();
  return (
    <div className="page">
      <Crumbs items={[]} />
      <Heading title={[t("notFound.title")]}>{t("notFound.title")}</Heading>
      <p className="muted page-lead">{t("notFound.help")}</p>
      <Link href="/experiments">{t("notFound.back")}</Link>
    </div>
  );
}
