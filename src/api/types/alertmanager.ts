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

export interface GettableSilence {
  readonly id: string
  readonly status: { readonly state: 'expired' | 'active' | 'pending' }
  readonly updatedAt: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly comment: string
  readonly createdBy: string
  readonly endsAt: string
  readonly matchers: readonly MatcherJson[]
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
