import type { ReactNode } from 'react'
import styles from './facts.module.css'

interface FactsProps {
  readonly title: string
  /** Name and value of each line. */
  readonly facts: readonly (readonly [name: string, value: ReactNode])[]
  /** Names have no room beside values on narrow screens. */
  readonly longNames?: boolean
}

/** A card of names and values. */
export function Facts({ title, facts, longNames = false }: FactsProps) {
  return (
    <section className={styles.card} aria-label={title}>
      <h2 className={styles.title}>{title}</h2>
      <dl className={styles.facts} data-long={longNames}>
        {facts.map(([name, value]) => (
          <div key={name} className={styles.fact}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
