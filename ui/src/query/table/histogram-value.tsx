import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import { formatShort } from '../../format/number.ts'
import { formatDateTime } from '../../format/time.ts'
import type { Unit } from '../../format/unit.ts'
import { HistogramFigure } from '../histogram/histogram-figure.tsx'
import type { BucketAxis } from '../histogram/layout.ts'
import { averageOf } from '../histogram/summary.ts'
import styles from './histogram-value.module.css'
import type { HistogramValue } from './rows.ts'

export interface HistogramSettings {
  readonly axis: BucketAxis
  /** Of the observations. */
  readonly unit: Unit
}

interface HistogramValueViewProps {
  readonly value: HistogramValue
  readonly settings: HistogramSettings
  readonly openFirst: boolean
}

/** Count, sum and average of a histogram sample on one line; its buckets unfold below. */
export function HistogramValueView({ value: { histogram, time }, settings, openFirst }: HistogramValueViewProps) {
  const [open, setOpen] = useState(openFirst)
  const average = averageOf(histogram)
  return (
    <div className={styles.sample}>
      <button type="button" className={styles.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronRight size={14} className={styles.chevron} aria-hidden />
        <span>
          count <b>{histogram.count}</b>
        </span>
        <span>
          sum <b>{histogram.sum}</b>
        </span>
        {average !== undefined && (
          <span>
            average <b>{formatShort(average, settings.unit)}</b>
          </span>
        )}
        {time !== undefined && <span>@ {formatDateTime(time)}</span>}
      </button>
      {open && <HistogramFigure histogram={histogram} axis={settings.axis} unit={settings.unit} />}
    </div>
  )
}
