import { CloseButton } from '@mantine/core'
import { formatExact, formatShort } from '../../format/number.ts'
import { formatDateTime } from '../../format/time.ts'
import type { Unit } from '../../format/unit.ts'
import { SeriesName } from '../series-name-view.tsx'
import styles from './exemplar-panel.module.css'
import type { Exemplar } from './exemplar-points.ts'

interface ExemplarPanelProps {
  readonly exemplars: readonly Exemplar[]
  readonly unit: Unit
  readonly onClose: () => void
}

/** The exemplars that were picked, whole, to be copied from. */
export function ExemplarPanel({ exemplars, unit, onClose }: ExemplarPanelProps) {
  return (
    <section className={styles.panel} aria-label="Picked exemplars" aria-live="polite">
      <div className={styles.head}>
        <h3 className={styles.title}>{exemplars.length === 1 ? 'Exemplar' : `${exemplars.length} exemplars`}</h3>
        <CloseButton size="sm" aria-label="Close exemplars" onClick={onClose} />
      </div>
      <ul className={styles.list}>
        {exemplars.map((exemplar, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: exemplars have no other identity and never move
          <li key={index} className={styles.exemplar}>
            <div className={styles.measure}>
              <b title={formatExact(exemplar.value)}>{formatShort(exemplar.value, unit)}</b>
              <span>{formatDateTime(exemplar.time)}</span>
            </div>
            <dl className={styles.labels}>
              {Object.entries(exemplar.labels).map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{/^https?:\/\//.test(value) ? <Outside address={value} /> : value}</dd>
                </div>
              ))}
              <div>
                <dt>of</dt>
                <dd>
                  <SeriesName metric={exemplar.seriesLabels} />
                </dd>
              </div>
            </dl>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Outside({ address }: { readonly address: string }) {
  return (
    <a href={address} target="_blank" rel="noreferrer">
      {address}
    </a>
  )
}
