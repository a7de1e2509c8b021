import { quote } from '../../base/go-quote.ts'
import { anything, boolean, list, map, oneOf, section, text, textOrSection } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import type { Plain } from '../../base/yaml-plain.ts'
import { duration } from '../../model/config-schema.ts'
import { compareStrings } from '../../model/labels.ts'
import { goJson } from '../../template/go-json.ts'
import { checkStatus, deliver, JSON_TYPE } from './delivery.ts'
import { receiverUrl } from './fields.ts'
import { groupHash } from './group-key.ts'
import { receiverFields } from './http-config.ts'
import { clientOf, parseAnswer } from './json-delivery.ts'
import { NotifyError, within } from './notify-error.ts'
import { receiverKind } from './receiver-kind.ts'
import { expandPayload } from './template-values.ts'
import { type Notification, templatedIntegration } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { joinPath } from './url-parts.ts'
import { withDefaults } from './with-defaults.ts'

// An issue a group. Source: Alertmanager docs/configuration.md, jira_config; notify/jira; Jira's documentation, "REST API".

const named = (name: string) => `{{ template "jira.default.${name}" . }}`
const DEFAULTS = { send_resolved: true, api_type: 'auto', priority: named('priority') }
const SUMMARY = { template: named('summary') }
const DESCRIPTION = { template: named('description') }

const fieldSchema = textOrSection(section('jira_field', { template: text(), enable_update: boolean() }), 'template')

const schema = section(
  'jira_config',
  {
    ...receiverFields,
    api_url: receiverUrl(),
    api_type: oneOf(['auto', 'cloud', 'datacenter'], () => 'unknown api_type on jira_config, must be auto, cloud or datacenter'),
    project: text(),
    summary: fieldSchema,
    description: fieldSchema,
    labels: list(text()),
    priority: text(),
    issue_type: text(),
    reopen_transition: text(),
    resolve_transition: text(),
    wont_fix_resolution: text(),
    reopen_duration: duration(),
    fields: map(anything()),
  },
  {
    printed: { ...DEFAULTS, summary: SUMMARY, description: DESCRIPTION },
    check({ project, issue_type }, report) {
      if (!project) report([], 'missing project in jira_config')
      else if (!issue_type) report([], 'missing issue_type in jira_config')
    },
  },
)

const SUMMARY_RUNES_MAX = 255
const DESCRIPTION_RUNES_MAX = 32_767

type Section = Output<typeof schema>
type Config = ReturnType<typeof withDefaults<Section, typeof DEFAULTS>>

interface Issue {
  readonly key: string
  /** Of its status; `done`: it is closed. */
  readonly category: string | undefined
}

export const jira = receiverKind<Section>({
  kind: 'jira',
  schema,
  problem: ({ api_url }, global) => (api_url || global.jira_api_url ? undefined : 'no global Jira Cloud URL set'),
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    const client = clientOf(config, context)
    const base = config.api_url ?? context.global.jira_api_url!
    const headers = { ...JSON_TYPE, 'accept-language': 'en' }

    return templatedIntegration({ kind: 'jira', index, sendResolved: config.send_resolved }, context, async (notification) => {
      const { data, signal } = notification
      const call = async (method: 'GET' | 'POST' | 'PUT', url: string, message?: object) => {
        const body = message === undefined ? undefined : `${goJson(message)}\n`
        const answer = await deliver({ client, method, url, headers, body, signal })
        checkStatus(answer, { retryCodes: [429] })
        return parseAnswer(answer.body) ?? {}
      }
      const found = await within('failed to look up existing issues', () =>
        within('HTTP request to JIRA API', () => call('POST', searchUrl(base, config), searchOf(config, notification))),
      )
      const issue = firstIssue(found.issues)
      // What is over needs no issue any more.
      if (issue === undefined && data.status === 'resolved') return
      const [method, path] = issue === undefined ? (['POST', 'issue'] as const) : (['PUT', `issue/${issue.key}`] as const)
      const message = issueOf(config, notification, { base, isUpdate: issue !== undefined })
      await within(`failed to ${method} request to ${quote(path)}`, () => call(method, joinPath(base, path), message))

      const transition = issue && transitionOf(config, issue, data.status)
      if (issue === undefined || transition === undefined) return
      const url = joinPath(base, `issue/${issue.key}/transitions`)
      const { transitions } = await call('GET', url)
      const known = (Array.isArray(transitions) ? transitions : []).find((item) => item?.name === transition)
      if (known === undefined) throw new NotifyError(`can't find transition ${transition} for issue ${issue.key}`, { retry: false })
      await call('POST', url, { transition: { id: String(known.id) } })
    })
  },
})

