import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import type { QueryData } from '../../../src/api/types/query.ts'
import type { Answer } from '../api/client.ts'
import { server } from '../app/server.ts'
import type { PanelState } from './panel-state.ts'
import { chooseWindow, type TimeWindow } from './time-window.ts'

/** How a panel's query is to be asked, beyond what it asks. */
export interface Asking {
  /** Counts executions: the same expression executed again is asked again. */
  readonly execution: number
  readonly refreshMs: number | false
}

export interface Measured {
  readonly loadMs: number
  /** When the query was asked, Unix ms. */
  readonly askedAt: number
}

export interface RangeAnswer extends Answer<QueryData>, Measured {
  readonly window: TimeWindow
  readonly expr: string
}

export interface InstantAnswer extends Answer<QueryData>, Measured {
  readonly expr: string
}

/** The panel's expression over its range. While the next answer is awaited the last one stays, marked as such. */
export function useRangeQuery(panel: PanelState, asking: Asking) {
  const { expr, rangeMs, endTime, resolution } = panel
  return useQuery({
    queryKey: ['range', expr, rangeMs, endTime, resolution, useNonce(), asking.execution],
    queryFn: async ({ signal }): Promise<RangeAnswer> => {
      const window = chooseWindow(panel, Date.now())
      return { window, expr, ...(await measured(() => server.queryRange(expr, window, signal))) }
    },
    enabled: expr.trim() !== '',
    refetchInterval: endTime === undefined && asking.refreshMs,
    placeholderData: keepPreviousData,
  })
}

/** The panel's expression at its end time. */
export function useInstantQuery(panel: PanelState, asking: Asking) {
  const { expr, endTime } = panel
  return useQuery({
    queryKey: ['instant', expr, endTime, useNonce(), asking.execution],
    queryFn: async ({ signal }): Promise<InstantAnswer> => ({ expr, ...(await measured(() => server.query(expr, endTime, signal))) }),
    enabled: expr.trim() !== '',
    refetchInterval: endTime === undefined && asking.refreshMs,
    placeholderData: keepPreviousData,
  })
}

let views = 0

/** Tells views apart in the cache: a page that is opened anew asks anew instead of showing what was. */
function useNonce(): number {
  const nonce = useRef(0)
  if (nonce.current === 0) nonce.current = ++views
  return nonce.current
}

async function measured<Data>(ask: () => Promise<Answer<Data>>): Promise<Answer<Data> & Measured> {
  const askedAt = Date.now()
  const started = performance.now()
  const answer = await ask()
  return { ...answer, askedAt, loadMs: performance.now() - started }
}
