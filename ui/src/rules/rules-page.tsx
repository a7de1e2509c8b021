import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { AlertingRuleJson, RecordingRuleJson } from '../../../src/api/types/rules.ts'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { server } from '../app/server.ts'
import { formatAgo, formatSpan } from '../format/duration.ts'
import { FilterBar } from './filter-bar.tsx'
import { GroupSection } from './group-section.tsx'
import { countHealth, evaluationTime, type RuleHealth, ruleGroups } from './groups.ts'
import styles from './page.module.css'
import { RuleFacts } from './rule-facts.tsx'
import { StateMark } from './state-mark.tsx'

const refreshMs = 5000

/** Every rule, and how its last evaluation went. Filters stand in the URL. */
export function RulesPage() {
  const search = useSearch({ from: '/rules' })
  const navigate = useNavigate({ from: '/rules' })
  const query = useQuery({
    queryKey: ['rules'],
    queryFn: ({ signal }) => server.rules(undefined, signal),
    refetchInterval: refreshMs,
    staleTime: 0,
  })
  const only = decodeHealth(search['health'])
  const text = search['search'] ?? ''
  const groups = query.data?.data.groups
  const shown = useMemo(() => ruleGroups(groups ?? [], { only, text }), [groups, only, text])
  const show = (next: { readonly only: RuleHealth | 'all'; readonly text: string }) => {
    const params: Record<string, string> = {}
    if (next.only !== 'all') params['health'] = next.only
    if (next.text !== '') params['search'] = next.text
    void navigate({ search: params, replace: true, resetScroll: false })
  }
  const counts = countHealth(groups ?? [])
  const tools = groups !== undefined && (
    <FilterBar<RuleHealth>
      kind="Health"
      only={only}
      text={text}
      choices={[
        ['ok', 'Ok', counts.ok],
        ['err', 'Error', counts.err],
        ['unknown', 'Unknown', counts.unknown],
      ]}
      onChange={show}
    />
  )
  return (
    <DataPage title="Rules" query={query} tools={tools}>
      {() => (
        <div className={styles.groups}>
          {shown.length === 0 && (
            <Notice kind="empty" title={groups?.length === 0 ? 'There are no rules' : 'No rule passes the filter'}>
              {groups?.length === 0 && 'The configuration names no files with rules.'}
            </Notice>
          )}
          {shown.map(({ group, rules }) => (
            <GroupSection key={`${group.file};${group.name}`} group={group} readAt={query.dataUpdatedAt}>
              {rules.map((rule, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rules of a group may have the same name; their order is that of the file
                <RuleRow key={`${rule.name} ${index}`} rule={rule} readAt={query.dataUpdatedAt} />
              ))}
            </GroupSection>
          ))}
        </div>
      )}
    </DataPage>
  )
}

function RuleRow({ rule, readAt }: { readonly rule: AlertingRuleJson | RecordingRuleJson; readonly readAt: number }) {
  const evaluated = evaluationTime(rule)
  return (
    <article className={styles.rule} aria-label={rule.name}>
      <div className={styles.ruleHead}>
        <span className={styles.ruleName}>{rule.name}</span>
        <span className={styles.kind}>{rule.type === 'alerting' ? 'alert' : 'record'}</span>
        <span className={styles.marks}>
          <span className={styles.kind}>
            {evaluated === undefined ? 'not evaluated yet' : `${formatAgo(readAt - evaluated)} in ${formatSpan(rule.evaluationTime)}`}
          </span>
          <StateMark state={rule.health}>{rule.health === 'err' ? 'error' : rule.health}</StateMark>
        </span>
      </div>
      <div className={styles.body}>
        <RuleFacts rule={rule} />
      </div>
    </article>
  )
}

function decodeHealth(text: string | undefined): RuleHealth | 'all' {
  return text === 'ok' || text === 'err' || text === 'unknown' ? text : 'all'
}
