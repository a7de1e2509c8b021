import type { Alert } from '../../model/alert.ts'
import { compareStrings, type Labels } from '../../model/labels.ts'

/** The order of alerts in a notification: by job, by instance, then by all labels. Source: Alertmanager alert/alert.go, AlertSlice.Less. */
export function compareAlerts(a: Alert, b: Alert): number {
  for (const name of ['job', 'instance']) {
    const [mine, theirs] = [a.labels.get(name), b.labels.get(name)]
    if (mine === theirs) continue
    if (mine === '') return 1
    if (theirs === '') return -1
    return compareStrings(mine, theirs)
  }
  return compareLabelSets(a.labels, b.labels)
}

/** Fewer labels first, then by names, then by values. Source: prometheus/common model/labelset.go, Before. */
export function compareLabelSets(a: Labels, b: Labels): number {
  if (a.pairs.length !== b.pairs.length) return a.pairs.length - b.pairs.length
  for (let i = 0; i < a.pairs.length; i += 2) {
    const order = compareStrings(a.pairs[i], b.pairs[i])
    if (order !== 0) return order
  }
  for (let i = 1; i < a.pairs.length; i += 2) {
    const order = compareStrings(a.pairs[i], b.pairs[i])
    if (order !== 0) return order
  }
  return 0
}
