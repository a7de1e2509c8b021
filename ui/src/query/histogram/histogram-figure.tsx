import { useMemo, useState } from 'react'
import type { HistogramJson } from '../../../../src/api/types/query.ts'
import { formatCount, formatShort } from '../../format/number.ts'
import type { Unit } from '../../format/unit.ts'
import styles from './histogram-figure.module.css'
import { type Bar, type BucketAxis, bucketRange, layoutHistogram } from './layout.ts'
import { describeHistogram, shareOf } from './summary.ts'

interface HistogramFigureProps {
  readonly histogram: HistogramJson
  readonly axis: BucketAxis
  /** Of the observations. */
  readonly unit: Unit
}

/** The buckets of one native histogram, drawn; their exact bounds and counts unfold below as a table. */
export function HistogramFigure({ histogram, axis, unit }: HistogramFigureProps) {
  const { count, buckets = [] } = histogram
  const [pointed, setPointed] = useState<number>()
  const [unfolded, setUnfolded] = useState(false)
  const layout = useMemo(() => layoutHistogram(buckets, axis, unit), [buckets, axis, unit])
  if (layout === undefined) return <p className={styles.none}>No populated buckets</p>
  const bar = pointed === undefined ? undefined : layout.bars[pointed]
  return (
    <div className={styles.figure}>
      <div className={styles.drawing} role="img" aria-label={describeHistogram(histogram)}>
        <div className={styles.scale} aria-hidden>
          <span>{axis === 'exponential' ? formatShort(layout.countMax, 'none') : 'density'}</span>
        </div>
        {/* Pointing only repeats what the table of buckets says. */}
        <div className={styles.plot} aria-hidden onPointerLeave={() => setPointed(undefined)}>
          {layout.bars.map((bar, index) => (
            <div
              key={bar.range}
              className={styles.slot}
              style={{ left: percent(bar.left), width: percent(bar.width) }}
              title={tellBar(bar, count)}
              onPointerEnter={() => setPointed(index)}
            >
              <div className={styles.bar} data-open={bar.open} data-negative={bar.negative} style={{ height: percent(bar.height) }} />
            </div>
          ))}
        </div>
        <div className={styles.ticks} aria-hidden>
          {layout.ticks.map(({ at, value }) => (
            <span
              key={value}
              className={styles.tick}
              style={{ left: percent(at) }}
              data-side={at < 0.04 ? 'start' : at > 0.96 ? 'end' : undefined}
            >
              {formatShort(value, unit)}
            </span>
          ))}
        </div>
      </div>
      <div className={styles.foot}>
        <button type="button" className={styles.unfold} aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
          {unfolded ? 'Hide' : 'Show'} {formatCount(buckets.length)} {buckets.length === 1 ? 'bucket' : 'buckets'}
        </button>
        {bar !== undefined && <span className={styles.pointed}>{tellBar(bar, count)}</span>}
      </div>
      {unfolded && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className={styles.scroll} tabIndex={0} aria-label="Buckets">
          <table className={styles.buckets}>
            <thead>
              <tr>
                <th scope="col">Bucket</th>
                <th scope="col">Count</th>
                <th scope="col">Share</th>
              </tr>
            </thead>
            <tbody>
              {buckets.map((bucket) => (
                <tr key={bucketRange(bucket)}>
                  <td>{bucketRange(bucket)}</td>
                  <td>{bucket[3]}</td>
                  <td>{shareOf(bucket[3], count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  )
}

function tellBar(bar: Bar, count: string): string {
  const share = shareOf(bar.count, count)
  return `${bar.range}: ${bar.count}${share === '' ? '' : ` (${share})`}`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`
}
