import { section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { receiverFields } from './http-config.ts'
import { receiverKind } from './receiver-kind.ts'
import { checkWebhookUrl, webhookIntegration, webhookUrlFields } from './webhook-url.ts'
import { withDefaults } from './with-defaults.ts'

// Microsoft Teams by connectors of Office 365. Source: Alertmanager docs/configuration.md, msteams_config; notify/msteams.

const DEFAULTS = {
  send_resolved: true,
  title: '{{ template "msteams.default.title" . }}',
  summary: '{{ template "msteams.default.summary" . }}',
  text: '{{ template "msteams.default.text" . }}',
}

const schema = section(
  'msteams_config',
  { ...receiverFields, ...webhookUrlFields, title: text(), summary: text(), text: text() },
  { printed: DEFAULTS, check: checkWebhookUrl },
)

const RED = '8C1A1A'
const GREEN = '2DC72D'

export const msteams = receiverKind<Output<typeof schema>>({
  kind: 'msteams',
  schema,
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    return webhookIntegration({ kind: 'msteams', index }, config, context, ({ data, text }) => ({
      '@context': 'http://schema.org/extensions',
      type: 'MessageCard',
      title: text(config.title),
      summary: text(config.summary),
      text: text(config.text),
      themeColor: data.status === 'firing' ? RED : GREEN,
    }))
  },
})
