import type { Alert } from '../../model/alert.ts'
import { compareStrings, type Labels } from '../../model/labels.ts'

/** The order of alerts in a notification: by job, by instance, then by all labels. Source: Alertmanager alert/alert.go, AlertSlice.Less. */
export function compareAlerts(a: Alert, b: Alert): number {
  return compareValues('job', a.labels, b.labels) || compareValues('instance', a.labels, b.labels) || compareLabelSets(a.labels, b.labels)
}

/** Who has none comes last. */
function compareValues(name: string, a: Labels, b: Labels): number {
  const mine = a.get(name)
  const theirs = b.get(name)
  if (mine === theirs) return 0
  if (mine === '') return 1
  return theirs === '' ? -1 : compareStrings(mine, theirs)
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
