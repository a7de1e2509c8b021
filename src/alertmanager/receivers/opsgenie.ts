import { errorMessage } from '../../base/errors.ts'
import { boolean, list, map, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { compareStrings } from '../../model/labels.ts'
import { BUILTINS } from '../../template/builtins.ts'
import { parseTemplate } from '../../template/parse.ts'
import { checkStatus } from './delivery.ts'
import { groupHash } from './group-key.ts'
import { receiverFields } from './http-config.ts'
import { deliverJson, filled } from './json-delivery.ts'
import { checkOneKey, hasKey, keyedApi, keyedApiFields } from './keyed-api.ts'
import { receiverKind } from './receiver-kind.ts'
import { templatedIntegration } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, opsgenie_config; notify/opsgenie; Opsgenie's documentation, "Alert API".

const DEFAULTS = {
  send_resolved: true,
  message: '{{ template "opsgenie.default.message" . }}',
  description: '{{ template "opsgenie.default.description" . }}',
  source: '{{ template "opsgenie.default.source" . }}',
}

const RESPONDER_TYPES = '^(team|teams|user|escalation|schedule)$'

const responderSchema = section(
  'opsgenie_responder',
  { id: text(), name: text(), username: text(), type: text() },
  {
    check({ id = '', name = '', username = '', type = '' }, report) {
      const shown = `{${id} ${name} ${username} ${type}}`
      if (!id && !name && !username)
        return report([], `opsGenieConfig responder ${shown} has to have at least one of id, username or name specified`)
      if (!type.includes('{{')) {
        if (!new RegExp(RESPONDER_TYPES).test(type.toLowerCase()))
          report([], `opsGenieConfig responder ${shown} type does not match valid options ${RESPONDER_TYPES}`)
        return
      }
      try {
        parseTemplate('', type, (name) => BUILTINS.has(name))
      } catch (error) {
        report([], `opsGenieConfig responder ${shown} type contains invalid template syntax: ${errorMessage(error)}`)
      }
    },
  },
)

const schema = section(
  'opsgenie_config',
  {
    ...receiverFields,
    ...keyedApiFields,
    message: text(),
    description: text(),
    source: text(),
    details: map(text()),
    entity: text(),
    responders: list(responderSchema),
    actions: text(),
    tags: text(),
    note: text(),
    priority: text(),
    update_alerts: boolean(),
  },
  { printed: DEFAULTS, check: checkOneKey },
)

const MESSAGE_RUNES_MAX = 130

interface Call {
  readonly method: 'POST' | 'PUT'
  /** Below the API's URL. */
  readonly path: string
  readonly byAlias: boolean
  readonly message: object
}

type Section = Output<typeof schema>

export const opsgenie = receiverKind<Section>({
  kind: 'opsgenie',
  schema,
  problem: (section, global) =>
    hasKey('opsgenie', section, global) ? undefined : 'no global OpsGenie API Key set either inline or in a file',
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    const api = keyedApi('opsgenie', config, context)

    return templatedIntegration({ kind: 'opsgenie', index, sendResolved: config.send_resolved }, context, async (notification) => {
      const { request, data, text, signal } = notification
      const alias = groupHash(request)
      const calls: readonly Call[] =
        data.status === 'resolved'
          ? [{ method: 'POST', path: `v2/alerts/${alias}/close`, byAlias: true, message: { source: text(config.source) } }]
          : callsOf(config, alias, data.commonLabels, text)
      const headers = { authorization: `GenieKey ${text(await api.readKey()).trim()}` }
      for (const { method, path, byAlias, message } of calls) {
        const url = api.url(path, byAlias ? { identifierType: 'alias' } : {})
        checkStatus(await deliverJson({ client: api.client, method, url, headers, signal }, message), { retryCodes: [429] })
      }
    })
  },
})

type Config = ReturnType<typeof withDefaults<Section, typeof DEFAULTS>>

/** What makes an alert, and what changes it where it is there already. */
function callsOf(config: Config, alias: string, labels: ReadonlyMap<string, string>, text: (template: string) => string): readonly Call[] {
  const optional = (template: string | undefined) => filled(text(template ?? ''))
  const own = Object.entries(config.details ?? {}).map(([name, value]): [string, string] => [name, text(value)])
  const details = new Map([...new Map([...labels, ...own])].sort(([a], [b]) => compareStrings(a, b)))
  const message = truncateRunes(text(config.message), MESSAGE_RUNES_MAX)
  const description = optional(config.description)
  const responders = (config.responders ?? []).flatMap((responder) => respondersOf(responder, text))
  const create = {
    alias,
    message,
    description,
    details,
    source: text(config.source),
    responders: responders.length > 0 ? responders : undefined,
    tags: splitList(text(config.tags ?? '')),
    note: optional(config.note),
    priority: optional(config.priority),
    entity: optional(config.entity),
    actions: splitList(text(config.actions ?? '')),
  }
  const calls: Call[] = [{ method: 'POST', path: 'v2/alerts', byAlias: false, message: create }]
  if (config.update_alerts) {
    calls.push({ method: 'PUT', path: `v2/alerts/${alias}/message`, byAlias: true, message: { message: filled(message) } })
    calls.push({ method: 'PUT', path: `v2/alerts/${alias}/description`, byAlias: true, message: { description } })
  }
  return calls
}

/** None, where its templates give nothing; several teams, where it names several. */
function respondersOf(responder: Output<typeof responderSchema>, text: (template: string) => string): readonly object[] {
  const [id, name, username, type] = [responder.id, responder.name, responder.username, responder.type].map((part) => text(part ?? ''))
  if (!id && !name && !username && !type) return []
  if (type === 'teams') return (splitList(name) ?? []).map((team) => ({ name: text(team), type: 'team' }))
  return [{ id: filled(id), name: filled(name), username: filled(username), type }]
}

function splitList(text: string): readonly string[] | undefined {
  const parts = text
    .trim()
    .split(',')
    .filter((part) => part !== '')
  return parts.length > 0 ? parts : undefined
}
