import { anything, list, map, path, secret, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { compareStrings } from '../../model/labels.ts'
import { goJson } from '../../template/go-json.ts'
import { checkStatus, type DeliveryAnswer, deliver, JSON_TYPE, withTimeout } from './delivery.ts'
import { goDuration, receiverUrl } from './fields.ts'
import { groupHash } from './group-key.ts'
import { receiverFields } from './http-config.ts'
import { clientOf, filled, parseAnswer } from './json-delivery.ts'
import { GLOBAL_DEFAULTS } from './receiver-globals.ts'
import { receiverKind, secretSource } from './receiver-kind.ts'
import { expandPayload } from './template-values.ts'
import { type Notification, templatedIntegration } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, pagerduty_config; notify/pagerduty; PagerDuty's documentation, "Events API v2" and "v1".

const DETAILS = {
  firing: '{{ .Alerts.Firing | toJson }}',
  resolved: '{{ .Alerts.Resolved | toJson }}',
  num_firing: '{{ .Alerts.Firing | len }}',
  num_resolved: '{{ .Alerts.Resolved | len }}',
}

const DEFAULTS = {
  send_resolved: true,
  client: '{{ template "pagerduty.default.client" . }}',
  client_url: '{{ template "pagerduty.default.clientURL" . }}',
  description: '{{ template "pagerduty.default.description" .}}',
  severity: 'error',
}

const schema = section(
  'pagerduty_config',
  {
    ...receiverFields,
    service_key: secret(),
    service_key_file: path(),
    routing_key: secret(),
    routing_key_file: path(),
    url: receiverUrl(),
    client: text(),
    client_url: text(),
    description: text(),
    details: map(anything()),
    images: list(section('pagerduty_image', { src: text(), alt: text(), href: text() })),
    links: list(section('pagerduty_link', { href: text(), text: text() })),
    source: text(),
    severity: text(),
    class: text(),
    component: text(),
    group: text(),
    timeout: goDuration(),
  },
  {
    printed: { ...DEFAULTS, severity: undefined, timeout: '0s' },
    shown: (value) => ({
      ...value,
      details: { ...DETAILS, ...(value.details as object | undefined) },
      source: value.source || (value.client ?? DEFAULTS.client),
    }),
    check({ service_key, service_key_file, routing_key, routing_key_file }, report) {
      if (!service_key && !service_key_file && !routing_key && !routing_key_file)
        report([], 'missing service or routing key in PagerDuty config')
      else if (routing_key && routing_key_file)
        report(['routing_key_file'], 'at most one of routing_key & routing_key_file must be configured')
      else if (service_key && service_key_file)
        report(['service_key_file'], 'at most one of service_key & service_key_file must be configured')
    },
  },
)

const SUMMARY_RUNES_MAX = 1024
/** Source: PagerDuty's documentation, "Events API v2 Overview", size limit. */
const EVENT_BYTES_MAX = 512_000
const REMOVED = { error: 'Custom details have been removed because the original event exceeds the maximum size of 512KB' }

/** Of keys of services; those of routes have a URL that may be configured. */
const V1_URL = 'https://events.pagerduty.com/generic/2010-04-15/create_event.json'

export const pagerduty = receiverKind<Output<typeof schema>>({
  kind: 'pagerduty',
  schema,
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    const client = clientOf(config, context)
    const secrets = new SecretReader(context.env)
    const serviceKey = secretSource(config.service_key, config.service_key_file, context)
    const key = serviceKey ?? secretSource(config.routing_key, config.routing_key_file, context)!
    const url = serviceKey ? V1_URL : (config.url ?? context.global.pagerduty_url ?? GLOBAL_DEFAULTS.pagerduty_url)
    const retryCodes = [serviceKey ? 403 : 429]
    const timeoutMs = config.timeout ?? 0
    const details = Object.entries({ ...DETAILS, ...config.details }).sort(([a], [b]) => compareStrings(a, b))

    const event = serviceKey ? eventOfService : eventOfRoute
    return templatedIntegration({ kind: 'pagerduty', index, sendResolved: config.send_resolved }, context, async (notification) => {
      const { text, signal, rest } = notification
      const expanded = new Map<string, unknown>()
      for (const [name, value] of details) {
        expanded.set(name, expandPayload(value, text))
        await rest()
      }
      const keyText = text(await secrets.read(key))
      let body = `${goJson(event(config, notification, keyText, expanded))}\n`
      if (Buffer.byteLength(body) > EVENT_BYTES_MAX) body = `${goJson(event(config, notification, keyText, REMOVED))}\n`
      const answer = await withTimeout({ clock: context.env.clock, signal, timeoutMs, what: 'pagerduty' }, (signal) =>
        deliver({ client, url, headers: JSON_TYPE, body, signal }),
      )
      checkStatus(answer, { retryCodes, details: refusal })
    })
  },
})

type Config = ReturnType<typeof withDefaults<Output<typeof schema>, typeof DEFAULTS>>

const action = ({ data }: Notification) => (data.status === 'resolved' ? 'resolve' : 'trigger')

function eventOfRoute(config: Config, notification: Notification, key: string, details: unknown): object {
  const { request, text } = notification
  const optional = (template: string | undefined) => filled(text(template ?? ''))
  return {
    routing_key: filled(key),
    dedup_key: groupHash(request),
    event_action: action(notification),
    payload: {
      summary: truncateRunes(text(config.description), SUMMARY_RUNES_MAX),
      source: text(config.source || config.client),
      severity: text(config.severity),
      class: optional(config.class),
      component: optional(config.component),
      group: optional(config.group),
      custom_details: details,
    },
    client: optional(config.client),
    client_url: optional(config.client_url),
    images: some(
      config.images?.map(({ src = '', alt = '', href = '' }) => ({ src: text(src), alt: text(alt), href: text(href) })),
      ({ src }) => src !== '',
    ),
    links: some(
      config.links?.map(({ href = '', text: label = '' }) => ({ href: text(href), text: text(label) })),
      ({ href }) => href !== '',
    ),
  }
}

/** Those that are something; nothing where none is. */
function some<T>(items: readonly T[] | undefined, is: (item: T) => boolean): readonly T[] | undefined {
  const kept = items?.filter(is)
  return kept?.length ? kept : undefined
}

function eventOfService(config: Config, notification: Notification, key: string, details: unknown): object {
  const { request, text } = notification
  const type = action(notification)
  return {
    service_key: filled(key),
    incident_key: groupHash(request),
    event_type: type,
    description: filled(truncateRunes(text(config.description), SUMMARY_RUNES_MAX)),
    event_action: '',
    payload: null,
    client: type === 'trigger' ? filled(text(config.client)) : undefined,
    client_url: type === 'trigger' ? filled(text(config.client_url)) : undefined,
    details,
  }
}

function refusal({ status, body }: DeliveryAnswer): string {
  const said = status === 400 ? parseAnswer(body) : undefined
  if (said === undefined) return ''
  return `${said.message ?? ''}: ${Array.isArray(said.errors) ? said.errors.join(',') : ''}`
}
