import { useCallback, useMemo } from "react";
import { ColorKey } from "../../charts/ColorKey";
import { Parallel } from "../../charts/Parallel";
import { sharesOf } from "../../charts/shades";
import { brushed, brushFilter, makeAxis, placesOn, varies, type Brushes } from "../../data/parallel";
import { defaultAxes } from "../../data/panels";
import { useWords } from "../../i18n/language";
import { DataTable } from "./DataTable";
import { runName, type BodyProps } from "./model";
import { useKept } from "./useKept";
import { columnTable, useTableData } from "./useTable";

const NO_BRUSHES: Brushes = new Map();
const NONE: ReadonlySet<string> = new Set();

/** Runs as lines over the keys that they differ in. */
export function ParallelPanel({ spec, shared, asTable, onData }: BodyProps) {
  const { t, language } = useWords();
  const { table, target, known, addFilter } = shared;
  const { memory } = shared;
  const [brushes, setBrushes] = useKept<Brushes>(memory, `${spec.id} brushes`, NO_BRUSHES);
  const [flipped, setFlipped] = useKept<ReadonlySet<string>>(memory, `${spec.id} flipped`, NONE);
  const chosen = spec.fields.axes;
  const [moves, setMoves] = useKept<readonly string[] | null>(memory, `${spec.id} ${chosen?.join() ?? ""}`, null);

  const columns = useMemo(() => {
    if (!table) return [];
    const ids = moves ?? (chosen?.length ? chosen : target ? defaultAxes(known, target) : []);
    const found = [...new Set(ids)].flatMap((id) => table.columns.get(id) ?? []);
    return chosen?.length ? found : found.filter((column) => varies(column) || column.id === target);
  }, [table, moves, chosen, target, known]);
  const axes = useMemo(() => columns.map((column) => makeAxis(column, flipped.has(column.id))), [columns, flipped]);
  const colorId = spec.fields.color?.[0] ?? target;
  const color = (colorId && table?.columns.get(colorId)) || columns.at(-1) || null;
  const shades = useMemo(() => (color ? sharesOf(color) : new Float64Array()), [color]);
  const names = useMemo(() => table?.runs.map(runName) ?? [], [table]);
  const ids = useMemo(() => table?.runs.map((run) => run.run_id) ?? [], [table]);
  const count = useMemo(() => {
    const places = axes.map((axis) => placesOn(axis, null));
    return brushed(axes, places, brushes).reduce((sum, one) => sum + one, 0);
  }, [axes, brushes]);
  const make = () => (table ? columnTable(table, columns, t("column.name"), language) : { head: [], rows: [] });
  useTableData(onData, make);

  const move = useCallback(
    (from: number, to: number) => {
      const order = columns.map((column) => column.id);
      const id = order[from];
      if (id === undefined || to < 0 || to >= order.length) return;
      setMoves(order.toSpliced(from, 1).toSpliced(to, 0, id));
    },
    [columns, setMoves],
  );
  const flip = useCallback(
    (index: number) => {
      const id = columns[index]?.id;
      if (id === undefined) return;
      setFlipped(flipped.has(id) ? new Set([...flipped].filter((other) => other !== id)) : new Set([...flipped, id]));
      setBrushes(new Map([...brushes].filter(([other]) => other !== id)));
    },
    [columns, flipped, brushes, setFlipped, setBrushes],
  );

  if (!table) return <p className="panel-empty">{t("loading")}</p>;
  if (axes.length < 2) return <p className="panel-empty">{t("parallel.few")}</p>;
  const label = t("parallel.summary", { n: table.runs.length, axes: columns.map((column) => column.label).join(", ") });
  if (asTable) return <DataTable data={make()} label={label} />;
  const term = brushFilter(axes, brushes);
  return (
    <div className="panel-body">
      <Parallel
        axes={axes}
        names={names}
        ids={ids}
        shades={shades}
        brushes={brushes}
        onBrush={setBrushes}
        onMove={move}
        onFlip={flip}
        label={label}
      />
      <div className="panel-foot">
        {color ? <ColorKey column={color} /> : null}
        {[...brushes.values()].some((intervals) => intervals.length > 0) ? (
          <span className="panel-foot-tools">
            <span>{t("parallel.chosen", { n: count, total: table.runs.length })}</span>
            <button
              type="button"
              className="button button-small"
              disabled={!term || count === 0}
              onClick={() => {
                setBrushes(NO_BRUSHES);
                addFilter(term);
              }}
            >
              {t("chart.filterTo", { n: count })}
            </button>
            <button type="button" className="button-link" onClick={() => setBrushes(NO_BRUSHES)}>
              {t("chart.unselect")}
            </button>
          </span>
        ) : null}
      </div>
    </div>
  );
}
