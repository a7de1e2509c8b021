import { SegmentedControl, useComputedColorScheme } from '@mantine/core'
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import { Notice } from '../../app/notice.tsx'
import { formatCount } from '../../format/number.ts'
import { formatSeries } from '../../format/series-name.ts'
import { guessUnit, type Unit } from '../../format/unit.ts'
import { AnswerFrame } from '../answer-frame.tsx'
import { AnswerStatus } from '../answer-status.tsx'
import { observedUnit } from '../histogram/summary.ts'
import type { HistogramLine, PanelState } from '../panel-state.ts'
import toolbar from '../toolbar.module.css'
import { decodeHistogramLine } from '../url-state.ts'
import { type Asking, type RangeAnswer, useRangeQuery } from '../use-panel-queries.ts'
import { toColumns } from './columns.ts'
import { ExemplarLayer } from './exemplar-layer.tsx'
import { ExemplarPanel } from './exemplar-panel.tsx'
import type { Exemplar } from './exemplar-points.ts'
import { GraphControls } from './graph-controls.tsx'
import styles from './graph-tab.module.css'
import { Legend } from './legend.tsx'
import { strokeOf } from './palette.ts'
import { allShown, isolate, isShown, type Shown, toggle } from './shown-lines.ts'
import { useExemplars, useExemplarsStored } from './use-exemplars.ts'

interface TabProps {
  /** The choice between tabs, first in the toolbar. */
  readonly tabs: ReactNode
  readonly panel: PanelState
  readonly asking: Asking
  readonly onChange: (next: PanelState) => void
  readonly onError: (expr: string, error: unknown) => void
}

const loadChart = () => import('./chart.tsx')
const Chart = lazy(async () => ({ default: (await loadChart()).Chart }))

/** More lines than this are neither told apart nor drawn at once without a pause; the reader may ask for all. */
const linesDrawn = 300

/** The expression over a range, drawn. */
export function GraphTab({ tabs, panel, asking, onChange, onError }: TabProps) {
  const query = useRangeQuery(panel, asking)
  useEffect(() => {
    // Beside the query, not after it. Should it fail, the chart's own loading says so where it is shown.
    loadChart().catch(() => undefined)
  }, [])
  useEffect(() => onError(panel.expr, query.error), [panel.expr, query.error, onError])
  return (
    <>
      <div className={toolbar.toolbar}>
        {tabs}
        <GraphControls panel={panel} onChange={onChange} />
        <AnswerStatus query={query} stepMsAsked={panel.resolution.type === 'fixed' ? panel.resolution.stepMs : undefined} />
      </div>
      <AnswerFrame expr={panel.expr} query={query} minHeight={320}>
        {(answer) => <Graph answer={answer} panel={panel} onChange={onChange} />}
      </AnswerFrame>
    </>
  )
}

const histogramLines = [
  { value: 'count', label: 'Count' },
  { value: 'sum', label: 'Sum' },
  { value: 'average', label: 'Average' },
]

/** Counts have no unit; sums are guessed as any number is; an average is of what was observed. */
function unitOfHistogramLine(expr: string, line: HistogramLine): Unit {
  return line === 'count' ? 'none' : line === 'sum' ? guessUnit(expr) : observedUnit(expr)
}

interface GraphProps {
  readonly answer: RangeAnswer
  readonly panel: PanelState
  readonly onChange: (next: PanelState) => void
}

