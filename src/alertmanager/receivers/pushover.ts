import { boolean, path, secret, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { checkStatus, deliver } from './delivery.ts'
import { goDuration } from './fields.ts'
import { receiverFields } from './http-config.ts'
import { clientOf } from './json-delivery.ts'
import { receiverKind, secretSource } from './receiver-kind.ts'
import { templatedIntegration } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { encodeValues } from './url-parts.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, pushover_config; notify/pushover; Pushover's documentation, "Message API".

const DEFAULTS = {
  send_resolved: true,
  title: '{{ template "pushover.default.title" . }}',
  message: '{{ template "pushover.default.message" . }}',
  url: '{{ template "pushover.default.url" . }}',
  /** Emergency while it fires, then normal. */
  priority: '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}',
  retry: 60_000,
  expire: 3_600_000,
}

const schema = section(
  'pushover_config',
  {
    ...receiverFields,
    user_key: secret(),
    user_key_file: path(),
    token: secret(),
    token_file: path(),
    title: text(),
    message: text(),
    url: text(),
    url_title: text(),
    device: text(),
    sound: text(),
    priority: text(),
    retry: goDuration(),
    expire: goDuration(),
    ttl: goDuration(),
    html: boolean(),
    monospace: boolean(),
  },
  {
    printed: { ...DEFAULTS, retry: '1m0s', expire: '1h0m0s' },
    check({ user_key, user_key_file, token, token_file, html, monospace }, report) {
      if (!user_key && !user_key_file) return report([], 'one of user_key or user_key_file must be configured')
      if (user_key && user_key_file) return report(['user_key_file'], 'at most one of user_key & user_key_file must be configured')
      if (!token && !token_file) return report([], 'one of token or token_file must be configured')
      if (token && token_file) return report(['token_file'], 'at most one of token & token_file must be configured')
      if (html && monospace) report(['monospace'], 'at most one of monospace & html must be configured')
    },
  },
)

const URL_OF_MESSAGES = 'https://api.pushover.net/1/messages.json'

// Source of the limits: Pushover's documentation, "Limitations".
const TITLE_RUNES_MAX = 250
const MESSAGE_RUNES_MAX = 1024
const URL_RUNES_MAX = 512

const seconds = (durationMs: number) => String(Math.trunc(durationMs / 1000))

export const pushover = receiverKind<Output<typeof schema>>({
  kind: 'pushover',
  schema,
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    const client = clientOf(config, context)
    const secrets = new SecretReader(context.env)
    const user = secretSource(config.user_key, config.user_key_file, context)!
    const token = secretSource(config.token, config.token_file, context)!
    return templatedIntegration(
      { kind: 'pushover', index, sendResolved: config.send_resolved },
      context,
      async ({ text, html, signal }) => {
        const message = truncateRunes(config.html ? html(config.message) : text(config.message), MESSAGE_RUNES_MAX).trim()
        const values: [string, string][] = [
          ['token', text(await secrets.read(token))],
          ['user', text(await secrets.read(user))],
          ['title', truncateRunes(text(config.title), TITLE_RUNES_MAX)],
          // An empty message is refused.
          ['message', message === '' ? '(no details)' : message],
          ['url', truncateRunes(text(config.url), URL_RUNES_MAX)],
          ['url_title', text(config.url_title ?? '')],
          ['priority', text(config.priority)],
          ['retry', seconds(config.retry)],
          ['expire', seconds(config.expire)],
          ['device', text(config.device ?? '')],
          ['sound', text(config.sound ?? '')],
        ]
        if (config.html) values.push(['html', '1'])
        if (config.monospace) values.push(['monospace', '1'])
        if ((config.ttl ?? 0) >= 1000) values.push(['ttl', seconds(config.ttl!)])
        const url = `${URL_OF_MESSAGES}?${encodeValues(values)}`
        checkStatus(await deliver({ client, url, headers: { 'content-type': 'text/plain' }, signal }))
      },
    )
  },
})
