import { Switch } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { AlertingRuleJson } from '../../../src/api/types/rules.ts'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { server } from '../app/server.ts'
import { formatDuration } from '../format/duration.ts'
import { formatCount } from '../format/number.ts'
import { AlertTable } from './alert-table.tsx'
import { FilterBar } from './filter-bar.tsx'
import { GroupSection } from './group-section.tsx'
import { type AlertState, alertGroups, countAlerts, countStates } from './groups.ts'
import styles from './page.module.css'
import { RuleFacts } from './rule-facts.tsx'
import { StateMark } from './state-mark.tsx'

const refreshMs = 5000
/** Above it rules come closed, whatever they do: thousands of rows at once make a page slow. */
const openAlertsMax = 500

/** What fires, what waits to, and what would. Filters stand in the URL. */
export function AlertsPage() {
  const search = useSearch({ from: '/alerts' })
  const navigate = useNavigate({ from: '/alerts' })
  const query = useQuery({
    queryKey: ['rules', 'alert'],
    queryFn: ({ signal }) => server.rules('alert', signal),
    refetchInterval: refreshMs,
    staleTime: 0,
  })
  const only = decodeState(search['state'])
  const text = search['search'] ?? ''
  const withAnnotations = search['annotations'] === 'show'
  const groups = query.data?.data.groups
  const shown = useMemo(() => alertGroups(groups ?? [], { only, text }), [groups, only, text])
  const alertCount = countAlerts(shown)
  const show = (next: { readonly only: AlertState | 'all'; readonly text: string; readonly withAnnotations?: boolean }) => {
    const params: Record<string, string> = {}
    if (next.only !== 'all') params['state'] = next.only
    if (next.text !== '') params['search'] = next.text
    if (next.withAnnotations ?? withAnnotations) params['annotations'] = 'show'
    void navigate({ search: params, replace: true, resetScroll: false })
  }
  const counts = countStates(groups ?? [])
  const tools = groups !== undefined && (
    <FilterBar<AlertState>
      kind="State"
      only={only}
      text={text}
      choices={[
        ['firing', 'Firing', counts.firing],
        ['pending', 'Pending', counts.pending],
        ['inactive', 'Inactive', counts.inactive],
      ]}
      onChange={show}
    >
      <Switch
        size="xs"
        label="Annotations"
        checked={withAnnotations}
        onChange={(event) => show({ only, text, withAnnotations: event.currentTarget.checked })}
      />
    </FilterBar>
  )
  const isFiltered = only !== 'all' || text.trim() !== ''
  return (
    <DataPage title="Alerts" query={query} tools={tools}>
      {() => (
        <div className={styles.groups}>
          {shown.length === 0 && (
            <Notice kind="empty" title={isFiltered ? 'No alerting rule passes the filter' : 'There are no alerting rules'}>
              {!isFiltered && 'The files that rule_files of the configuration names have none.'}
            </Notice>
          )}
          {shown.map(({ group, rules }) => (
            <GroupSection key={`${group.file};${group.name}`} group={group} readAt={query.dataUpdatedAt}>
              {rules.map((rule, index) => (
                <AlertingRule
                  // Rules of a group may have the same name.
                  // biome-ignore lint/suspicious/noArrayIndexKey: their order is that of the file
                  key={`${rule.name} ${index}`}
                  rule={rule}
                  startsOpen={rule.state === 'firing' && alertCount <= openAlertsMax}
                  withAnnotations={withAnnotations}
                  readAt={query.dataUpdatedAt}
                />
              ))}
            </GroupSection>
          ))}
        </div>
      )}
    </DataPage>
  )
}

interface AlertingRuleProps {
  readonly rule: AlertingRuleJson
  /** Until one opens or closes it. */
  readonly startsOpen: boolean
  readonly withAnnotations: boolean
  readonly readAt: number
}

function AlertingRule({ rule, startsOpen, withAnnotations, readAt }: AlertingRuleProps) {
  const [chosen, setChosen] = useState<boolean>()
  const isOpen = chosen ?? startsOpen
  const alerts = rule.alerts ?? []
  const count = (state: AlertState) => alerts.filter((alert) => alert.state === state).length
  const [firing, pending] = [count('firing'), count('pending')]
  return (
    <details className={styles.rule} open={isOpen}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is a control of its own, which the keyboard clicks as well */}
      <summary
        className={styles.ruleHead}
        onClick={(event) => {
          event.preventDefault()
          setChosen(!isOpen)
        }}
      >
        <IconChevronRight size={15} className={styles.chevron} aria-hidden />
        <span className={styles.ruleName}>{rule.name}</span>
        {rule.duration > 0 && <span className={styles.kind}>for {formatDuration(rule.duration * 1000)}</span>}
        <span className={styles.marks}>
          {rule.health !== 'ok' && <StateMark state={rule.health}>{rule.health === 'err' ? 'error' : 'unknown'}</StateMark>}
          {firing > 0 && <StateMark state="firing">{formatCount(firing)} firing</StateMark>}
          {pending > 0 && <StateMark state="pending">{formatCount(pending)} pending</StateMark>}
          {alerts.length === 0 && <StateMark state="inactive" />}
        </span>
      </summary>
      {isOpen && (
        <div className={styles.body}>
          <RuleFacts rule={rule} />
          {alerts.length > 0 && <AlertTable alerts={alerts} withAnnotations={withAnnotations} readAt={readAt} />}
        </div>
      )}
    </details>
  )
}

function decodeState(text: string | undefined): AlertState | 'all' {
  return text === 'firing' || text === 'pending' || text === 'inactive' ? text : 'all'
}