function Graph({ answer, panel, onChange }: GraphProps) {
  const scheme = useComputedColorScheme('light')
  const [shown, setShown] = useState<Shown>(allShown)
  const [focused, setFocused] = useState<number>()
  const [all, setAll] = useState(false)
  const { data, window, expr } = answer
  const matrix = data.resultType === 'matrix' ? data.result : []
  const { histogramLine } = panel
  const columns = useMemo(
    () => toColumns(all ? matrix : matrix.slice(0, linesDrawn), window, histogramLine),
    [matrix, window, all, histogramLine],
  )
  const hasHistograms = useMemo(() => matrix.some(({ histograms = [] }) => histograms.length > 0), [matrix])
  const undrawable = useMemo(() => columns.lines.every(({ values }) => values.every((value) => value === null)), [columns])
  const names = useMemo(() => columns.lines.map((line) => formatSeries(line.metric)), [columns])
  const key = names.join('\n')
  // Only a change of names or choice may change this function: the plot is built anew with it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: key stands for names
  const isLineShown = useCallback((index: number) => isShown(shown, names[index]), [shown, key])
  const unit = hasHistograms ? unitOfHistogramLine(expr, histogramLine) : guessUnit(expr)
  const observed = observedUnit(expr)
  const exemplarsWanted = useExemplarsStored() && panel.showExemplars
  const { exemplars, answered, error: exemplarsError } = useExemplars(answer, exemplarsWanted)
  const exemplarValues = useMemo(() => exemplars.map(({ value }) => value), [exemplars])
  const [picked, setPicked] = useState<readonly Exemplar[]>()
  useEffect(() => {
    if (!exemplarsWanted) setPicked(undefined)
  }, [exemplarsWanted])

  // Other series: what was chosen among the old ones means nothing.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs for the expression alone
  useEffect(() => {
    setShown(allShown)
    setPicked(undefined)
  }, [expr])

  const onSelect = useCallback(
    (start: number, end: number) => {
      const rangeMs = Math.max(1000, Math.round((end - start) / 1000) * 1000)
      onChange({ ...panel, rangeMs, endTime: Math.ceil(end / 1000) * 1000 })
    },
    [onChange, panel],
  )

  return (
    <div className={styles.graph}>
      {hasHistograms && (
        <div className={styles.histograms}>
          <span id="histogram-line">Native histograms are drawn by their</span>
          <SegmentedControl
            size="xs"
            aria-labelledby="histogram-line"
            value={histogramLine}
            data={histogramLines}
            onChange={(value) => onChange({ ...panel, histogramLine: decodeHistogramLine(value) })}
          />
          <button type="button" className={styles.all} onClick={() => onChange({ ...panel, tab: 'table' })}>
            See the buckets in the table
          </button>
        </div>
      )}
      <Suspense fallback={<div className={styles.placeholder} />}>
        <Chart
          columns={columns}
          window={window}
          shown={isLineShown}
          focused={focused}
          stacked={panel.stacked}
          scheme={scheme}
          unit={unit}
          label={`Graph of ${expr}, ${columns.lines.length} series`}
          reach={exemplarValues}
          onSelect={onSelect}
        >
          {(frame) =>
            exemplars.length > 0 && <ExemplarLayer exemplars={exemplars} frame={frame} unit={observed} picked={picked} onPick={setPicked} />
          }
        </Chart>
      </Suspense>
      {undrawable && (
        <Notice kind="info" title="Nothing to draw">
          All values in this time are NaN or infinite; the table shows them.
        </Notice>
      )}
      {exemplarsError !== null && (
        <Notice kind="error" title="The exemplars could not be loaded">
          {exemplarsError.message}
        </Notice>
      )}
      {answered && exemplarsError === null && exemplars.length === 0 && (
        <Notice kind="info" title="No exemplars in this time">
          The targets of these series expose none, or they are older than the newest that the server keeps.
        </Notice>
      )}
      {picked !== undefined && <ExemplarPanel exemplars={picked} unit={observed} onClose={() => setPicked(undefined)} />}
      {columns.lines.length < matrix.length && (
        <Notice kind="info" title={`Drawn are the first ${formatCount(linesDrawn)} of ${formatCount(matrix.length)} series`}>
          <button type="button" className={styles.all} onClick={() => setAll(true)}>
            Draw all
          </button>
        </Notice>
      )}
      <Legend
        lines={columns.lines}
        unit={unit}
        strokeOfLine={(index) => strokeOf(index, scheme, panel.stacked ? 'area' : 'line')}
        shown={isLineShown}
        onIsolate={(index) => setShown(isolate(shown, names[index]))}
        onToggle={(index) => setShown(toggle(shown, names[index]))}
        onFocus={setFocused}
      />
    </div>
  )
}
