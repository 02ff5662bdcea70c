import { Link } from "wouter";
import { ApiError } from "../api/http";
import { useWords } from "../i18n/language";
import { Heading } from "../parts/Heading";
import { Failure } from "../parts/Region";
import { Crumbs } from "./shell/Crumbs";

/** For addresses that name nothing. */
export function NotFoundPage() {
  const { t } = useWords();
  return (
    <div className="page">
      <Crumbs items={[]} />
      <Missing title={t("notFound.title")} help={t("notFound.help")} />
    </div>
  );
}

interface NotThereProps {
  error: Error;
  /** Said when the server knows no such thing. */
  title: string;
  help: string;
  retry: () => void;
}

/** In the place of a page whose thing could not be had: it is not there, or asking failed. */
export function NotThere({ error, title, help, retry }: NotThereProps) {
  const { t } = useWords();
  const status = error instanceof ApiError ? error.status : -1;
  if (status === 404) return <Missing title={title} help={help} />;
  const heading = status === 0 ? t("error.unreachable") : t("error.title");
  return (
    <>
      <Heading title={[heading]}>{heading}</Heading>
      <Failure error={error} retry={retry} titled={false} />
    </>
  );
}

function Missing({ title, help }: { title: string; help: string }) {
  const { t } = useWords();
  return (
    <>
      <Heading title={[title]}>{title}</Heading>
      <p className="muted page-lead">{help}</p>
      <Link className="page-way" href="/experiments">
        {t("notFound.back")}
      </Link>
    </>
  );
}
