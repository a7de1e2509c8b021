import { map, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { compareStrings } from '../../model/labels.ts'
import { checkStatus } from './delivery.ts'
import { groupHash } from './group-key.ts'
import { receiverFields } from './http-config.ts'
import { deliverJson } from './json-delivery.ts'
import { checkOneKey, hasKey, keyedApi, keyedApiFields } from './keyed-api.ts'
import { receiverKind } from './receiver-kind.ts'
import { templatedIntegration } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { withDefaults } from './with-defaults.ts'

// Splunk On-Call, once VictorOps. Source: Alertmanager docs/configuration.md, victorops_config; notify/victorops.

const DEFAULTS = {
  send_resolved: true,
  message_type: 'CRITICAL',
  state_message: '{{ template "victorops.default.state_message" . }}',
  entity_display_name: '{{ template "victorops.default.entity_display_name" . }}',
  monitoring_tool: '{{ template "victorops.default.monitoring_tool" . }}',
}

const RESERVED = ['routing_key', 'message_type', 'state_message', 'entity_display_name', 'monitoring_tool', 'entity_id', 'entity_state']

const schema = section(
  'victorops_config',
  {
    ...receiverFields,
    ...keyedApiFields,
    routing_key: text(),
    message_type: text(),
    state_message: text(),
    entity_display_name: text(),
    monitoring_tool: text(),
    custom_fields: map(text()),
  },
  {
    printed: DEFAULTS,
    check(section, report) {
      const { routing_key, custom_fields = {} } = section
      if (!routing_key) return report([], 'missing Routing key in VictorOps config')
      checkOneKey(section, report)
      for (const name of RESERVED)
        if (name in custom_fields)
          report(
            ['custom_fields', name],
            `victorOps config contains custom field ${name} which cannot be used as it conflicts with the fixed/static fields`,
          )
    },
  },
)

const MESSAGE_RUNES_MAX = 20_480
const MESSAGE_TYPES = ['INFO', 'WARNING', 'CRITICAL']

export const victorops = receiverKind<Output<typeof schema>>({
  kind: 'victorops',
  schema,
  problem: (section, global) => (hasKey('victorops', section, global) ? undefined : 'no global VictorOps API Key set'),
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    const api = keyedApi('victorops', config, context)
    return templatedIntegration({ kind: 'victorops', index, sendResolved: config.send_resolved }, context, async (notification) => {
      const { request, data, text, signal } = notification
      const url = api.url(`${await api.readKey()}/${text(config.routing_key!)}`)
      const type = text(config.message_type)
      const message = {
        message_type: data.status === 'resolved' ? 'RECOVERY' : MESSAGE_TYPES.includes(type) ? type : 'CRITICAL',
        entity_id: groupHash(request),
        entity_display_name: text(config.entity_display_name),
        state_message: truncateRunes(text(config.state_message), MESSAGE_RUNES_MAX),
        monitoring_tool: text(config.monitoring_tool),
      }
      const custom = Object.entries(config.custom_fields ?? {}).map(([name, value]): [string, string] => [name, text(value)])
      const fields = new Map([...Object.entries(message), ...custom].sort(([a], [b]) => compareStrings(a, b)))
      checkStatus(await deliverJson({ client: api.client, url, signal }, fields))
    })
  },
})
