import { useQuery } from '@tanstack/react-query'
import { Notice } from '../app/notice.tsx'
import { formatCount } from '../format/number.ts'
import rules from '../rules/page.module.css'
import { AlertItem } from './alert-item.tsx'
import alerts from './alerts.module.css'
import { formatMatchers, type Matcher } from './matchers.ts'
import { placeHref } from './place.ts'
import { server } from './server.ts'
import styles from './silences.module.css'
import { goTo } from './use-place.ts'

const alertsMax = 50

/** The alerts there are now to which matchers fit, asked for again and again. */
export function AffectedAlerts({ matchers }: { readonly matchers: readonly Matcher[] }) {
  const filter = formatMatchers(matchers)
  const query = useQuery({
    queryKey: ['alerts', filter],
    queryFn: ({ signal }) => server.alerts(matchers, signal),
    enabled: matchers.length > 0,
    refetchInterval: 10_000,
    staleTime: 0,
  })
  const found = query.data?.data
  const all = placeHref('/alerts', { filter, silenced: 'true', inhibited: 'true', muted: 'true' })
  return (
    <section className={styles.preview} aria-label="Affected alerts">
      <h2 className={styles.title} aria-live="polite">
        {found === undefined ? 'Affected alerts' : `Affected alerts: ${formatCount(found.length)}`}
      </h2>
      {matchers.length === 0 && <Notice kind="info" title="Matchers say which alerts are silenced" />}
      {query.error !== null && (
        <Notice kind="error" title="These matchers cannot be tried">
          {query.error.message}
        </Notice>
      )}
      {found?.length === 0 && <Notice kind="info" title="No alert fits now" />}
      {found !== undefined && found.length > 0 && (
        <ul className={`${rules.group} ${alerts.alerts} ${alerts.plain}`}>
          {found.slice(0, alertsMax).map((alert) => (
            <AlertItem
              key={alert.fingerprint}
              alert={alert}
              groupLabels={{}}
              inhibitors={{}}
              onPick={(matcher) => goTo('/alerts', { filter: formatMatchers([matcher]), silenced: 'true' })}
              readAt={query.dataUpdatedAt}
            />
          ))}
        </ul>
      )}
      {found !== undefined && found.length > alertsMax && <a href={all}>Show all {formatCount(found.length)}</a>}
    </section>
  )
}
