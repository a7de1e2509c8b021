import { inhibitRuleSchema, type RouteSection, routeSchema } from '../alertmanager/dispatch/route-schema.ts'
import { globalSchema } from '../alertmanager/global-schema.ts'
import { perMatcherMode } from '../alertmanager/matchers/matcher-mode.ts'
import { secretUrl } from '../alertmanager/receivers/fields.ts'
import { httpConfigSchema } from '../alertmanager/receivers/http-config.ts'
import type { ReceiverGlobals } from '../alertmanager/receivers/receiver-globals.ts'
import { muteTimeIntervalSchema, timeIntervalSchema } from '../alertmanager/time-interval-schema.ts'
import { quote } from '../base/go-quote.ts'
import { integer, list, path, type Report, section, text, unsupported } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { tlsConfigSchema } from '../http-client/client-schema.ts'
import { duration } from '../model/config-schema.ts'
import { checkReceivers, type NamedReceiver, receiverSchema } from './receivers-schema.ts'
import { tracingSchema } from './unbuilt-schemas.ts'

// alertmanager.yml, put together from the schemas of its parts.
// Source of the rules and their texts: Alertmanager config/config.go; docs/configuration.md; what 0.33 answers.

const number = () => integer(Number.MIN_SAFE_INTEGER)

const eventRecorderSchema = section('event_recorder', {
  file_outputs: list(
    section(
      'file_output',
      { path: path() },
      {
        check(output, report) {
          if (!output.path) report([], 'event_recorder file output requires a path')
        },
      },
    ),
  ),
  webhook_outputs: list(
    section(
      'webhook_output',
      {
        url: secretUrl(),
        http_config: httpConfigSchema,
        timeout: duration(),
        workers: number(),
        max_retries: number(),
        retry_backoff: duration(),
      },
      {
        check(output, report) {
          if (!output.url) report([], 'event_recorder webhook output requires a url')
        },
      },
    ),
  ),
  kafka_outputs: list(
    section('kafka_output', {
      brokers: list(text()),
      topic: text(),
      client_id: text(),
      format: text(),
      acks: text(),
      compression: text(),
      buffer_size: number(),
      tls_config: tlsConfigSchema,
    }),
  ),
})

/** How matchers are read follows from the flags. */
export const alertmanagerSchema = perMatcherMode((mode) =>
  section(
    'alertmanager.yml',
    {
      global: globalSchema,
      route: routeSchema(mode),
      inhibit_rules: list(inhibitRuleSchema(mode)),
      receivers: list(receiverSchema),
      templates: list(path()),
      mute_time_intervals: list(muteTimeIntervalSchema),
      time_intervals: list(timeIntervalSchema),
      tracing: unsupported(tracingSchema),
      event_recorder: unsupported(eventRecorderSchema),
    },
    { printed: { templates: [] }, check: checkAlertmanager },
  ),
)

export type AlertmanagerSection = Output<ReturnType<typeof alertmanagerSchema>>

interface Named {
  readonly name?: string | undefined
}

/** What `checkAlertmanager` looks at. */
interface Sections {
  readonly global?: ReceiverGlobals | undefined
  readonly route?: RouteSection | undefined
  readonly receivers?: readonly NamedReceiver[] | undefined
  readonly mute_time_intervals?: readonly Named[] | undefined
  readonly time_intervals?: readonly Named[] | undefined
}

function checkAlertmanager({ global = {}, route, receivers = [], ...config }: Sections, report: Report): void {
  const names = checkReceivers(receivers, global, (path, message) => report(['receivers', ...path], message))
  const intervals = new Set<string>()
  for (const [field, what] of [
    ['mute_time_intervals', 'mute time interval'],
    ['time_intervals', 'time interval'],
  ] as const) {
    config[field]?.forEach(({ name }, index) => {
      if (intervals.has(name!)) report([field, index, 'name'], `${what} ${quote(name!)} is not unique`)
      intervals.add(name!)
    })
  }
  if (route === undefined) {
    report([], 'no routes provided')
    return
  }
  checkRoot(route, (path, message) => report(['route', ...path], message))
  checkNames(route, { receivers: names, intervals }, (path, message) => report(['route', ...path], message))
}

/** It takes every alert, at any time. */
function checkRoot(root: RouteSection, report: Report): void {
  if (!root.receiver) report(['receiver'], 'root route must specify a default receiver')
  // A text may hold no matcher.
  const given = { ...root, matchers: root.matchers?.filter((text) => !/^\s*\{?\s*\}?\s*$/.test(text)) }
  for (const field of ['match', 'match_re', 'matchers'] as const)
    if (Object.keys(given[field] ?? {}).length > 0) report([field], 'root route must not have any matchers')
  if (root.mute_time_intervals?.length) report(['mute_time_intervals'], 'root route must not have any mute time intervals')
  if (root.active_time_intervals?.length) report(['active_time_intervals'], 'root route must not have any active time intervals')
  if (root.continue) report(['continue'], 'cannot have continue in root route')
}

interface KnownNames {
  readonly receivers: ReadonlySet<string>
  readonly intervals: ReadonlySet<string>
}

function checkNames(route: RouteSection, known: KnownNames, report: Report): void {
  if (route.receiver && !known.receivers.has(route.receiver))
    report(['receiver'], `undefined receiver ${quote(route.receiver)} used in route`)
  for (const field of ['active_time_intervals', 'mute_time_intervals'] as const) {
    route[field]?.forEach((name, index) => {
      if (!known.intervals.has(name)) report([field, index], `undefined time interval ${quote(name)} used in route`)
    })
  }
  route.routes?.forEach((child, index) => {
    checkNames(child, known, (path, message) => report(['routes', index, ...path], message))
  })
}
