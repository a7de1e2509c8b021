import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { server } from '../../app/server.ts'
import type { RangeAnswer } from '../use-panel-queries.ts'
import { type Exemplar, readExemplars } from './exemplar-points.ts'

/** Whether the server says that it stores exemplars; no while it has not said. */
export function useExemplarsStored(): boolean {
  const features = useQuery({ queryKey: ['features'], queryFn: ({ signal }) => server.features(signal), retry: false })
  return features.data?.data['tsdb']?.['exemplar_storage'] === true
}

const none: readonly Exemplar[] = []

/** The exemplars of what a graph shows, over its time. */
export function useExemplars({ expr, window }: Pick<RangeAnswer, 'expr' | 'window'>, wanted: boolean) {
  const query = useQuery({
    queryKey: ['exemplars', expr, window.start, window.end],
    queryFn: ({ signal }) => server.queryExemplars(expr, window, signal),
    enabled: wanted,
    // Points stay while a graph that follows the clock moves on.
    placeholderData: keepPreviousData,
  })
  const data = query.data?.data
  const exemplars = useMemo(() => (wanted && data !== undefined ? readExemplars(data) : none), [wanted, data])
  return { exemplars, answered: wanted && query.isSuccess, error: wanted ? query.error : null }
}
