import type { HttpClientConfig, SecretSource, TlsConfig } from '../http-client/client-config.ts'

/** What holds for every receiver that does not say otherwise, upstream's defaults filled in. Source: Alertmanager config/config.go, GlobalConfig. */
export interface GlobalConfig {
  /** An alert whose end was not told is over this long after the last news of it. */
  readonly resolveTimeoutMs: number
  readonly http: HttpClientConfig
  readonly smtp: SmtpDefaults
  readonly slackApiUrl: SecretSource | undefined
  readonly slackAppToken: SecretSource | undefined
  readonly slackAppUrl: string
  readonly pagerdutyUrl: string
  readonly opsgenieApiUrl: string
  readonly opsgenieApiKey: SecretSource | undefined
  readonly wechatApiUrl: string
  readonly wechatApiSecret: SecretSource | undefined
  readonly wechatApiCorpId: string
  readonly victoropsApiUrl: string
  readonly victoropsApiKey: SecretSource | undefined
  readonly telegramApiUrl: string
  readonly telegramBotToken: SecretSource | undefined
  readonly webexApiUrl: string
  /** Empty: none. */
  readonly jiraApiUrl: string
  readonly rocketchatApiUrl: string
  readonly rocketchatToken: SecretSource | undefined
  readonly rocketchatTokenId: SecretSource | undefined
  readonly mattermostWebhookUrl: SecretSource | undefined
}

export interface SmtpDefaults {
  /** Empty: none. */
  readonly from: string
  readonly hello: string
  /** `host:port`; empty: none. */
  readonly smarthost: string
  readonly authUsername: string
  readonly authPassword: SecretSource | undefined
  readonly authSecret: SecretSource | undefined
  readonly authIdentity: string
  readonly requireTls: boolean
  readonly tls: TlsConfig | undefined
  /** Undefined: where the port is 465. */
  readonly forceImplicitTls: boolean | undefined
}
