import { section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { checkStatus } from './delivery.ts'
import { receiverUrl } from './fields.ts'
import { receiverFields } from './http-config.ts'
import { clientOf, deliverJson, filled } from './json-delivery.ts'
import { withoutReason } from './notify-error.ts'
import { GLOBAL_DEFAULTS } from './receiver-globals.ts'
import { receiverKind } from './receiver-kind.ts'
import { templatedIntegration } from './templated-integration.ts'
import { truncateBytes } from './truncate.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, webex_config; notify/webex.

const DEFAULTS = { send_resolved: true, message: '{{ template "webex.default.message" . }}' }

const schema = section(
  'webex_config',
  { ...receiverFields, api_url: receiverUrl(), message: text(), room_id: text() },
  {
    printed: DEFAULTS,
    check({ room_id, http_config }, report) {
      if (!room_id) report([], 'missing room_id on webex_config')
      else if (!http_config?.authorization) report([], 'missing webex_configs.http_config.authorization')
    },
  },
)

/** Source: Webex' documentation, messages/create-a-message. */
const MESSAGE_BYTES_MAX = 7439

export const webex = receiverKind<Output<typeof schema>>({
  kind: 'webex',
  schema,
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    const client = clientOf(config, context)
    const url = config.api_url ?? context.global.webex_api_url ?? GLOBAL_DEFAULTS.webex_api_url
    return templatedIntegration({ kind: 'webex', index, sendResolved: config.send_resolved }, context, async ({ text, signal }) => {
      const message = { markdown: truncateBytes(text(config.message), MESSAGE_BYTES_MAX), roomId: filled(text(config.room_id!)) }
      await withoutReason(async () => checkStatus(await deliverJson({ client, url, signal }, message)))
    })
  },
})
