import { IconX } from '@tabler/icons-react'
import styles from './chips.module.css'
import { formatMatcher, type Matcher, matchersOfLabels } from './matchers.ts'

interface LabelsProps {
  readonly labels: Readonly<Record<string, string>>
  readonly onPick: (matcher: Matcher) => void
}

/** Labels; a click makes a matcher of one. */
export function LabelButtons({ labels, onPick }: LabelsProps) {
  return (
    <ul className={styles.chips}>
      {matchersOfLabels(labels).map((matcher) => (
        <li key={matcher.name}>
          <button type="button" className={styles.chip} title={`Show only ${formatMatcher(matcher)}`} onClick={() => onPick(matcher)}>
            <MatcherText matcher={matcher} />
          </button>
        </li>
      ))}
    </ul>
  )
}

interface MatcherChipsProps {
  readonly matchers: readonly Matcher[]
  /** Undefined: they stay. */
  readonly onRemove?: (matcher: Matcher) => void
}

export function MatcherChips({ matchers, onRemove }: MatcherChipsProps) {
  return (
    <ul className={styles.chips}>
      {matchers.map((matcher) => (
        <li key={formatMatcher(matcher)}>
          {onRemove === undefined ? (
            <span className={styles.chip}>
              <MatcherText matcher={matcher} />
            </span>
          ) : (
            <button
              type="button"
              className={styles.chip}
              aria-label={`Remove ${formatMatcher(matcher)}`}
              title="Remove"
              onClick={() => onRemove(matcher)}
            >
              <MatcherText matcher={matcher} />
              <IconX size={12} aria-hidden />
            </button>
          )}
        </li>
      ))}
    </ul>
  )
}

function MatcherText({ matcher }: { readonly matcher: Matcher }) {
  const text = formatMatcher(matcher)
  const split = text.length - formatMatcher({ ...matcher, name: 'a' }).length + 1
  return (
    <span>
      <span className={styles.name}>{text.slice(0, split)}</span>
      {matcher.operator}
      <span className={styles.value}>{text.slice(split + matcher.operator.length)}</span>
    </span>
  )
}
