// Answers of Alertmanager's API v2. Source: Alertmanager api/v2/openapi.yaml, and what 0.33 answers.

export interface GettableAlert {
  readonly annotations: Readonly<Record<string, string>>
  readonly endsAt: string
  readonly fingerprint: string
  readonly receivers: readonly ReceiverName[]
  readonly startsAt: string
  readonly status: {
    readonly inhibitedBy: readonly string[]
    readonly mutedBy: readonly string[]
    readonly silencedBy: readonly string[]
    readonly state: 'unprocessed' | 'active' | 'suppressed'
  }
  readonly updatedAt: string
  readonly generatorURL?: string
  readonly labels: Readonly<Record<string, string>>
}

export interface ReceiverName {
  readonly name: string
}

export interface AlertGroupJson {
  readonly alerts: readonly GettableAlert[]
  readonly labels: Readonly<Record<string, string>>
  readonly receiver: ReceiverName
}

/** Why nobody is told of an alert; an alert may have several reasons. */
export type SuppressionReason = 'silenced' | 'inhibited' | 'muted'

/** Our own: what a page shows of groups, however many there are. Its fields: docs/protocols/alertmanager.md. */
export interface GroupOverviewJson {
  readonly groups: readonly {
    readonly key: string
    readonly labels: Readonly<Record<string, string>>
    readonly receiver: ReceiverName
    readonly alertCount: number
    /** Not there where too many are shown in all. */
    readonly alerts?: readonly GettableAlert[]
  }[]
  readonly groupCount: number
  readonly alertCount: number
  /** Of all alerts that pass the filters, shown or not; one that is in several groups counts once. */
  readonly counts: Readonly<Record<'active' | SuppressionReason, number>>
  /** Labels of the alerts that inhibit listed ones, by fingerprint. */
  readonly inhibitors: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export interface GettableSilence {
  readonly id: string
  readonly status: { readonly state: 'expired' | 'active' | 'pending' }
  readonly updatedAt: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly comment: string
  readonly createdBy: string
  readonly endsAt: string
  readonly matchers: readonly MatcherJson[]
  /** Our own: all sets, where there are several; `matchers` is the first. */
  readonly matcherSets?: readonly (readonly MatcherJson[])[]
  readonly startsAt: string
}

export interface MatcherJson {
  readonly isEqual: boolean
  readonly isRegex: boolean
  readonly name: string
  readonly value: string
}

export interface AlertmanagerStatusJson {
  readonly cluster: {
    readonly name?: string
    readonly peers: readonly { readonly address: string; readonly name: string }[]
    readonly status: 'ready' | 'settling' | 'disabled'
  }
  readonly config: { readonly original: string }
  readonly uptime: string
  readonly versionInfo: Readonly<Record<'branch' | 'buildDate' | 'buildUser' | 'goVersion' | 'revision' | 'version', string>>
}

/** Our own: a notification with all its attempts. Its fields: docs/formats/alertmanager-state.md. */
export interface NotificationJson {
  /** When it was over. */
  readonly time: string
  readonly receiver: string
  readonly integration: string
  readonly index: number
  readonly groupKey: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly reason: string
  readonly outcome: 'delivered' | 'failed'
  readonly error?: string
  readonly errorReason?: string
  readonly attempts: number
  readonly durationMs: number
  readonly firing: number
  readonly resolved: number
  readonly idempotencyKey: string
  readonly duplicate?: true
}
