import { useQuery } from '@tanstack/react-query'
import type { Metric } from '../../../src/api/types/query.ts'
import type { RelabelRuleJson } from '../../../src/api/types/relabel-steps.ts'
import { Dialog } from '../app/dialog.tsx'
import { Notice } from '../app/notice.tsx'
import { server } from '../app/server.ts'
import { LabelList } from './label-list.tsx'
import { type LabelChange, labelChanges } from './pools.ts'
import styles from './relabel-dialog.module.css'

interface RelabelDialogProps {
  readonly pool: string
  readonly labels: Metric
  readonly onClose: () => void
}

/** What each rule of a pool makes of a target's labels, and which one drops it. */
export function RelabelDialog({ pool, labels, onClose }: RelabelDialogProps) {
  const query = useQuery({
    queryKey: ['relabel', pool, labels],
    queryFn: ({ signal }) => server.relabelSteps(pool, labels, signal),
    staleTime: 0,
  })
  const steps = query.data?.data.steps
  const droppedAt = steps?.findIndex((step) => !step.keep) ?? -1
  const shown = droppedAt < 0 ? steps : steps?.slice(0, droppedAt + 1)
  return (
    <Dialog title={`Relabeling of ${labels['__address__'] ?? 'a target'} in ${pool}`} onClose={onClose}>
      {query.error !== null && (
        <Notice kind="error" title="The steps could not be loaded">
          {query.error.message}
        </Notice>
      )}
      {shown?.length === 0 && (
        <Notice kind="empty" title="No rules">
          The labels stay as they were discovered.
        </Notice>
      )}
      <ol className={styles.steps} aria-label="Steps">
        {shown?.map(({ rule, output, keep }, index) => {
          const before = index === 0 ? labels : shown[index - 1].output
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: rules have no names
            <li key={index} className={styles.step}>
              <code className={styles.rule}>{describe(rule)}</code>
              {keep ? <Changes changes={labelChanges(before, output)} /> : <span className={styles.dropped}>drops the target</span>}
            </li>
          )
        })}
      </ol>
      {shown !== undefined && shown.length > 0 && droppedAt < 0 && (
        <section aria-label="Result">
          <h3 className={styles.title}>Result</h3>
          <LabelList labels={shown[shown.length - 1].output} />
        </section>
      )}
    </Dialog>
  )
}

function Changes({ changes }: { readonly changes: readonly LabelChange[] }) {
  if (changes.length === 0) return <span className={styles.same}>changes nothing</span>
  return (
    <ul className={styles.changes}>
      {changes.map(({ name, before, after }) => (
        <li key={name}>
          <span className={styles.name}>{name}</span> {before !== undefined && <del>{JSON.stringify(before)}</del>}
          {after !== undefined && <ins>{JSON.stringify(after)}</ins>}
        </li>
      ))}
    </ul>
  )
}

/** A rule on one line, its fields in the order of a configuration file. */
function describe({ action, sourceLabels, separator, regex, modulus, targetLabel, replacement }: RelabelRuleJson): string {
  const parts = [action]
  if (sourceLabels !== undefined) parts.push(`source_labels: [${sourceLabels.join(', ')}]`)
  if (separator !== undefined && separator !== ';') parts.push(`separator: ${JSON.stringify(separator)}`)
  if (regex !== '(.*)') parts.push(`regex: ${regex}`)
  if (modulus !== undefined) parts.push(`modulus: ${modulus}`)
  if (targetLabel !== undefined) parts.push(`target_label: ${targetLabel}`)
  if (replacement !== undefined && replacement !== '$1') parts.push(`replacement: ${replacement}`)
  return parts.join('  ')
}
