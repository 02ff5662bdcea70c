import { Component, type ReactNode } from "react";
import { useWords } from "../i18n/language";
import { CopyButton } from "./CopyButton";
import { Icon } from "./Icon";

export interface Fault {
  message: string;
  status?: number;
  requestId?: string;
}

/** What went wrong with a thrown or failed thing, as far as it tells. */
export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { message: String(error) };
  const { status, requestId } = error as Error & Partial<Fault>;
  return { message: error.message, ...(status === undefined ? {} : { status }), ...(requestId ? { requestId } : {}) };
}

/** What helps whoever is told of the failure. */
function details({ message, status, requestId }: Fault): string {
  const lines = [message, status ? `HTTP ${status}` : "", requestId ? `request ${requestId}` : "", location.href];
  return lines.filter(Boolean).join("\n");
}

/** Whether a part of the pages could not be loaded: the server has newer ones. */
function isOldPage(error: unknown): boolean {
  return error instanceof TypeError && /dynamically imported|Importing a module/i.test(error.message);
}

interface FailureProps {
  error: unknown;
  retry?: (() => void) | undefined;
  /** False where a heading above says already what failed. */
  titled?: boolean;
}

/** An error in words, with what helps to report it and a way to try again. */
export function Failure({ error, retry, titled = true }: FailureProps) {
  const { t } = useWords();
  const fault = faultOf(error);
  const unreachable = fault.status === 0;
  return (
    <div className="failure" role="alert">
      <Icon name="warning" />
      <div>
        {titled ? <strong>{unreachable ? t("error.unreachable") : t("error.title")}</strong> : null}
        <p>{unreachable ? t("error.unreachable.help") : fault.message}</p>
        <p className="failure-detail">
          {[fault.status ? `HTTP ${fault.status}` : "", fault.requestId ? t("error.request", { id: fault.requestId }) : ""]
            .filter(Boolean)
            .join(" · ")}
        </p>
        <div className="failure-ways">
          {retry ? (
            <button type="button" className="button" onClick={retry}>
              <Icon name="retry" />
              {t("error.retry")}
            </button>
          ) : null}
          {unreachable ? null : <CopyButton small text={details(fault)} label={t("error.copy")} />}
        </div>
      </div>
    </div>
  );
}

interface RegionProps {
  children: ReactNode;
  /** A change of this text makes the region try again by itself. */
  name: string;
}

/** A part of the page that may fail alone: its error shows in its place, the rest goes on. */
export class Region extends Component<RegionProps, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: RegionProps) {
    if (before.name !== this.props.name && this.state.error !== null) this.reset();
  }

  private reset = () => this.setState({ error: null });

  override render() {
    const { error } = this.state;
    if (isOldPage(error)) return <OldPage />;
    if (error !== null) return <Failure error={error} retry={this.reset} />;
    return this.props.children;
  }
}

function OldPage() {
  const { t } = useWords();
  return (
    <div className="failure" role="alert">
      <Icon name="retry" />
      <div>
        <strong>{t("error.oldPage")}</strong>
        <button type="button" className="button" onClick={() => location.reload()}>
          {t("error.reload")}
        </button>
      </div>
    </div>
  );
}
