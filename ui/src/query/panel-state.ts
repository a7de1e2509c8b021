/** What a query panel shows; all of it stands in the URL. */
export interface PanelState {
  readonly expr: string
  readonly tab: 'graph' | 'table'
  readonly rangeMs: number
  /** Unix ms; undefined follows the clock. */
  readonly endTime: number | undefined
  readonly resolution: Resolution
  readonly stacked: boolean
  /** Points of exemplars in the graph. */
  readonly showExemplars: boolean
  /** What of a native histogram the graph draws as a line. */
  readonly histogramLine: HistogramLine
}

/** `auto` follows the range, at a density; `fixed` is a step in ms. */
export type Resolution = { readonly type: 'auto'; readonly density: Density } | { readonly type: 'fixed'; readonly stepMs: number }

/** `average` is the sum divided by the count. */
export type HistogramLine = 'count' | 'sum' | 'average'

export type Density = 'low' | 'medium' | 'high'

export const defaultPanel: PanelState = {
  expr: '',
  tab: 'graph',
  rangeMs: 3_600_000,
  endTime: undefined,
  resolution: { type: 'auto', density: 'medium' },
  stacked: false,
  showExemplars: false,
  histogramLine: 'count',
}
