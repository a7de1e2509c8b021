/** What a query panel shows; all of it stands in the URL. */
export interface PanelState {
  readonly expr: string
  readonly tab: 'graph' | 'table'
  readonly rangeMs: number
  /** Unix ms; undefined follows the clock. */
  readonly endTime: number | undefined
  readonly resolution: Resolution
  readonly stacked: boolean
}

/** `auto` follows the range, at a density; `fixed` is a step in ms. */
export type Resolution = { readonly type: 'auto'; readonly density: Density } | { readonly type: 'fixed'; readonly stepMs: number }

export type Density = 'low' | 'medium' | 'high'

export const defaultPanel: PanelState = {
  expr: '',
  tab: 'graph',
  rangeMs: 3_600_000,
  endTime: undefined,
  resolution: { type: 'auto', density: 'medium' },
  stacked: false,
}
