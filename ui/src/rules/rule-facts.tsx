import { Link } from '@tanstack/react-router'
import type { AlertingRuleJson, RecordingRuleJson } from '../../../src/api/types/rules.ts'
import { Notice } from '../app/notice.tsx'
import { formatDuration } from '../format/duration.ts'
import { SeriesName } from '../query/series-name-view.tsx'
import styles from './rule.module.css'

/** What a rule says, and what is wrong with it. */
export function RuleFacts({ rule }: { readonly rule: AlertingRuleJson | RecordingRuleJson }) {
  const labels = rule.labels ?? {}
  const isAlerting = rule.type === 'alerting'
  return (
    <>
      <Link to="/query" search={{ 'g0.expr': rule.query }} className={styles.query} title="Ask it on the query page">
        {rule.query}
      </Link>
      {(isAlerting || Object.keys(labels).length > 0) && (
        <dl className={styles.facts}>
          {isAlerting && rule.duration > 0 && <Fact name="for">{formatDuration(rule.duration * 1000)}</Fact>}
          {isAlerting && rule.keepFiringFor > 0 && <Fact name="keep_firing_for">{formatDuration(rule.keepFiringFor * 1000)}</Fact>}
          {Object.keys(labels).length > 0 && (
            <Fact name="labels">
              <SeriesName metric={labels} bare />
            </Fact>
          )}
          {isAlerting &&
            Object.entries(rule.annotations).map(([name, text]) => (
              <Fact key={name} name={name}>
                {text}
              </Fact>
            ))}
        </dl>
      )}
      {rule.lastError !== undefined && rule.health === 'err' && (
        <Notice kind="error" title="The last evaluation failed">
          {rule.lastError}
        </Notice>
      )}
      {rule.warnings !== undefined && (
        <Notice
          kind="warning"
          title={rule.health === 'unknown' ? 'Nothing is known: it requires more than there is' : 'It may not see all that there is'}
        >
          {rule.warnings.join('; ')}
        </Notice>
      )}
    </>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