/** Jira's cloud has another place for it than servers of one's own. */
function searchUrl(base: string, { api_type: type }: Config): string {
  const isCloud = type === 'cloud' || (type === 'auto' && new URL(base).host.endsWith('atlassian.net'))
  return isCloud ? joinPath(base, 'search/jql').replace('/rest/api/2/', '/rest/api/3/') : joinPath(base, 'search')
}

const labelOf = ({ request }: Notification) => `ALERT{${groupHash(request)}}`

function searchOf(config: Config, notification: Notification): object {
  const reopenMinutes = Math.trunc((config.reopen_duration ?? 0) / 60_000)
  const isReopened = notification.data.status === 'firing' && config.reopen_transition && reopenMinutes > 0
  const jql = [
    config.wont_fix_resolution ? `(resolution is EMPTY or resolution != ${quote(config.wont_fix_resolution)}) and ` : '',
    isReopened ? `(resolutiondate is EMPTY OR resolutiondate >= -${reopenMinutes}m) and ` : 'statusCategory != Done and ',
    `project=${quote(notification.text(config.project!))} and labels=${quote(labelOf(notification))} order by status ASC,resolutiondate DESC`,
  ].join('')
  return { fields: ['status'], jql, maxResults: 2 }
}

function firstIssue(issues: unknown): Issue | undefined {
  const [first] = Array.isArray(issues) ? issues : []
  if (typeof first?.key !== 'string') return undefined
  return { key: first.key, category: first.fields?.status?.statusCategory?.key }
}

function transitionOf(config: Config, { category }: Issue, status: string): string | undefined {
  if (category === undefined) return undefined
  if (status === 'firing') return category === 'done' ? (config.reopen_transition ?? '') : undefined
  return category === 'done' ? undefined : (config.resolve_transition ?? '')
}

/** In the order in which Go writes maps. */
function issueOf(
  config: Config,
  notification: Notification,
  { base, isUpdate }: { readonly base: string; readonly isUpdate: boolean },
): object {
  const { text } = notification
  const summary: FieldConfig = config.summary ?? SUMMARY
  const description: FieldConfig = config.description ?? DESCRIPTION
  const fields = new Map<string, unknown>()
  if (!isUpdate || (description.enable_update ?? true)) {
    const written = descriptionOf(truncateRunes(text(description.template ?? ''), DESCRIPTION_RUNES_MAX), base)
    if (written !== undefined) fields.set('description', written)
  }
  if (!isUpdate || (summary.enable_update ?? true)) fields.set('summary', truncateRunes(text(summary.template ?? ''), SUMMARY_RUNES_MAX))
  fields.set('project', { key: text(config.project!) })
  fields.set('issuetype', { name: text(config.issue_type!) })
  fields.set('labels', [...(config.labels ?? []).map(text), labelOf(notification)].sort(compareStrings))
  const priority = text(config.priority)
  if (priority !== '') fields.set('priority', { name: priority })
  for (const [name, value] of Object.entries(config.fields ?? {})) fields.set(name, expandPayload(value as Plain, text))
  return { fields: new Map([...fields].sort(([a], [b]) => compareStrings(a, b))) }
}

interface FieldConfig {
  readonly template?: string
  readonly enable_update?: boolean
}

/** A text; of version 3 of the API, a document, which the template writes as JSON. */
function descriptionOf(text: string, base: string): unknown {
  if (!/\/3\/*$/.test(new URL(base).pathname)) return text === '' ? undefined : text
  const json = text.trim()
  if (json === '') return undefined
  try {
    return JSON.parse(json)
  } catch {
    throw new NotifyError('description template: invalid JSON for API v3', { retry: false })
  }
}
