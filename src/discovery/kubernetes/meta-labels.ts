import { labelName } from '../label-name.ts'
import type { ObjectMeta } from './objects.ts'

export const PREFIX = '__meta_kubernetes_'

/** Labels while they are put together; empty values are left out in the end. */
export type LabelRecord = Record<string, string>

/** Name, labels and annotations of an object of `kind`, such as `pod`. */
export function metaLabels(kind: string, meta: ObjectMeta | undefined): LabelRecord {
  return { [`${PREFIX}${kind}_name`]: meta?.name ?? '', ...labelsAndAnnotations(kind, meta) }
}

export function labelsAndAnnotations(kind: string, meta: ObjectMeta | undefined): LabelRecord {
  const out: LabelRecord = {}
  for (const [what, values] of [
    ['label', meta?.labels],
    ['annotation', meta?.annotations],
  ] as const) {
    for (const [key, value] of Object.entries(values ?? {})) {
      const name = labelName(key)
      out[`${PREFIX}${kind}_${what}_${name}`] = value
      out[`${PREFIX}${kind}_${what}present_${name}`] = 'true'
    }
  }
  return out
}
