import { useInViewport } from '@mantine/hooks'
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

/** The alerts there are now to which one of the sets of matchers fits, asked for again and again while they are in sight. An empty set fits none. */
export function AffectedAlerts({ sets }: { readonly sets: readonly (readonly Matcher[])[] }) {
  const asked = sets.filter((set) => set.length > 0)
  const filters = asked.map(formatMatchers)
  const { ref, inViewport } = useInViewport()
  const query = useQuery({
    queryKey: ['alerts', ...filters],
    queryFn: ({ signal }) => server.alertsOfSets(asked, signal),
    enabled: inViewport && asked.length > 0,
    refetchInterval: 10_000,
    staleTime: 0,
  })
  const found = query.data?.data
  const all =
    filters.length > 1 ? undefined : placeHref('/alerts', { filter: filters[0], silenced: 'true', inhibited: 'true', muted: 'true' })
  return (
    <section ref={ref} className={styles.preview} aria-label="Affected alerts">
      <h2 className={styles.title} aria-live="polite">
        {found === undefined ? 'Affected alerts' : `Affected alerts: ${formatCount(found.length)}`}
      </h2>
      {asked.length === 0 && <Notice kind="info" title="Matchers say which alerts are silenced" />}
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
      {found !== undefined &&
        found.length > alertsMax &&
        (all === undefined ? (
          <span>{formatCount(found.length - alertsMax)} more are not shown</span>
        ) : (
          <a href={all}>Show all {formatCount(found.length)}</a>
        ))}
    </section>
  )
}
