import { stringList } from '../template/text-functions.ts'
import { formatGoTime } from '../template/time-layout.ts'
import type { GoTime } from '../template/time-value.ts'
import { type Callable, compareBytes, GoList, GoMap, GoStruct, type Value } from '../template/value.ts'

// What a notification's template sees as its dot. Source: Alertmanager docs/notifications.md, "Data Structures"; template/template.go.

/** One alert of a notification. One that fires has Go's zero time as its end. */
export interface NotifiedAlert {
  readonly status: 'firing' | 'resolved' | (string & {})
  readonly labels: ReadonlyMap<string, string>
  readonly annotations: ReadonlyMap<string, string>
  readonly startsAt: GoTime
  readonly endsAt: GoTime
  readonly generatorUrl: string
  readonly fingerprint: string
}

export interface NotificationData {
  readonly receiver: string
  readonly status: string
  readonly alerts: readonly NotifiedAlert[]
  /** Why the notification is sent, where that is told. */
  readonly notificationReason: string
  readonly groupLabels: ReadonlyMap<string, string>
  readonly commonLabels: ReadonlyMap<string, string>
  readonly commonAnnotations: ReadonlyMap<string, string>
  readonly externalUrl: string
}

const get = (call: () => Value): Callable => ({ params: [], call })

/** Names and values of labels. */
class Pairs extends GoList {
  readonly #pairs: readonly (readonly [string, string])[]

  constructor(pairs: readonly (readonly [string, string])[]) {
    super(
      pairs.map(([Name, Value]) => new GoStruct('template.Pair', { Name, Value })),
      'template.Pairs',
    )
    this.#pairs = pairs
  }

  override print(): string {
    return this.#pairs.map(([name, value]) => `${name}=${value}`).join(', ')
  }

  override method(name: string): Callable | undefined {
    switch (name) {
      case 'Names':
        return get(() => stringList(this.#pairs.map(([key]) => key)))
      case 'Values':
        return get(() => stringList(this.#pairs.map(([, value]) => value)))
      case 'String':
        return get(() => this.print())
      default:
        return undefined
    }
  }
}

/** Labels or annotations. */
class KeyValues extends GoMap {
  readonly #texts: ReadonlyMap<string, string>
  #pairs: Pairs | undefined

  constructor(texts: ReadonlyMap<string, string>) {
    super(texts, { typeName: 'template.KV', zero: '' })
    this.#texts = texts
  }

  /** The name of the alert first, then by name. */
  #sorted(): Pairs {
    const rank = (name: string) => (name === 'alertname' ? 0 : 1)
    this.#pairs ??= new Pairs([...this.#texts].sort(([a], [b]) => rank(a) - rank(b) || compareBytes(a, b)))
    return this.#pairs
  }

  override print(): string {
    return this.#sorted().print()
  }

  toJson(): unknown {
    return new Map(this.sortedKeys().map((key) => [key, this.#texts.get(key)]))
  }

  override method(name: string): Callable | undefined {
    switch (name) {
      case 'SortedPairs':
        return get(() => this.#sorted())
      case 'Names':
      case 'Values':
        return this.#sorted().method(name)
      case 'String':
        return get(() => this.print())
      case 'Remove':
        return {
          params: ['strings'],
          call: ([names]) => {
            const removed = new Set(names instanceof GoList ? names.items : [])
            return new KeyValues(new Map([...this.#texts].filter(([key]) => !removed.has(key))))
          },
        }
      default:
        return undefined
    }
  }
}

class Alerts extends GoList {
  constructor(alerts: readonly AlertStruct[], typeName: string) {
    super(alerts, typeName)
  }

  override method(name: string): Callable | undefined {
    if (this.typeName !== 'template.Alerts' || (name !== 'Firing' && name !== 'Resolved')) return undefined
    const alerts = this.items as readonly AlertStruct[]
    return get(
      () =>
        new Alerts(
          alerts.filter(({ alert }) => alert.status === name.toLowerCase()),
          '[]template.Alert',
        ),
    )
  }
}

const RFC3339_NANO = '2006-01-02T15:04:05.999999999Z07:00'

class AlertStruct extends GoStruct {
  readonly alert: NotifiedAlert

  constructor(alert: NotifiedAlert) {
    super('template.Alert', {
      Status: alert.status,
      Labels: new KeyValues(alert.labels),
      Annotations: new KeyValues(alert.annotations),
      StartsAt: alert.startsAt,
      EndsAt: alert.endsAt,
      GeneratorURL: alert.generatorUrl,
      Fingerprint: alert.fingerprint,
    })
    this.alert = alert
  }

  toJson(): unknown {
    return jsonAlert(this.alert)
  }
}

function jsonAlert(alert: NotifiedAlert): unknown {
  return {
    status: alert.status,
    labels: new KeyValues(alert.labels).toJson(),
    annotations: new KeyValues(alert.annotations).toJson(),
    startsAt: formatGoTime(alert.startsAt, RFC3339_NANO),
    endsAt: formatGoTime(alert.endsAt, RFC3339_NANO),
    generatorURL: alert.generatorUrl,
    fingerprint: alert.fingerprint,
  }
}

class DataStruct extends GoStruct {
  readonly #data: NotificationData

  constructor(data: NotificationData) {
    super('template.Data', {
      Receiver: data.receiver,
      Status: data.status,
      Alerts: new Alerts(
        data.alerts.map((alert) => new AlertStruct(alert)),
        'template.Alerts',
      ),
      NotificationReason: data.notificationReason,
      GroupLabels: new KeyValues(data.groupLabels),
      CommonLabels: new KeyValues(data.commonLabels),
      CommonAnnotations: new KeyValues(data.commonAnnotations),
      ExternalURL: data.externalUrl,
    })
    this.#data = data
  }

  toJson(): unknown {
    return jsonData(this.#data)
  }
}

const known = new WeakMap<NotificationData, DataStruct>()

/** The dot of a notification's template: made once, however many texts are made of it, since it may have thousands of alerts. */
export function templateData(data: NotificationData): Value {
  let value = known.get(data)
  if (value === undefined) {
    value = new DataStruct(data)
    known.set(data, value)
  }
  return value
}

/** The data as webhooks carry them, for `goJson`. */
export function jsonData(data: NotificationData): Readonly<Record<string, unknown>> {
  return {
    receiver: data.receiver,
    status: data.status,
    alerts: data.alerts.map(jsonAlert),
    notification_reason: data.notificationReason,
    groupLabels: new KeyValues(data.groupLabels).toJson(),
    commonLabels: new KeyValues(data.commonLabels).toJson(),
    commonAnnotations: new KeyValues(data.commonAnnotations).toJson(),
    externalURL: data.externalUrl,
  }
}
