import type { AlertStore } from '../../alertmanager/alerts/alert-store.ts'
import { quote } from '../../base/go-quote.ts'
import type { Answer } from '../../base/http-answer.ts'
import type { RouteRequest } from '../../base/http-routes.ts'
import { isRequestUri } from '../../base/request-uri.ts'
import type { Alert } from '../../model/alert.ts'
import { isLegacyLabelName, Labels } from '../../model/labels.ts'
import { emptyAnswer, jsonAnswer } from './answers.ts'
import { isObject, jsonBody, jsonItems, labelSet, notOfType, notUnmarshalled, ownTextField, required, timeField } from './body.ts'
import type { AlertmanagerApiDeps } from './deps.ts'

/** An alert as it was sent, to be made the same as what is known of it; times that were not sent are undefined. */
interface PostedAlert {
  labels: Labels
  annotations: Labels
  readonly startsAt: number | undefined
  readonly endsAt: number | undefined
  generatorUrl: string
  /** Of the labels. */
  key: string
}

/** POST /api/v2/alerts: those that are right are taken, whatever the others are. Source: Alertmanager api/v2/api.go, postAlertsHandler. */
export function postAlerts(deps: AlertmanagerApiDeps, request: RouteRequest): Answer {
  const { manager, env, metrics } = deps
  const take = (item: unknown, index: number) => asKnown(manager.alerts, parseAlert(item, index))
  const posted = jsonItems(request, 'alerts', take) ?? items(jsonBody(request, 'alerts')).map(take)
  const now = Math.floor(env.clock.now())
  const { resolveTimeoutMs } = manager.settings
  const right: Alert[] = []
  const keys: string[] = []
  const wrong: string[] = []
  let firingCount = 0
  for (let i = 0; i < posted.length; i++) {
    const alert = posted[i]
    const startsAt = alert.startsAt ?? alert.endsAt ?? now
    const endsAt = alert.endsAt ?? now + resolveTimeoutMs
    if (endsAt > now) firingCount++
    const problem = problemOf(deps, alert, startsAt, endsAt)
    if (problem !== undefined) {
      metrics.invalid()
      wrong.push(problem)
      continue
    }
    keys.push(alert.key)
    right.push({
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt,
      endsAt,
      generatorUrl: alert.generatorUrl,
      updatedAt: now,
      hasTimeout: alert.endsAt === undefined,
    })
  }
  metrics.received('firing', firingCount)
  metrics.received('resolved', posted.length - firingCount)
  manager.put(right, keys)
  if (wrong.length === 0) return emptyAnswer(200)
  env.log.warn('alerts are not valid', { alerts: wrong.length, error: wrong[0] })
  return jsonAnswer(wrong.join('\n'), 400)
}

function items(body: unknown): readonly unknown[] {
  // For upstream's parser a list that is null has nothing in it.
  if (body === null) return []
  if (!Array.isArray(body)) throw notUnmarshalled('alerts', body, 'Go value of type models.PostableAlerts')
  return body
}

/** What upstream's program makes of an alert first. */
const GO_STRUCT =
  'struct { Annotations models.LabelSet "json:\\"annotations,omitempty\\""; EndsAt strfmt.DateTime "json:\\"endsAt,omitempty\\""; StartsAt strfmt.DateTime "json:\\"startsAt,omitempty\\"" }'

function parseAlert(each: unknown, index: number): PostedAlert {
  const item = each ?? {}
  if (!isObject(item)) throw notUnmarshalled('alerts', item, `Go value of type ${GO_STRUCT}`)
  const startsAt = timeField(item, 'startsAt', 'alerts')
  const endsAt = timeField(item, 'endsAt', 'alerts')
  const annotations = labelSet(item.annotations, '.annotations', 'alerts') ?? Labels.empty
  const generatorUrl = ownTextField(item, 'generatorURL', 'alerts') ?? ''
  const labels = labelSet(item.labels, 'Alert.labels', 'alerts')
  if (labels === undefined) throw required(`${index}.labels`)
  if (generatorUrl !== '' && !isRequestUri(generatorUrl)) throw notOfType(`${index}.generatorURL`, 'body', 'uri', generatorUrl)
  return { labels, annotations, startsAt, endsAt, generatorUrl, key: '' }
}

/** Most alerts are sent again and again: what is known of one is used, so that what came is forgotten at once. */
function asKnown(alerts: AlertStore, posted: PostedAlert): PostedAlert {
  const key = posted.labels.smallKey()
  const known = alerts.get(key)
  posted.key = known?.key ?? key
  if (known === undefined) return posted
  posted.labels = known.labels
  if (posted.annotations.equals(known.annotations)) posted.annotations = known.annotations
  if (posted.generatorUrl === known.generatorUrl) posted.generatorUrl = known.generatorUrl
  return posted
}

/** What is wrong with an alert, in upstream's words. Source: Alertmanager alert/alert.go, Validate. */
function problemOf({ matcherMode }: AlertmanagerApiDeps, alert: PostedAlert, startsAt: number, endsAt: number): string | undefined {
  if (endsAt < startsAt) return 'start time must be before end time'
  const { labels, annotations } = alert
  if (labels.size === 0) return 'at least one label pair required'
  const label = wrongName(labels, matcherMode)
  if (label !== undefined) return `invalid label set: invalid name ${quote(label)}`
  const annotation = wrongName(annotations, matcherMode)
  return annotation === undefined ? undefined : `invalid annotations: invalid name ${quote(annotation)}`
}

function wrongName({ pairs }: Labels, mode: AlertmanagerApiDeps['matcherMode']): string | undefined {
  for (let i = 0; i < pairs.length; i += 2) if (mode === 'classic' ? !isLegacyLabelName(pairs[i]) : pairs[i] === '') return pairs[i]
  return undefined
}
