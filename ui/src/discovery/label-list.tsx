import type { Metric } from '../../../src/api/types/query.ts'
import styles from './label-list.module.css'

/** Labels of a target, each on a line of its own where there is little room. */
export function LabelList({ labels }: { readonly labels: Metric }) {
  return (
    <ul className={styles.labels}>
      {Object.keys(labels)
        .sort()
        .map((name) => (
          <li key={name}>
            <span className={styles.name}>{name}</span>=<span className={styles.value}>{JSON.stringify(labels[name])}</span>
          </li>
        ))}
    </ul>
  )
}
