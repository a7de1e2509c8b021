import { CodedError } from '../base/errors.ts'
import { parseRfc3339 } from '../base/rfc3339.ts'
import { GoTime } from '../template/time-value.ts'
import type { NotificationData, NotifiedAlert } from './notification-data.ts'

// The data of a notification as webhooks carry it. Source: Alertmanager docs/configuration.md, "webhook_config"; template/template.go, Data.

/** Reads a notification's data; fields that are not there are empty. Throws `bad_data` with the place of what is wrong. */
export function parseNotificationData(json: string): NotificationData {
  let tree: unknown
  try {
    tree = JSON.parse(json)
  } catch (cause) {
    throw new CodedError('bad_data', `found no JSON: ${(cause as Error).message}`, { cause })
  }
  const data = new JsonObject(tree, '')
  return {
    receiver: data.text('receiver'),
    status: data.text('status'),
    alerts: data.objects('alerts').map(alertOf),
    notificationReason: data.text('notification_reason'),
    groupLabels: data.texts('groupLabels'),
    commonLabels: data.texts('commonLabels'),
    commonAnnotations: data.texts('commonAnnotations'),
    externalUrl: data.text('externalURL'),
  }
}

function alertOf(alert: JsonObject): NotifiedAlert {
  return {
    status: alert.text('status'),
    labels: alert.texts('labels'),
    annotations: alert.texts('annotations'),
    startsAt: alert.time('startsAt'),
    endsAt: alert.time('endsAt'),
    generatorUrl: alert.text('generatorURL'),
    fingerprint: alert.text('fingerprint'),
  }
}

const ZERO_TIME = '0001-01-01T00:00:00Z'

/** An object of a document that somebody wrote by hand; fields that nobody asks for may be anything. */
class JsonObject {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #place: string

  /** `place`: names and numbers on the way to it, each with a point behind it. */
  constructor(value: unknown, place: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(place, value, 'an object')
    this.#fields = value as Readonly<Record<string, unknown>>
    this.#place = place
  }

  /** Empty where there is none. */
  text(name: string): string {
    return this.#text(name) ?? ''
  }

  /** Go's zero time where there is none. */
  time(name: string): GoTime {
    const text = this.#text(name) ?? ZERO_TIME
    const ms = parseRfc3339(text)
    if (ms === undefined) throw wrong(`${this.#place}${name}.`, text, 'a time such as 2026-01-02T03:04:05Z')
    const fraction = /[.,](\d+)/.exec(text)?.[1] ?? ''
    const subMs = BigInt(fraction.slice(3, 9).padEnd(6, '0'))
    const zone = /[+-]\d\d:\d\d$/.exec(text)?.[0]
    return new GoTime(BigInt(ms) * 1_000_000n + subMs, zone === undefined || /00:00$/.test(zone) ? 'UTC' : zone)
  }

  /** Empty where there are none, or null. */
  texts(name: string): ReadonlyMap<string, string> {
    const value = this.#get(name) ?? {}
    const object = new JsonObject(value, `${this.#place}${name}.`)
    return new Map(Object.keys(value).map((key) => [key, object.text(key)]))
  }

  /** Empty where there are none, or null. */
  objects(name: string): readonly JsonObject[] {
    const value = this.#get(name) ?? []
    if (!Array.isArray(value)) throw wrong(`${this.#place}${name}.`, value, 'a list')
    return value.map((item: unknown, index) => new JsonObject(item, `${this.#place}${name}.${index}.`))
  }

  #text(name: string): string | undefined {
    const value = this.#get(name)
    if (value !== undefined && typeof value !== 'string') throw wrong(`${this.#place}${name}.`, value, 'a text')
    return value
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
  }
}

const FOUND_LENGTH_MAX = 80

function wrong(place: string, value: unknown, want: string): CodedError {
  const found = JSON.stringify(value)
  const shown = found.length > FOUND_LENGTH_MAX ? `${found.slice(0, FOUND_LENGTH_MAX)}…` : found
  return new CodedError('bad_data', `${place === '' ? 'the document' : place.slice(0, -1)}: found ${shown}, want ${want}`)
}
